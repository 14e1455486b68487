"""Tasks side by side in forked processes: warm, for they import nothing, and apart, so that one may even be killed."""

import multiprocessing
import os
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path

from rdfia.config import ConfigError

Say = Callable[[str], None]


@dataclass(frozen=True)
class Task:
    """Something to do, which says how it goes; the dearest are begun first."""

    name: str
    effort: float
    work: Callable[[Say], None]


@dataclass(frozen=True)
class Ended:
    """A task that ended after so many seconds, with the last line of its error if it failed."""

    task: Task
    seconds: float
    error: str = ""


@dataclass
class Active:
    """A task at work, and the last that it said."""

    task: Task
    process: ForkProcess
    heard: Connection
    started: float = field(default_factory=time.monotonic)
    said: str = ""


Watch = Callable[[Sequence[Active]], None]
PATIENCE = 0.5  # seconds between two looks at what the tasks say


def together(tasks: Sequence[Task], jobs: int, logs: Path, watch: Watch = lambda active: None) -> Iterator[Ended]:
    """Do every task, `jobs` at a time; what one prints goes to a file in `logs`. A failure stops no other task."""
    waiting = deque(sorted(tasks, key=lambda task: -task.effort))
    active: list[Active] = []
    try:
        while waiting or active:
            while waiting and len(active) < jobs:
                active.append(_begin(waiting.popleft(), logs))
            wait([one.heard for one in active], PATIENCE)
            for one in active[:]:
                if _gone(one):
                    active.remove(one)
                    yield _end(one)
            watch(active)
    finally:
        for one in active:
            one.process.terminate()
            one.process.join()


def _begin(task: Task, logs: Path) -> Active:
    """Fork a process for a task."""
    logs.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("fork")
    heard, saying = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(task, saying, logs / f"{task.name.replace('/', '-')}.log"))
    process.start()
    saying.close()  # the child's end is its own: when it goes, ours hears the end
    return Active(task, process, heard)


def _child(task: Task, saying: Connection, log: Path) -> None:
    """Do a task in its own process, with its output in its log and one line of its error said last."""
    with log.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
        try:
            task.work(saying.send)
        except Exception as error:
            traceback.print_exc()
            kind = "" if isinstance(error, ConfigError) else f"{type(error).__name__}: "
            saying.send(f"{kind}{error}".splitlines()[0])
            sys.exit(1)


def _gone(one: Active) -> bool:
    """Hear what a task has said since; whether it has ended."""
    try:
        while one.heard.poll():
            one.said = one.heard.recv()
    except EOFError:
        one.process.join()
        return True
    return False


def _end(one: Active) -> Ended:
    """How a task ended."""
    one.heard.close()
    seconds, code = time.monotonic() - one.started, one.process.exitcode
    if code == 0:
        return Ended(one.task, seconds)
    return Ended(one.task, seconds, one.said if code == 1 else f"the process was ended by signal {-(code or 0)}")
