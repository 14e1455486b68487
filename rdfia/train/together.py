"""Tasks side by side in forked processes, which need to import nothing."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor

import torch


def together(tasks: Sequence[Callable[[], None]], jobs: int) -> None:
    """Do every task, `jobs` at a time in the order given; if some fail, the others end first, then one error is raised.

    Each has one thread. One job alone works in this process.
    """
    torch.set_num_threads(1)
    if min(jobs, len(tasks)) < 2:
        for task in tasks:
            task()
        return
    with ProcessPoolExecutor(min(jobs, len(tasks)), multiprocessing.get_context("fork"), _adopt, (tasks,)) as pool:
        futures = [pool.submit(_work, place) for place in range(len(tasks))]
    for future in futures:
        future.result()


_adopted: Sequence[Callable[[], None]]


def _adopt(tasks: Sequence[Callable[[], None]]) -> None:
    global _adopted
    _adopted = tasks


def _work(place: int) -> None:
    _adopted[place]()
