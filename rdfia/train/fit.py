"""The training loop: a generator of one record an epoch that knows no file, logger or tracker."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from rdfia.data.batches import per_epoch, shuffled
from rdfia.train.classifier import Classifier
from rdfia.train.optimise import Descent, Schedule

Precision = Callable[[], AbstractContextManager[object]]
EVALUATION_BATCH = 500


@dataclass(frozen=True)
class Record:
    """What is known at the end of an epoch; epoch 0 is before the first step.

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


@dataclass(frozen=True)
class Plan:
    """How one network is trained."""

    descent: Descent
    schedule: Schedule
    epochs: int
    batch_size: int
    precision: Precision


Split = tuple[Tensor, Tensor]  # raw inputs (N, …) and labels (N,)


def fit(model: Classifier, train: Split, validation: Split, plan: Plan, generator: Generator) -> Iterator[Record]:
    """Train for `plan.epochs` epochs, or until a loss is no number; the first record is before any step."""
    frozen = (train[0][: len(validation[0])], train[1][: len(validation[1])])
    steps = per_epoch(len(train[1]), plan.batch_size)
    for epoch in range(plan.epochs + 1):
        running = _epoch(model, train, plan, generator, epoch) if epoch else (math.nan, math.nan)
        held = (*evaluate(model, frozen, plan.precision), *evaluate(model, validation, plan.precision))
        last = max(0, epoch * steps - 1)
        rate = plan.descent.optimiser.learning_rate * plan.schedule(last, steps, plan.epochs)
        record = Record(epoch, epoch * steps, rate, *running, *held)
        yield record
        if record.diverged:
            return


def _epoch(model: Classifier, train: Split, plan: Plan, generator: Generator, epoch: int) -> tuple[float, float]:
    """One pass over the train set; the mean loss and accuracy under the moving weights."""
    x, y = train
    steps = per_epoch(len(y), plan.batch_size)
    totals = torch.zeros(2, device=y.device)
    model.train()
    for number, index in enumerate(shuffled(len(y), plan.batch_size, generator), start=(epoch - 1) * steps):
        totals += _gradients(model, x[index], y[index], plan.precision, generator)
        plan.descent.step(plan.schedule(number, steps, plan.epochs))
    loss, correct = (totals / len(y)).tolist()
    return loss, correct


def _gradients(model: Classifier, x: Tensor, y: Tensor, precision: Precision, generator: Generator) -> Tensor:
    """The gradient of one batch; its summed loss and number of right answers stay on the device."""
    with precision():
        logits = model.augmented(x, generator)
    loss = F.cross_entropy(logits.float(), y)
    loss.backward()
    return torch.stack([loss.detach() * len(y), (logits.detach().argmax(1) == y).sum()])


@torch.no_grad()
def evaluate(model: nn.Module, split: Split, precision: Precision) -> tuple[float, float]:
    """Mean cross-entropy and accuracy under frozen weights."""
    logits = predict(model, split[0], precision)
    loss = F.cross_entropy(logits, split[1])
    return loss.item(), (logits.argmax(1) == split[1]).float().mean().item()


@torch.no_grad()
def predict(model: nn.Module, x: Tensor, precision: Precision) -> Tensor:
    """Logits (N, classes) in float32 under frozen weights."""
    model.eval()
    with precision():
        return torch.cat([model(batch).float() for batch in x.split(EVALUATION_BATCH)])
