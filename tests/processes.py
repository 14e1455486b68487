"""Processes that tests start, kill and wait for."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Process = subprocess.Popen[str]
ROOT = Path(__file__).parent.parent
slow = pytest.mark.skipif(os.environ.get("RDFIA_SLOW") != "1", reason="takes minutes: RDFIA_SLOW=1 runs it")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the system does not end children with parents")


@dataclass
class Touch:
    """An object whose pickle makes a file when it is read: what a stranger's could do."""

    path: str

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.path, "w")


@contextmanager
def started(*command: str, cwd: Path = ROOT, environment: Mapping[str, str] = os.environ) -> Iterator[Process]:
    """A command of Python in a session of its own, so that a signal reaches it alone; it is killed whole at the end."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=cwd,
        env={**environment, "PYTHONPATH": str(cwd), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # which a job in the background ignores
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def read_line(process: Process) -> str:
    """The next line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline()


def runs(process: int) -> bool:
    """Whether a process runs; one that ended and whose parent has not asked how does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def session(leader: int) -> list[int]:
    """The processes of a session that run, but for the one that began it."""
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [process for process in found if process != leader and runs(process) and _session(process) == leader]


def _session(process: int) -> int:
    try:
        return os.getsid(process)
    except ProcessLookupError:
        return 0


def kill(process: Process) -> None:
    """Kill a command and all that it has begun, at once."""
    for one in (process.pid, *session(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for something that comes soon on any machine."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited for {what} in vain"
        time.sleep(0.05)
