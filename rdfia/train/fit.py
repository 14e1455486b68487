"""The training loop: a generator of one record an epoch that knows no file, logger or tracker."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from rdfia.data.batches import batches, per_epoch
from rdfia.train.classifier import Classifier
from rdfia.train.run import Split
from rdfia.train.schedule import Schedule
from rdfia.train.steps import Steps
from rdfia.train.targets import Targets

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

    def __str__(self) -> str:
        """How it goes, in words."""
        if self.diverged:
            return "diverged: the loss is no number"
        accuracies = f"train {self.frozen_accuracy:6.1%}  validation {self.validation_accuracy:6.1%}"
        return f"loss {self.frozen_loss:.3f}  {accuracies}"

    @staticmethod
    def last(records: "Sequence[Record]") -> dict[str, Any]:
        """What remains of a seed: its last epoch in which every loss was a number."""
        diverged, epoch = records[-1].diverged, records[-1].epoch
        sound = [record for record in records if not record.diverged]
        ended = {"diverged_at": epoch} if diverged else {}
        values = {k: v if math.isfinite(v) else None for k, v in asdict(sound[-1]).items()} if sound else {}
        return {"status": "diverged" if diverged else "finished", "epochs": epoch, **ended, **values}


@runtime_checkable
class Derived(Protocol):
    """A network that fills its own gradients."""

    def gradients(self, x: Tensor, y: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Plan:
    """How one network is trained, and which epochs are recorded."""

    descent: Steps
    schedule: Schedule
    epochs: int
    batch_size: int
    precision: Precision
    targets: Targets
    recorded: Callable[[int], bool] = lambda epoch: True
    hear: Callable[[Tensor], None] = lambda loss: None  # the loss and accuracy (2, …) of a step, in a recorded epoch


def fit(
    model: Classifier, train: Split, validation: Split, plan: Plan, generators: Sequence[Generator]
) -> Iterator[dict[int, Record]]:
    """Train for `plan.epochs` epochs, or until every loss is no number; the first record is before any step.

    With one generator the network is one, and its record has the key 0. With several, the weights of as many networks
    are stacked in `model`, each takes its own order of the batches, and each that is still sound has a record.
    """
    frozen = (train[0][: len(validation[0])], train[1][: len(validation[1])])
    steps = per_epoch(len(train[1]), plan.batch_size)
    sound = set(range(len(generators)))
    for epoch in range(plan.epochs + 1):
        recorded = plan.recorded(epoch) or epoch in (0, plan.epochs)
        running = torch.full((2, len(sound)), math.nan)
        if epoch:
            running = _epoch(model, train, plan, generators, epoch, recorded)
        if not recorded:
            continue
        parts = (running, *(evaluate(model, split, plan.precision) for split in (frozen, validation)))
        figures = torch.cat([part.reshape(2, -1).cpu().double() for part in parts]).T.tolist()
        last = max(0, epoch * steps - 1)
        rate = plan.descent.learning_rate * plan.schedule(last, steps, plan.epochs)
        records = {place: Record(epoch, epoch * steps, rate, *figures[place]) for place in sorted(sound)}
        yield records
        sound -= {place for place, record in records.items() if record.diverged}
        if not sound:
            return


def _epoch(
    model: Classifier, train: Split, plan: Plan, generators: Sequence[Generator], epoch: int, recorded: bool
) -> Tensor:
    """One pass over the train set; the mean loss and accuracy under the moving weights (2, …), if recorded.

    Where labels are smoothed or images mixed, both figures still ask for the label of the image itself.
    """
    x, y = train
    steps = per_epoch(len(y), plan.batch_size)
    totals: Tensor | float = 0.0
    gradients = _own_gradients if isinstance(model.network, Derived) else _autograd
    model.train()
    for number, (seen, labels) in enumerate(batches(x, y, plan.batch_size, generators), start=(epoch - 1) * steps):
        logits = gradients(model, seen, labels, plan, generators[0])
        if recorded:
            scored = score(logits, labels)
            totals += scored * labels.shape[-1]
            plan.hear(scored)
        plan.descent.step(plan.schedule(number, steps, plan.epochs))
    return torch.as_tensor(totals) / len(y)


def _autograd(model: Classifier, x: Tensor, y: Tensor, plan: Plan, generator: Generator) -> Tensor:
    """Fill the gradients of one batch by autograd; its logits, without a graph."""
    with plan.precision():
        images, targets = plan.targets(model.augmented(x, generator), y, generator)
        logits = model.answer(images)
    cross_entropy(logits, targets).sum().backward()
    return logits.detach()


def _own_gradients(model: Any, x: Tensor, y: Tensor, plan: Plan, generator: Generator) -> Tensor:
    """Let the network fill the gradients of one batch by its formulas; its logits."""
    logits: Tensor = model.network.gradients(model.preprocess(x), y)
    return logits


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """The mean over examples, one for each network: logits (…, N, classes) give (…).

    y is labels (…, N), or shares of the classes like the logits.
    """
    wide = (logits if logits.dtype == torch.float64 else logits.float()).movedim(-1, 1)
    soft = y.is_floating_point()
    asked = y.movedim(-1, 1).to(wide.dtype) if soft else y.expand(logits.shape[:-1])
    return F.cross_entropy(wide, asked, reduction="none").mean(-1)


@torch.no_grad()
def score(logits: Tensor, y: Tensor) -> Tensor:
    """Mean cross-entropy and accuracy (2, …)."""
    return torch.stack([cross_entropy(logits, y), (logits.argmax(-1) == y).to(torch.float32).mean(-1)])


@torch.no_grad()
def evaluate(model: nn.Module, split: Split, precision: Precision) -> Tensor:
    """Mean cross-entropy and accuracy under frozen weights (2, …)."""
    return score(predict(model, split[0], precision), split[1])


@torch.no_grad()
def predict(model: nn.Module, x: Tensor, precision: Precision) -> Tensor:
    """Logits (…, N, classes) under frozen weights."""
    model.eval()
    with precision():
        parts = [model(batch) for batch in x.split(EVALUATION_BATCH)]
    return torch.cat([part if part.dtype == torch.float64 else part.float() for part in parts], -2)
