"""Runs trained by descent: all seeds in one tensor program or in processes side by side, whichever is faster."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from rdfia.config import ConfigError, listed
from rdfia.data import batches
from rdfia.data.mixing import Mixing
from rdfia.data.normalise import Identity, evaluation_statistics, to_unit
from rdfia.data.whitening import Whiten
from rdfia.train import device
from rdfia.train.classifier import Classifier, build, forward_flops, network, stack
from rdfia.train.epochs import EpochRecord, Position
from rdfia.train.fit import EVALUATION_BATCH, Plan, fit
from rdfia.train.optimise import Optimiser
from rdfia.train.patience import EarlyStopping
from rdfia.train.precision import Precision, PrecisionName, resolve
from rdfia.train.run import Checkpoint, Data, Event, Program, Record, Run, Snapshot, Trained, Weights
from rdfia.train.schedule import Constant, Schedule
from rdfia.train.state import Generators, State, Stateful, Stopwatch, copied_state, restore
from rdfia.train.targets import Targets


class DescentRun(Run):
    """A network trained by descent along its gradient, on all train examples or on the first `sample`.

    An epoch of every `record_every` is recorded (each where the steps are logged, which are those of recorded epochs),
    and the weights after the epochs `snapshots` are kept. Training stops
    after `patience` epochs without a lower validation loss, and the weights are then those of the lowest.
    """

    record: ClassVar[type[Record]] = EpochRecord
    optimiser: Optimiser
    schedule: Schedule = Constant()
    epochs: int = Field(ge=1)
    batch_size: Annotated[int, Field(ge=1)] | Literal["all"]
    mixing: Mixing | None = None
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    precision: PrecisionName = "float32"
    record_every: int = Field(1, ge=1)
    sample: int | None = Field(None, ge=1)
    patience: int | None = Field(None, ge=1)
    snapshots: Annotated[tuple[Annotated[int, Field(ge=0)], ...], listed] = ()

    def program(self, data: Data) -> Program:
        return program(self, data)

    def flops(self, data: Data) -> int:
        return forward_flops(self, data.card)

    def recorded(self, epoch: int) -> bool:
        """Return whether an epoch between the first and the last is recorded."""
        return epoch % self.record_every == 0 or epoch in self.snapshots or self.schedule.logs_steps


class StepLog(list[Tensor]):
    """The loss and the accuracy (2, …) of every step, on the device that computed them."""

    def __init__(self, where: torch.device) -> None:
        self.where = where

    def state_dict(self) -> State:
        return {"scored": torch.stack(list(self))} if self else {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self += [scored for part in state.values() for scored in part.to(self.where)]


def train_seeds(
    run: DescentRun, data: Data, seeds: Sequence[int], state: State | None = None
) -> Iterator[Event | tuple[int, Checkpoint]]:
    """Train networks to the last epoch: one, or one for each seed in one tensor program.

    They begin at their initialisation, or with the state of a checkpoint.
    """
    where, clock = device.device(), Stopwatch()
    model = stack([build(run, data.card, data.statistics, torch.Generator().manual_seed(seed)) for seed in seeds])
    model = model.to(where).to(memory_format=torch.channels_last)
    generators = [torch.Generator(where).manual_seed(seed) for seed in seeds]
    train, validation = (tuple(t.to(where) for t in part) for part in (data.train, data.validation))
    step_log, stopping, position = StepLog(where), EarlyStopping(run.patience), Position.first(len(seeds))
    plan = _plan(run, data, model, step_log)
    parts: dict[str, Stateful] = {
        "network": model.network,
        "generators": Generators(generators, model.network),
        "descent": plan.descent,
        "position": position,
        "stopping": stopping,
        "step_log": step_log,
        "clock": clock,
    }
    restore(parts, state)
    for records in fit(model, train, validation, plan, generators, position):  # type: ignore[arg-type]
        for index, record in records.items():
            yield seeds[index], record
            if record.epoch in run.snapshots:
                yield seeds[index], Snapshot(record.epoch, _weights(model.network, index, len(seeds)))
        if stopping.update(records, lambda: _weights(model.network, 0, 1)):
            break
        yield seeds[0], Checkpoint(position.epoch - 1, partial(copied_state, parts))
    for index, seed in enumerate(seeds):
        last = stopping.best or Snapshot(-1, _weights(model.network, index, len(seeds)))
        steps = _step_trace(step_log, plan, len(train[1]))
        yield seed, Trained(last.weights, clock.seconds / len(seeds), stopping.epoch, steps)


def _plan(run: DescentRun, data: Data, model: Classifier, step_log: StepLog) -> Plan:
    """Return the plan of a run for a model on its device."""
    where, count = step_log.where, len(data.train[1])
    return Plan(
        descent=run.optimiser.over(model.network.parameters()),
        schedule=run.schedule,
        epochs=run.epochs,
        batch_size=batches.size(run.batch_size, count),
        precision=Precision(resolve(run, data.card), where),
        targets=Targets(len(data.card["classes"]), run.label_smoothing, run.mixing),
        recorded=run.recorded,
        on_step=step_log.append if run.schedule.logs_steps else _ignore,
    )


def _ignore(scored: Tensor) -> None:
    """Log nothing of a step."""


def _step_trace(step_log: Sequence[Tensor], plan: Plan, count: int) -> np.ndarray[Any, Any] | None:
    """Return the learning rate and the train loss of every step (2, steps), where they were logged."""
    if not step_log:
        return None
    losses = torch.stack(list(step_log))[:, 0].cpu().double()
    timetable = plan.timetable(count)
    rates = [timetable.rate(step) for step in range(len(step_log))]
    return torch.stack([torch.tensor(rates, dtype=torch.float64), losses]).float().numpy()


def _weights(network: nn.Module, index: int, networks: int) -> Weights:
    """Copy the weights of one network, which may be one of several in a stack."""
    state = network.state_dict()
    return {key: (w[index] if networks > 1 else w).cpu().contiguous().numpy().copy() for key, w in state.items()}


def program(run: DescentRun, data: Data) -> Program:
    """Prepare a run: seeds of small networks train as one tensor program, others each by itself."""
    device.settle()
    resolve(run, data.card)  # before the fork: all processes share the answer
    run, data = whitened(run, sampled(run, data))
    seeds = tuple(range(run.seeds))
    groups = (seeds,) if _stackable(run, data) else tuple((seed,) for seed in seeds)
    return Program(groups, partial(train_seeds, run, data))


def _stackable(run: DescentRun, data: Data) -> bool:
    """Return whether the seeds' networks are so small that a step costs more in calls than in products."""
    alone = run.patience or run.schedule.logs_steps or not run.optimiser.elementwise
    if data.card["kind"] != "points" or alone:
        return False
    return getattr(network(run, data.card, torch.Generator()), "stackable", False)


