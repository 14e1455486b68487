"""One run: every seed of it trained, side by side where that is faster, as a stream of events."""

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from multiprocessing.queues import SimpleQueue
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from rdfia.config import Config
from rdfia.data.augment import Augmentations
from rdfia.data.normalise import Identity, Normaliser, Whiten, to_unit
from rdfia.train import device
from rdfia.train.classifier import build
from rdfia.train.fit import Plan, Record, Split, fit, predict
from rdfia.train.optimise import Constant, Descent, Optimiser, Schedule


class Run(Config):
    """What every run of every chapter declares; a chapter adds its model."""

    title: str = ""
    reference: str | None = None
    model: Any
    normalise: Normaliser = Identity()
    augment: Augmentations = ()
    optimiser: Optimiser
    schedule: Schedule = Constant()
    epochs: int = Field(ge=1)
    batch_size: Annotated[int, Field(ge=1)] | Literal["all"]
    seeds: int = Field(ge=1)
    precision: device.PrecisionName = "float32"


@dataclass(frozen=True)
class Data:
    """What training may see: no test split."""

    card: Mapping[str, Any]
    statistics: Mapping[str, Tensor]
    train: Split
    validation: Split


@dataclass(frozen=True)
class Trained:
    """A seed that has ended: its weights, and how long it trained."""

    weights: dict[str, np.ndarray[Any, Any]]
    seconds: float


Event = tuple[int, Record | Trained]  # a seed, and what it reports


def train_seed(run: Run, data: Data, seed: int) -> Iterator[Record | Trained]:
    """One network from its initialisation to its last epoch; records while it trains, its weights at the end."""
    where = device.device()
    start = time.perf_counter()
    model = build(run, data.card, data.statistics, torch.Generator().manual_seed(seed))
    model = model.to(where).to(memory_format=torch.channels_last)
    generator = torch.Generator(where).manual_seed(seed)
    train, validation = (tuple(t.to(where) for t in split) for split in (data.train, data.validation))
    count = len(train[1])
    plan = Plan(
        descent=Descent(run.optimiser, model.network.parameters()),
        schedule=run.schedule,
        epochs=run.epochs,
        batch_size=count if run.batch_size == "all" else min(run.batch_size, count),
        precision=device.autocast(device.settle(run.precision, where), where),
    )
    yield from fit(model, train, validation, plan, generator)  # type: ignore[arg-type]
    state = {key: value.cpu().contiguous() for key, value in model.network.state_dict().items()}
    yield Trained({key: value.numpy() for key, value in state.items()}, time.perf_counter() - start)


def train_run(run: Run, data: Data, jobs: int | None = None) -> Iterator[Event]:
    """Every seed of the run; on a CPU each trains with one thread, `jobs` at a time, which changes no number."""
    torch.set_num_threads(1)
    jobs = min(run.seeds, jobs or _jobs())
    device.settle(run.precision, device.device())  # before processes part, so that all of them know the answer
    run, data = whitened(run, data)
    if jobs == 1:
        for seed in range(run.seeds):
            yield from ((seed, report) for report in train_seed(run, data, seed))
    else:
        yield from _side_by_side(run, data, jobs)


def whitened(run: Run, data: Data) -> tuple[Run, Data]:
    """A whitening normaliser applied once, ahead of all epochs and seeds: a D×D product is too dear for every batch.

    Not where colours are changed first. Other runs and data come back as they are.
    """
    where = device.device()
    layer = run.normalise.build(data.statistics).to(where)
    if not isinstance(layer, Whiten) or any(augment.space == "pixels" for augment in run.augment):
        return run, data
    train, validation = ((predict(layer, x.to(where), nullcontext), y) for x, y in _units(data))
    return run.model_copy(update={"normalise": Identity()}), replace(data, train=train, validation=validation)


def _units(data: Data) -> Iterator[Split]:
    return ((to_unit(x), y) for x, y in (data.train, data.validation))


def _jobs() -> int:
    """As many seeds at once as there are cores; one on an accelerator, and where processes cannot be forked."""
    alone = device.device().type != "cpu" or not sys.platform.startswith("linux")
    return 1 if alone else len(os.sched_getaffinity(0))


def _side_by_side(run: Run, data: Data, jobs: int) -> Iterator[Event]:
    """Seeds in forked processes, which need to import nothing; a seed that fails ends the run with its error."""
    context = multiprocessing.get_context("fork")
    queue: SimpleQueue[Event] = context.SimpleQueue()
    with ProcessPoolExecutor(jobs, context, _adopt, (run, data, queue)) as pool:
        futures = [pool.submit(_work, seed) for seed in range(run.seeds)]
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


_adopted: tuple[Run, Data, "SimpleQueue[Event]"]


def _adopt(run: Run, data: Data, queue: "SimpleQueue[Event]") -> None:
    global _adopted
    _adopted = (run, data, queue)


def _work(seed: int) -> None:
    run, data, queue = _adopted
    for report in train_seed(run, data, seed):
        queue.put((seed, report))
