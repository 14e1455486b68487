"""The seeds of a run side by side in forked processes, which need to import nothing."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing.queues import SimpleQueue

from rdfia.train.run import Event

Work = Callable[[int], Iterator[Event]]


def side_by_side(work: Work, seeds: int, jobs: int) -> Iterator[Event]:
    """What each seed reports of its work, as it comes; a seed that fails ends the run with its error.

    With one job the seeds work here, one after the other.
    """
    if jobs < 2:
        for seed in range(seeds):
            yield from work(seed)
        return
    context = multiprocessing.get_context("fork")
    queue: SimpleQueue[Event] = context.SimpleQueue()
    with ProcessPoolExecutor(jobs, context, _adopt, (work, queue)) as pool:
        futures = [pool.submit(_work, seed) for seed in range(seeds)]
        try:
            while not _settled(futures) or not queue.empty():
                if queue.empty():
                    time.sleep(0.02)
                else:
                    yield queue.get()
        finally:
            _drain(futures, queue)


def _drain(futures: list["Future[None]"], queue: "SimpleQueue[Event]") -> None:
    """Let seeds that are still at work end: one that waits for its report to be read would never."""
    for future in futures:
        future.cancel()
    while not all(future.done() for future in futures) or not queue.empty():
        time.sleep(0.02) if queue.empty() else queue.get()


def _settled(futures: list["Future[None]"]) -> bool:
    """Whether every seed has ended; the error of one that failed is raised here."""
    done = [future for future in futures if future.done()]
    for future in done:
        future.result()
    return len(done) == len(futures)


_adopted: tuple[Work, "SimpleQueue[Event]"]


def _adopt(work: Work, queue: "SimpleQueue[Event]") -> None:
    global _adopted
    _adopted = (work, queue)


def _work(seed: int) -> None:
    work, queue = _adopted
    for event in work(seed):
        queue.put(event)
