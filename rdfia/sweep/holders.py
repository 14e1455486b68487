"""Who is at work in this folder: DVC's lock, and its notes of the paths that a command reads and writes.

DVC lets go of its lock while a stage's command runs, and notes the paths meanwhile in `rwlock`.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from typing import Any

import psutil

from rdfia.config import ConfigError

TEMPORARY = Path(".dvc/tmp")
LOCK = TEMPORARY / "lock"
NOTED = TEMPORARY / "rwlock"
BUSY = ("Unable to acquire lock", "is being blocked by:")  # what DVC says of another that is at work


@dataclass(frozen=True)
class Holder:
    """A process, the command that it runs, and when it began (seconds since 1970)."""

    process: int
    command: str
    began: float = 0.0

    def __str__(self) -> str:
        """Name it as a line of `ps` does."""
        name = f"process {self.process}" if self.process else "another process"
        return f"{name} ({self.command})" if self.command else name


def holder(process: int) -> Holder | None:
    """Return a process that runs, None where there is none of that number; 0 is one whose number is not known."""
    if not process:
        return Holder(0, "")
    try:
        one = psutil.Process(process)
        words, began = one.cmdline(), one.create_time()
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return Holder(process, "")
    if words and "python" in Path(words[0]).name:
        words = list(dropwhile(lambda word: word.startswith("-"), words[1:]))  # a script, or a module after -m
    return Holder(process, " ".join([Path(words[0]).name, *words[1:]])[:60] if words else "", began)


def at_work() -> list[Holder]:
    """Return the processes that hold DVC now, but for this one."""
    own, held = {os.getpid(), *(one.process for one in mistaken())}, locking(LOCK)
    found = dict.fromkeys(noted() if held is None else (held, *noted()))
    return [one for process in found if process not in own and (one := holder(process))]


def waited_for() -> str:
    """Return who holds DVC in words; for one that was killed nobody should wait."""
    for one in mistaken():
        raise ConfigError(f"{NOTED}: DVC waits for one that was killed, whose number {one} has now; remove {NOTED}")
    return " and ".join(map(str, at_work())) or "another command of DVC"


def mistaken() -> list[Holder]:
    """Return the processes that DVC's notes name and that began after these: their numbers were those of others.

    DVC drops the note of a process that is gone by itself, and waits for ever for one whose number is taken again.
    """
    processes = [one for process in dict.fromkeys(noted()) if (one := holder(process))]
    return [one for one in processes if one.began > NOTED.stat().st_mtime + 1]


@contextmanager
def holding(path: Path) -> Iterator[None]:
    """Hold a lock file as DVC does; where another has it, say which and wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for {holder(locking(path) or 0) or 'another process'}", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f" {os.getpid()}\n")
        file.flush()
        yield


def locking(path: Path) -> int | None:
    """Return the process that holds a lock file, None where none does; who takes it writes its number there."""
    if not path.exists():
        return None
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = file.read().strip()
            return int(text) if text.isdecimal() else 0
    return None


def noted() -> Iterator[int]:
    """Yield the processes that DVC notes as readers and writers; nothing where the note cannot be read."""
    try:
        notes: Any = json.loads(NOTED.read_text(encoding="utf-8"))
        entries = [one for kind in ("read", "write") for one in notes.get(kind, {}).values()]
        yield from (int(one["pid"]) for entry in entries for one in (entry if isinstance(entry, list) else [entry]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return
