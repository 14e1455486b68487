"""The training loop: a generator of one record an epoch that knows no file, logger or tracker."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from rdfia.data.batches import batches, per_epoch
from rdfia.train import graphs
from rdfia.train.classifier import Classifier
from rdfia.train.epochs import EpochRecord, Position, Timetable, record_epochs
from rdfia.train.graphs import Replayed, Step
from rdfia.train.precision import Precision
from rdfia.train.run import Examples
from rdfia.train.schedule import Schedule
from rdfia.train.state import drawing
from rdfia.train.steps import Steps
from rdfia.train.targets import Targets

EVALUATION_BATCH = 500


@runtime_checkable
class HasOwnGradients(Protocol):
    """A network that computes its gradients by formulas of its own."""

    def gradients(self, x: Tensor, y: Tensor) -> Tensor:
        """Fill the gradient of every weight; return the logits."""


@dataclass(frozen=True)
class Plan:
    """The optimiser, schedule, batches and targets that one network is trained with, and the epochs to record."""

    descent: Steps
    schedule: Schedule
    epochs: int
    batch_size: int
    precision: Precision
    targets: Targets
    recorded: Callable[[int], bool] = lambda epoch: True
    on_step: Callable[[Tensor], None] = lambda scored: None  # loss and accuracy (2, …) of a step in a recorded epoch

    def timetable(self, examples: int) -> Timetable:
        """Return the timetable of training on so many examples."""
        steps = per_epoch(examples, self.batch_size)
        return Timetable(self.descent.learning_rate, self.schedule, self.epochs, steps, self.recorded)


def fit(
    model: Classifier,
    train: Examples,
    validation: Examples,
    plan: Plan,
    generators: Sequence[Generator],
    position: Position | None = None,
) -> Iterator[dict[int, EpochRecord]]:
    """Train for `plan.epochs` epochs, or until every loss is no number; the first record is before any step.

    It goes on from `position`, and moves it: after each epoch it says where training stands.

    With one generator the network is one, and its record has the key 0. With several, the weights of as many networks
    are stacked in `model`, each takes its own order of the batches, and each that is still sound has a record.
    """
    frozen = (train[0][: len(validation[0])], train[1][: len(validation[1])])
    take = _step(model, plan, generators)

    def train_epoch(epoch: int, recorded: bool) -> Sequence[Sequence[float]]:
        running = _train_epoch(model, train, plan, generators, epoch, recorded, take)
        return _by_network(running) if recorded else []

    def evaluate_epoch() -> Sequence[Sequence[float]]:
        return _by_network(*(evaluate(model, examples, plan.precision) for examples in (frozen, validation)))

    position = position or Position.first(len(generators))
    return record_epochs(plan.timetable(len(train[1])), position, train_epoch, evaluate_epoch)


def _by_network(*scores: Tensor) -> list[list[float]]:
    """Return the scores (2, …) of each network in one row."""
    return torch.cat([part.reshape(2, -1).cpu().double() for part in scores]).T.tolist()


def _train_epoch(
    model: Classifier,
    train: Examples,
    plan: Plan,
    generators: Sequence[Generator],
    epoch: int,
    recorded: bool,
    take: Step,
) -> Tensor:
    """Take one pass over the train set; return the mean loss and accuracy under the moving weights (2, …), if recorded.

    Where labels are smoothed or images mixed, both figures are still those of the image's own label.
    """
    x, y = train
    timetable = plan.timetable(len(y))
    first, totals = (epoch - 1) * timetable.steps, torch.as_tensor(0.0)
    model.train()
    for step, (raw, labels) in enumerate(batches(x, y, plan.batch_size, generators), start=first):
        scored = take(raw, labels, timetable.factor(step), recorded)
        if scored is not None:
            totals = totals + scored * labels.shape[-1]
            plan.on_step(scored)
    return totals / len(y)


def _step(model: Classifier, plan: Plan, generators: Sequence[Generator]) -> Step:
    """Return what takes a step on a batch, and scores it if asked: mean loss and accuracy before the step (2, …)."""
    by_formulas = isinstance(model.network, HasOwnGradients)
    gradients = _own_gradients if by_formulas else _autograd

    def take(raw: Tensor, labels: Tensor, factor: float, scoring: bool) -> Tensor | None:
        logits = gradients(model, raw, labels, plan, generators[0])
        scored = score(logits, labels) if scoring else None
        plan.descent.step(factor)
        return scored

    if generators[0].device.type != "cuda" or by_formulas or not plan.descent.repeats or not graphs.wanted():
        return take
    return Replayed(take, lambda: [*generators, *drawing(model.network).values()])


def _autograd(model: Classifier, x: Tensor, y: Tensor, plan: Plan, generator: Generator) -> Tensor:
    """Fill the gradients of one batch by autograd; return its logits, without a graph."""
    with plan.precision.forward():
        images, targets = plan.targets(model.augmented(x, generator), y, generator)
        logits = model.logits(images)
    loss = cross_entropy(logits, targets).sum()
    with plan.precision.backward():
        loss.backward()
    return logits.detach()


def _own_gradients(model: Any, x: Tensor, y: Tensor, plan: Plan, generator: Generator) -> Tensor:
    """Let the network fill the gradients of one batch by its formulas; return its logits."""
    logits: Tensor = model.network.gradients(model.preprocess(x), y)
    return logits


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """Return the mean over examples, one for each network: logits (…, N, classes) give (…).

    y is labels (…, N), or shares of the classes like the logits.
    """
    wide = (logits if logits.dtype == torch.float64 else logits.float()).movedim(-1, 1)
    soft = y.is_floating_point()
    targets = y.movedim(-1, 1).to(wide.dtype) if soft else y.expand(logits.shape[:-1])
    return F.cross_entropy(wide, targets, reduction="none").mean(-1)


@torch.no_grad()
def score(logits: Tensor, y: Tensor) -> Tensor:
    """Return mean cross-entropy and accuracy (2, …)."""
    return torch.stack([cross_entropy(logits, y), (logits.argmax(-1) == y).to(torch.float32).mean(-1)])


@torch.no_grad()
def evaluate(model: nn.Module, examples: Examples, precision: Precision) -> Tensor:
    """Return mean cross-entropy and accuracy under frozen weights (2, …)."""
    return score(predict(model, examples[0], precision), examples[1])


@torch.no_grad()
def predict(model: nn.Module, x: Tensor, precision: Precision) -> Tensor:
    """Return logits (…, N, classes) under frozen weights."""
    model.eval()
    with precision.forward():
        parts = [model(batch) for batch in x.split(EVALUATION_BATCH)]
    return torch.cat([part if part.dtype == torch.float64 else part.float() for part in parts], -2)
