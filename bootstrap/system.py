"""The operating system's part: libraries that Qt opens, packages that bring them, the NVIDIA driver."""

import ctypes
import os
import shutil
import subprocess
import sys

from bootstrap.launch import VENV, Request, SetUpError

LOG = os.path.join(VENV, "set-up.log")

# Library, by the name under which Qt opens it -> the Debian and Ubuntu package that brings it.
DRAWING_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
WINDOW_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
}
# Programs with which the tests open a real window where there is no screen.
TEST_PROGRAMS = {"Xvfb": "xvfb", "xdotool": "xdotool"}


def say(text: str) -> None:
    """Progress, on stderr: stdout belongs to the verb that follows."""
    print(text, file=sys.stderr, flush=True)


def loads(library: str) -> bool:
    """Whether the dynamic linker finds the library and all that it needs."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_libraries(libraries: dict[str, str]) -> dict[str, str]:
    """Those of `libraries` that cannot be loaded here."""
    return {library: package for library, package in libraries.items() if not loads(library)}


def has_nvidia_driver() -> bool:
    """Whether an NVIDIA driver is installed."""
    return os.path.exists("/proc/driver/nvidia/version") or loads("libcuda.so.1")


def has_apt() -> bool:
    """Whether packages come the Debian way here."""
    return shutil.which("apt-get") is not None


def is_root() -> bool:
    """Whether packages can be installed without asking anybody."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def apt_line(packages: list[str]) -> str:
    """The line to copy and paste on Debian and Ubuntu."""
    return "sudo apt-get install -y --no-install-recommends " + " ".join(packages)


def missing_advice(missing: dict[str, str], apt: bool) -> str:
    """What to do about libraries that Qt misses: a line to paste, or their names."""
    if apt:
        return (
            f"Qt misses libraries; install them and start again:\n\n    {apt_line(list(missing.values()))}\n"
        )
    names = ", ".join(missing)
    return f"Qt misses libraries; install {names} from your distribution's packages and start again."


def install_packages(packages: list[str], purpose: str) -> bool:
    """Installs Debian packages if this is root on Debian or Ubuntu; whether they are there now."""
    if not is_root() or not has_apt():
        return False
    say(f"Installing what {purpose} needs: {' '.join(packages)}")
    # The lists may be old or absent; an update that fails for one source need not stop the installation.
    _logged(["apt-get", "update"])
    return _logged(["apt-get", "install", "-y", "--no-install-recommends", *packages])


def _logged(command: list[str]) -> bool:
    """Runs a command with its output in the log; whether it succeeded."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    return done.returncode == 0


def prepare_system(request: Request) -> bool:
    """Sees to the libraries of Qt and, for the tests, to a screen; whether windows can be opened now."""
    if not sys.platform.startswith("linux"):
        return True
    missing = missing_libraries({**DRAWING_LIBRARIES, **WINDOW_LIBRARIES})
    programs = TEST_PROGRAMS if request.verb == "pytest" else {}
    packages = [*missing.values(), *(package for name, package in programs.items() if not shutil.which(name))]
    if not packages or install_packages(packages, "Qt"):
        return True
    # Drawing into a picture does without the libraries of windows; tests that need them are skipped.
    if missing if request.opens_window else DRAWING_LIBRARIES.keys() & missing.keys():
        raise SetUpError(missing_advice(missing, has_apt()))
    return not missing
