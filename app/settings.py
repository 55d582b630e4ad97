"""What the museum remembers between two starts: theme, text size, recent archives.

The file is an ini text. Whatever in it cannot be understood is replaced by the default, so that a damaged or
newer settings file never stops the start.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings

THEMES = ("system", "light", "dark")
TEXT_SIZES = (80, 90, 100, 115, 130, 150, 175, 200, 250)
RECENT_LIMIT = 8


class Settings:
    """The remembered choices; `path` is the ini file (None: the user's own, in the system's place for it)."""

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            ini, user = QSettings.Format.IniFormat, QSettings.Scope.UserScope
            self._store = QSettings(ini, user, "AlexNet Archive", "museum")
        else:
            self._store = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def session_path(self) -> Path:
        """Where the last session is kept: beside the settings."""
        return Path(self._store.fileName()).with_name("session.json")

    @property
    def theme(self) -> str:
        """`system`, `light` or `dark`."""
        value = str(self._store.value("appearance/theme", "system"))
        return value if value in THEMES else "system"

    @theme.setter
    def theme(self, value: str) -> None:
        self._store.setValue("appearance/theme", value)

    @property
    def text_size(self) -> int:
        """Size of all text in per cent of the system's own."""
        value = str(self._store.value("appearance/text-size", "100"))
        return int(value) if value.isdecimal() and int(value) in TEXT_SIZES else 100

    @text_size.setter
    def text_size(self, value: int) -> None:
        self._store.setValue("appearance/text-size", str(value))

    @property
    def school_groups(self) -> bool:
        """Whether the names that are not for school groups are left unsaid."""
        return str(self._store.value("words/school-groups", "false")) == "true"

    @school_groups.setter
    def school_groups(self, value: bool) -> None:
        self._store.setValue("words/school-groups", "true" if value else "false")

    @property
    def recent(self) -> list[Path]:
        """Archives opened before: the pinned ones, then the newest first; some may have vanished since."""
        pinned = self.pinned
        others = [path for path in self._paths("archives/recent") if path not in pinned]
        return [*pinned, *others][:RECENT_LIMIT]

    @property
    def pinned(self) -> list[Path]:
        """Archives that stay in front of the recent ones until they are pinned no more."""
        return self._paths("archives/pinned")

    def pin(self, path: Path, pinned: bool) -> None:
        """Pins an archive, or does so no more."""
        others = [known for known in self.pinned if known != path]
        kept = [*others, path] if pinned else others
        self._store.setValue("archives/pinned", [str(known) for known in kept][:RECENT_LIMIT])

    def _paths(self, key: str) -> list[Path]:
        value = self._store.value(key, [])
        words = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return [Path(word) for word in words if isinstance(word, str) and word][:RECENT_LIMIT]

    def remember(self, path: Path) -> None:
        """Puts `path` in front of the recent archives."""
        others = [known for known in self._paths("archives/recent") if known != path]
        self._store.setValue("archives/recent", [str(known) for known in [path, *others]][:RECENT_LIMIT])

    def forget_recent(self) -> None:
        """Empties the list of recent archives; the pinned ones stay."""
        self._store.remove("archives/recent")
