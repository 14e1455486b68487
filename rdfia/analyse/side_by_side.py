"""Work that is split in forked processes, a process a core, which need to import nothing."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def side_by_side(tasks: Sequence[Callable[[], T]], jobs: int | None = None) -> list[T]:
    """What each task gives, in their order; without `jobs` one process a core, where processes can be forked."""
    cores = len(os.sched_getaffinity(0)) if sys.platform.startswith("linux") else 1
    jobs = min(jobs or cores, len(tasks))
    if jobs < 2:
        return [task() for task in tasks]
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _adopt, (tasks,)) as pool:
        return list(pool.map(_adopted, range(len(tasks))))


_tasks: Sequence[Callable[[], Any]]


def _adopt(tasks: Sequence[Callable[[], Any]]) -> None:
    global _tasks
    _tasks = tasks


def _adopted(place: int) -> Any:
    return _tasks[place]()