def sampled(run: DescentRun, data: Data) -> Data:
    """Return the data with the first `sample` train examples, which are in random order."""
    x, y = data.train
    if run.sample is not None and run.sample > len(y):
        raise ConfigError(f"sample: found {run.sample}, allowed: 1 to {len(y)}, the train examples there are")
    return data if run.sample is None else replace(data, train=(x[: run.sample], y[: run.sample]))


def whitened(run: DescentRun, data: Data) -> tuple[DescentRun, Data]:
    """Apply a whitening normaliser once, ahead of all epochs and seeds: a D×D product is too dear for every batch.

    Where colours are changed first, and with other normalisers, run and data stay as they are. A validation split that
    is normalised with its own statistics has a layer of its own.
    """
    where = device.device()
    layer = run.normalise.build(data.statistics).to(where)
    if not isinstance(layer, Whiten) or any(augment.space == "pixels" for augment in run.augment):
        return run, data
    statistics = evaluation_statistics(run.normalise, data.statistics, data.validation[0])
    own = layer if statistics is data.statistics else run.normalise.build(statistics).to(where)
    parts = ((layer, data.train), (own, data.validation))
    train, validation = ((_in_batches(each, to_unit(x).to(where)), y) for each, (x, y) in parts)
    return run.model_copy(update={"normalise": Identity()}), replace(data, train=train, validation=validation)


@torch.no_grad()
def _in_batches(layer: nn.Module, x: Tensor) -> Tensor:
    """Apply the layer in batches."""
    return torch.cat([layer(batch) for batch in x.split(EVALUATION_BATCH)])
