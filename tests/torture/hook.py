"""Every Python process of a trial imports this as `sitecustomize`: it ends before a chosen operation on files.

Each operation that changes a file of the project adds a byte to a file beside it, so all processes count as one.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

ROOT, COUNT = os.environ.get("TORTURE_ROOT", ""), os.environ.get("TORTURE_COUNT", "")
LAST = int(os.environ.get("TORTURE_LAST", "0"))  # the operation before which to kill; 0: none, they are only counted
EVERY = os.environ.get("TORTURE_EVERY") == "1"  # kill all processes of the session, not this one alone
LOCK = float(os.environ.get("TORTURE_LOCK", "0"))  # seconds from the opening of dvc.lock to the end of who writes it
OPERATIONS = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate")
WRITING = os.O_WRONLY | os.O_RDWR


def watch(event: str, words: tuple[Any, ...]) -> None:
    """Hear of everything that Python does; what changes a file of the project is an operation."""
    if (event in OPERATIONS or (event == "open" and words[2] & WRITING)) and inside(words[0]):
        if LOCK and event == "open" and os.fsdecode(words[0]).endswith("dvc.lock"):
            signal.setitimer(signal.ITIMER_REAL, LOCK)  # nobody listens to its signal, which so ends the process
        before_operation()


def inside(path: Any) -> bool:
    """Tell whether a path is one of the project, but for Python's bytecode."""
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    name = os.fsdecode(path)
    return (name.startswith(ROOT) or not name.startswith("/")) and "__pycache__" not in name


def before_operation() -> None:
    """Count an operation; kill before the last one."""
    counter = os.open(COUNT, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(counter, b".")
    done = os.fstat(counter).st_size
    os.close(counter)
    if LAST and done >= LAST:
        for process in others() if EVERY else []:
            os.kill(process, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


def others() -> list[int]:
    """The other processes of this session."""
    found = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [process for process in found if process != os.getpid() and _session(process) == os.getsid(0)]


def _session(process: int) -> int:
    try:
        return os.getsid(process)
    except ProcessLookupError:
        return 0


if ROOT and Path.cwd() == Path(ROOT):
    sys.addaudithook(watch)
