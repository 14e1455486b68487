"""The epochs of a run: a record of each, the learning rate of every step, and the end where a loss is no number."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from rdfia.train.schedule import Schedule
from rdfia.train.state import State


@dataclass(frozen=True)
class EpochRecord:
    """The figures at the end of an epoch; epoch 0 is before the first step.

    `train_*` averages over the epoch's batches while the weights move; `frozen_*` is the train set (as many images as
    validation has) under the weights of the epoch's end, so that it compares with `validation_*`.
    """

    epoch: int
    step: int
    learning_rate: float
    train_loss: float
    train_accuracy: float
    frozen_loss: float
    frozen_accuracy: float
    validation_loss: float
    validation_accuracy: float

    @property
    def diverged(self) -> bool:
        """Whether a loss stopped being a number."""
        losses = (self.train_loss, self.frozen_loss, self.validation_loss)
        return not all(map(math.isfinite, losses[1:] if self.epoch == 0 else losses))

    def __str__(self) -> str:
        """The losses and accuracies in words."""
        if self.diverged:
            return "diverged: the loss is no number"
        accuracies = f"train {self.frozen_accuracy:6.1%}  validation {self.validation_accuracy:6.1%}"
        return f"loss {self.frozen_loss:.3f}  {accuracies}"

    @staticmethod
    def last(records: "Sequence[EpochRecord]") -> dict[str, Any]:
        """Summarise a seed by its last epoch in which every loss was a number."""
        diverged, epoch = records[-1].diverged, records[-1].epoch
        sound = [record for record in records if not record.diverged]
        ended = {"diverged_at": epoch} if diverged else {}
        values = {k: v if math.isfinite(v) else None for k, v in asdict(sound[-1]).items()} if sound else {}
        return {"status": "diverged" if diverged else "finished", "epochs": epoch, **ended, **values}


@dataclass(frozen=True)
class Timetable:
    """The epochs of a run, those of them that are recorded, and the learning rate of every step."""

    learning_rate: float
    schedule: Schedule
    epochs: int
    steps: int  # of an epoch
    recorded: Callable[[int], bool]

    def factor(self, step: int) -> float:
        """Return the factor of the schedule on the learning rate."""
        return self.schedule(step, self.steps, self.epochs)

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        return self.learning_rate * self.factor(step)


@dataclass
class Position:
    """Where training stands: the epoch that comes next, and the networks whose loss is still a number."""

    epoch: int
    sound: set[int]

    @classmethod
    def first(cls, networks: int) -> "Position":
        """Return the position before any epoch."""
        return cls(0, set(range(networks)))

    def state_dict(self) -> State:
        return {"epoch": torch.tensor(self.epoch), "sound": torch.tensor(sorted(self.sound), dtype=torch.int64)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.epoch, self.sound = int(state["epoch"]), set(state["sound"].tolist())


def record_epochs(
    timetable: Timetable,
    position: Position,
    train_epoch: Callable[[int, bool], Sequence[Sequence[float]]],
    evaluate: Callable[[], Sequence[Sequence[float]]],
) -> Iterator[dict[int, EpochRecord]]:
    """Train epoch by epoch from the position on, and yield a record of each network after every one.

    There are records of epoch 0, before any step, of the last and of those between that are to be recorded; after
    others the mapping is empty. `train_epoch` gives for each network the loss and the accuracy under the moving
    weights, if the epoch is recorded; `evaluate` gives them under the frozen weights, on train and on validation
    examples. A network whose loss is no number has no record after that one; where all have diverged, training ends.
    """
    while position.sound and position.epoch <= timetable.epochs:
        epoch = position.epoch
        recorded = timetable.recorded(epoch) or epoch in (0, timetable.epochs)
        running = train_epoch(epoch, recorded) if epoch else [(math.nan, math.nan)] * len(position.sound)
        position.epoch += 1
        records = dict[int, EpochRecord]()
        if recorded:
            step, frozen = epoch * timetable.steps, evaluate()
            rate = timetable.rate(max(0, step - 1))  # that of the last step
            records = {at: EpochRecord(epoch, step, rate, *running[at], *frozen[at]) for at in sorted(position.sound)}
            position.sound -= {at for at, record in records.items() if record.diverged}
        yield records
