"""The set-up: a virtual environment in .venv with the project and what it needs, and a stamp when done."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
import venv
from typing import BinaryIO

from bootstrap import torch_build
from bootstrap.launch import (
    PYTHON,
    ROOT,
    STAMP,
    UNFINISHED,
    VENV,
    Request,
    SetUpError,
    fingerprint,
    is_ready,
    read_stamp,
    stamped_extras,
    uses_system_packages,
)
from bootstrap.system import LOG, apt_line, install_packages, prepare_system, say

LOCK = os.path.join(VENV, "lock")
SPARED = (LOG, LOCK, UNFINISHED)


def hold_lock() -> BinaryIO:
    """Keeps a second set-up of this folder waiting; the system lets go when we and pip end, however."""
    os.makedirs(VENV, exist_ok=True)
    lock = open(LOCK, "a+b")
    if not _try_lock(lock):
        say("Another set-up of this folder is at work; waiting for it.")
        while not _try_lock(lock):
            time.sleep(0.5)
    return lock


def _try_lock(lock: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_usable() -> bool:
    """Whether .venv, ours or made by hand, can be gone on with: not cut off, moved, or of another Python."""
    if not os.path.exists(PYTHON) or os.path.exists(UNFINISHED):
        return False
    stamp = read_stamp()
    now = fingerprint()
    if stamp and any(stamp.get(key) != now[key] for key in ("python", "root")):
        return False
    question = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    done = subprocess.run([PYTHON, "-c", question], stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode == 0


def empty_venv() -> None:
    """Removes what an earlier set-up left, but for its log, our lock and the mark of the unfinished."""
    for name in os.listdir(VENV):
        path = os.path.join(VENV, name)
        if path in SPARED:
            continue
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.remove(path)


def make_venv(system_torch: bool) -> None:
    """Makes .venv afresh, with pip in it."""
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    advice = f"on Debian and Ubuntu this brings what is missing:\n\n    {apt_line([package])}\n"
    if importlib.util.find_spec("ensurepip") is None:
        if not install_packages([package], "the set-up"):
            raise SetUpError(f"this Python cannot make a virtual environment; {advice}")
        importlib.invalidate_caches()
    empty_venv()
    builder = venv.EnvBuilder(system_site_packages=system_torch, with_pip=True, symlinks=os.name != "nt")
    try:
        builder.create(VENV)
    except (OSError, subprocess.CalledProcessError, SystemExit) as error:  # Debian's venv ends in SystemExit
        raise SetUpError(f"no virtual environment could be made in {VENV} ({error}); {advice}") from error


def install(extras: set[str], torch: list[str], lock: BinaryIO) -> None:
    """Installs the project, editable, and what it needs; pip inherits the lock, lest it outlive us unseen."""
    target = ROOT + (f"[{','.join(sorted(extras))}]" if extras else "")
    command = [PYTHON, "-m", "pip", "install", "--no-compile", "--no-input", "--disable-pip-version-check"]
    command += ["--log", LOG, "-e", target, *torch]
    environment = {**os.environ, "PIP_USER": "0"}
    inherited = [] if os.name == "nt" else [lock.fileno()]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), env=environment, pass_fds=inherited
    )
    if done.returncode != 0:
        raise SetUpError(
            f"pip could not install the packages; the reason is above, and all of it in {LOG}."
            " If this machine is offline, connect it and start again."
        )


def write_stamp(extras: set[str], windows: bool) -> None:
    """Records that the set-up is finished; in one step: a kill leaves the old stamp or the new one."""
    with open(STAMP + ".new", "w", encoding="utf-8") as file:
        json.dump({**fingerprint(), "extras": sorted(extras), "windows": windows}, file)
    os.replace(STAMP + ".new", STAMP)


def set_up(request: Request) -> None:
    """Does whatever is missing, under the lock; raises SetUpError with a sentence when it cannot."""
    with hold_lock() as lock:
        if is_ready(request):  # the set-up that we waited for did it
            return
        say("Setting up in .venv: this happens once and takes a minute or so.")
        windows = (
            prepare_system(request) if "desktop" in request.extras else read_stamp().get("windows", False)
        )
        # A choice is remembered by a set-up that finished, be its .venv in need of being made afresh or not.
        request.system_torch |= uses_system_packages() and bool(read_stamp())
        fresh = not is_usable() or request.system_torch != uses_system_packages()
        extras = request.extras | stamped_extras()
        with open(UNFINISHED, "w", encoding="utf-8"):
            pass
        try:
            if fresh:
                make_venv(request.system_torch)
            install(extras, torch_build.pip_arguments(request), lock)
        except SetUpError:
            # pip keeps what was there when it fails; only what was begun or cut off has to be made afresh.
            if not fresh:
                os.remove(UNFINISHED)
            raise
        write_stamp(extras, bool(windows))
        os.remove(UNFINISHED)
