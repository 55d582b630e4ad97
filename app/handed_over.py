"""What is dropped or pasted, as pictures: files, folders, pixels of another program or of a browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QMimeData
from PySide6.QtGui import QImage, QImageWriter

from app.document import VisitorPicture, pictures_of
from app.drops import sort_paths

ENCODED = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp")


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("handed over", text)


@dataclass(frozen=True)
class HandedOver:
    """Pictures and archives, or one sentence that says why there are none."""

    pictures: tuple[VisitorPicture, ...] = ()
    archives: tuple[Path, ...] = ()
    trouble: str = ""


def handed_over(mime: QMimeData) -> HandedOver:
    """What is in a drop or on the clipboard; a picture itself comes before its address in the Internet."""
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    if paths:
        return from_paths(paths)
    picture = _pixels(mime) or _data_address(mime)
    if picture is not None:
        return HandedOver(pictures=(picture,))
    if mime.hasUrls():
        return HandedOver(
            trouble=tr("Only an address was handed over, not the picture: save it first, then drop the file.")
        )
    return HandedOver(trouble=tr("There is no picture in what was handed over."))


def from_paths(paths: Sequence[Path]) -> HandedOver:
    """Files and folders; a file that is neither archive nor picture is named when there is nothing else."""
    found = sort_paths(paths)
    pictures, archives = tuple(pictures_of(found.pictures)), tuple(found.archives)
    if pictures or archives or not found.refused:
        return HandedOver(pictures, archives)
    sentence = tr("{0} holds no picture that can be shown here.")
    return HandedOver(trouble=sentence.format(found.refused[0].name))


def _pixels(mime: QMimeData) -> VisitorPicture | None:
    """The picture itself: as the file that it was, where that is handed over, else its pixels."""
    for kind in ENCODED:
        if mime.hasFormat(kind):
            data = bytes(mime.data(kind).data())
            if data:
                return VisitorPicture(tr("Pasted picture"), data=data)
    image = QImage(mime.imageData()) if mime.hasImage() else QImage()
    return None if image.isNull() else pasted(image, tr("Pasted picture"))


def _data_address(mime: QMimeData) -> VisitorPicture | None:
    """A picture that is written into its own address, as some pages have them."""
    for url in mime.urls():
        if url.scheme() == "data":
            head, _, body = url.toString().partition(",")
            if head.startswith("data:image/"):
                raw = QByteArray(unquote_to_bytes(body))
                content = QByteArray.fromBase64(raw) if head.endswith(";base64") else raw
                return VisitorPicture(tr("Pasted picture"), data=bytes(content.data()))
    return None


def pasted(image: QImage, name: str, kind: bytes = b"png") -> VisitorPicture:
    """Pixels as a picture: the bytes of a file, so that the worker reads them like any."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(kind)).write(image)
    return VisitorPicture(name=name, data=bytes(content.data()))
