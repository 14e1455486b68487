"""A run trained by descent: every seed of it, in one tensor program or side by side where that is faster."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from rdfia.config import ConfigError, listed
from rdfia.data.batches import per_epoch
from rdfia.data.mixing import Mixing
from rdfia.data.normalise import Identity, evaluation_statistics, to_unit
from rdfia.data.whitening import Whiten
from rdfia.train import device
from rdfia.train.classifier import build, forward_flops, network, stack
from rdfia.train.fit import EVALUATION_BATCH, Plan, fit
from rdfia.train.optimise import Optimiser
from rdfia.train.patience import Keeper
from rdfia.train.run import Data, Event, Program, Run, Snapshot, Split, Trained, Weights
from rdfia.train.schedule import Constant, Schedule
from rdfia.train.targets import Targets


class DescentRun(Run):
    """A network trained by descent along its gradient, on all train examples or on the first `sample`.

    An epoch of every `record_every` is recorded, and the weights of those of `snapshots` are kept. With `patience`, it
    stops after so many epochs without a lower validation loss, and its weights are those of the lowest.
    """

    optimiser: Optimiser
    schedule: Schedule = Constant()
    epochs: int = Field(ge=1)
    batch_size: Annotated[int, Field(ge=1)] | Literal["all"]
    mixing: Mixing | None = None
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    precision: device.PrecisionName = "float32"
    record_every: int = Field(1, ge=1)
    sample: int | None = Field(None, ge=1)
    patience: int | None = Field(None, ge=1)
    snapshots: Annotated[tuple[Annotated[int, Field(ge=0)], ...], listed] = ()

    def program(self, data: Data) -> Program:
        return program(self, data)

    def flops(self, data: Data) -> int:
        return forward_flops(self, data.card)

    @property
    def effort(self) -> float:
        return self.epochs if self.batch_size == "all" else self.epochs * (1 + 100 / self.batch_size)

    def recorded(self, epoch: int) -> bool:
        """Whether an epoch between the first and the last is recorded."""
        return epoch % self.record_every == 0 or epoch in self.snapshots


def train_seeds(run: DescentRun, data: Data, seeds: Sequence[int]) -> Iterator[Event]:
    """Networks from their initialisation to their last epoch: one, or one for each seed in one tensor program."""
    where, start = device.device(), time.perf_counter()
    model = stack([build(run, data.card, data.statistics, torch.Generator().manual_seed(seed)) for seed in seeds])
    model = model.to(where).to(memory_format=torch.channels_last)
    generators = [torch.Generator(where).manual_seed(seed) for seed in seeds]
    train, validation = (tuple(t.to(where) for t in split) for split in (data.train, data.validation))
    count, heard = len(train[1]), list[Tensor]()
    plan = Plan(
        descent=run.optimiser.over(model.network.parameters()),
        schedule=run.schedule,
        epochs=run.epochs,
        batch_size=count if run.batch_size == "all" else min(run.batch_size, count),
        precision=device.autocast(device.settle(run.precision, where), where),
        targets=Targets(len(data.card["classes"]), run.label_smoothing, run.mixing),
        recorded=run.recorded,
        hear=heard.append if run.schedule.searches else _unheard,
    )
    keeper = Keeper(run.patience)
    for records in fit(model, train, validation, plan, generators):  # type: ignore[arg-type]
        for place, record in records.items():
            yield seeds[place], record
            if record.epoch in run.snapshots:
                yield seeds[place], Snapshot(record.epoch, _weights(model.network, place, len(seeds)))
        if keeper.ends(records, lambda: _weights(model.network, 0, 1)):
            break
    seconds = (time.perf_counter() - start) / len(seeds)
    for place, seed in enumerate(seeds):
        ended = keeper.best or Snapshot(-1, _weights(model.network, place, len(seeds)))
        yield seed, Trained(ended.weights, seconds, keeper.epoch, _steps(heard, plan, count))


def _unheard(scored: Tensor) -> None:
    """Nothing is kept of a step."""


def _steps(heard: Sequence[Tensor], plan: Plan, count: int) -> np.ndarray[Any, Any] | None:
    """The learning rate and the train loss of every step (2, steps), where they were heard."""
    if not heard:
        return None
    losses = torch.stack(list(heard))[:, 0].cpu().double()
    each = per_epoch(count, plan.batch_size)
    rates = [plan.descent.learning_rate * plan.schedule(step, each, plan.epochs) for step in range(len(heard))]
    return torch.stack([torch.tensor(rates, dtype=torch.float64), losses]).float().numpy()


def _weights(network: nn.Module, place: int, networks: int) -> Weights:
    """A copy of the weights of one network, which may be one of several in a stack."""
    state = network.state_dict()
    return {key: (w[place] if networks > 1 else w).cpu().contiguous().numpy().copy() for key, w in state.items()}


def program(run: DescentRun, data: Data) -> Program:
    """Make a run ready: seeds of small networks train as one tensor program, others each by itself.

    On a CPU each trains with one thread.
    """
    torch.set_num_threads(1)
    device.settle(run.precision, device.device())  # before processes part, so that all of them know the answer
    run, data = whitened(run, sampled(run, data))
    seeds = tuple(range(run.seeds))
    groups = (seeds,) if _stackable(run, data) else tuple((seed,) for seed in seeds)
    return Program(groups, partial(train_seeds, run, data))


def _stackable(run: DescentRun, data: Data) -> bool:
    """Whether the seeds' networks are so small that a step costs more in calls than in products."""
    alone = run.patience or run.schedule.searches or not run.optimiser.elementwise
    if data.card["kind"] != "points" or alone:
        return False
    return getattr(network(run, data.card, torch.Generator()), "stackable", False)


def sampled(run: DescentRun, data: Data) -> Data:
    """The data with as many train examples as the run wants: the first, which are in random order."""
    x, y = data.train
    if run.sample is not None and run.sample > len(y):
        raise ConfigError(f"sample: found {run.sample}, allowed: 1 to {len(y)}, the train examples there are")
    return data if run.sample is None else replace(data, train=(x[: run.sample], y[: run.sample]))


def whitened(run: DescentRun, data: Data) -> tuple[DescentRun, Data]:
    """A whitening normaliser applied once, ahead of all epochs and seeds: a D×D product is too dear for every batch.

    Not where colours are changed first. Other runs and data come back as they are. A validation split that is seen with
    its own statistics has a layer of its own.
    """
    where = device.device()
    layer = run.normalise.build(data.statistics).to(where)
    if not isinstance(layer, Whiten) or any(augment.space == "pixels" for augment in run.augment):
        return run, data
    statistics = evaluation_statistics(run.normalise, data.statistics, data.validation[0])
    apart = layer if statistics is data.statistics else run.normalise.build(statistics).to(where)
    layers = (layer, apart)
    train, validation = ((_through(at, x.to(where)), y) for at, (x, y) in zip(layers, _units(data), strict=True))
    return run.model_copy(update={"normalise": Identity()}), replace(data, train=train, validation=validation)


@torch.no_grad()
def _through(layer: nn.Module, x: Tensor) -> Tensor:
    """The layer applied in batches."""
    return torch.cat([layer(batch) for batch in x.split(EVALUATION_BATCH)])


def _units(data: Data) -> Iterator[Split]:
    return ((to_unit(x), y) for x, y in (data.train, data.validation))
