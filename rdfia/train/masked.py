"""Runs without labels: a vision transformer reconstructs hidden patches of images, and its features are read out."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Generator, Tensor, nn

from rdfia.config import Config
from rdfia.data import batches
from rdfia.models.decoder import Autoencoder, Decoder, Masking
from rdfia.train import device
from rdfia.train.classifier import Classifier, build, forward_flops
from rdfia.train.epochs import EpochRecord, Position, Timetable, record_epochs
from rdfia.train.fit import EVALUATION_BATCH
from rdfia.train.optimise import Optimiser
from rdfia.train.precision import Precision, PrecisionName, resolve
from rdfia.train.run import Checkpoint, Data, Event, Examples, Program, Record, Run, Trained
from rdfia.train.schedule import Constant, Schedule
from rdfia.train.state import Generators, State, Stateful, Stopwatch, copied_state, restore
from rdfia.train.steps import Steps

PICTURES = 8


class Readout(Config):
    """A ridge regression on the frozen features of the first `examples` train images, the only use of their labels.

    Features are standardised for it, so that `penalty` means the same in every epoch and for any network.
    """

    examples: int = Field(2000, ge=2)
    penalty: float = Field(1.0, gt=0)


class MaskedRun(Run):
    """Masked autoencoding (He et al. 2022): the encoder sees a share 1 - `mask` of the patches of each image.

    With `contrast` the decoder reconstructs each patch less its mean and over its deviation. An epoch of every
    `record_every` is recorded: its losses are those of hidden patches, its accuracies those of a readout fitted then,
    and there is none under the moving weights. Frozen and validation losses have the same masks in every epoch.
    """

    libraries: ClassVar[tuple[str, ...]] = ("torch", "numpy", "timm")
    record: ClassVar[type[Record]] = EpochRecord
    decoder: Decoder = Decoder()
    mask: float = Field(0.75, gt=0, lt=1)
    contrast: bool = False
    readout: Readout = Readout()
    optimiser: Optimiser
    schedule: Schedule = Constant()
    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    precision: PrecisionName = "float32"
    record_every: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _trains(self) -> Self:
        if self.schedule.logs_steps:
            raise ValueError(f"a schedule other than {self.schedule.name}, which keeps the loss of every step")
        return self

    def program(self, data: Data) -> Program:
        """Prepare to train every seed by itself, with one thread."""
        device.settle()
        resolve(self, data.card)  # before the fork: all processes share the answer
        return Program(tuple((seed,) for seed in range(self.seeds)), partial(train_seeds, self, data))

    def around(self, network: nn.Module, generator: Generator) -> Autoencoder:
        return Autoencoder(network.vit, self.decoder, self.mask, self.contrast, generator)

    def flops(self, data: Data) -> int:
        return forward_flops(self, data.card)

    def recorded(self, epoch: int) -> bool:
        """Return whether an epoch between the first and the last is recorded."""
        return epoch % self.record_every == 0


@dataclass(frozen=True)
class Learner:
    """One seed in training: its classifier, the autoencoder around its transformer, and the precision."""

    run: MaskedRun
    model: Classifier
    network: Autoencoder
    precision: Precision

    def resized(self, x: Tensor) -> Tensor:
        """Return preprocessed images at the size in which they are cut into patches."""
        return self.model.network.resize_images(x)  # type: ignore[no-any-return,operator]

    def preprocessed(self, raw: Tensor) -> Tensor:
        """Return the encoder's input for images without random changes."""
        return self.resized(self.model.preprocess(raw))

    def features(self, raw: Tensor) -> Tensor:
        """Return the head's input for whole images (N, E), in batches."""
        vit = self.network.vit
        with self.precision.forward():
            parts = (vit.forward_features(self.preprocessed(batch)) for batch in raw.split(EVALUATION_BATCH))
            return torch.cat([vit.forward_head(tokens, pre_logits=True).float() for tokens in parts])

    def masks(self, images: int, generator: Generator | None = None) -> Masking:
        """Return random masks from the generator; without one, those that are the same in every epoch."""
        where = self.network.decoder.mask_token.device
        return self.network.sample_masking(images, generator or Generator(where).manual_seed(0))


def train_seeds(
    run: MaskedRun, data: Data, seeds: Sequence[int], state: State | None = None
) -> Iterator[Event | tuple[int, Checkpoint]]:
    """Train every seed, one after the other; the first begins with the state, if there is one."""
    for seed in seeds:
        yield from train_seed(run, data, seed, state if seed == seeds[0] else None)


def train_seed(
    run: MaskedRun, data: Data, seed: int, state: State | None = None
) -> Iterator[Event | tuple[int, Checkpoint]]:
    """Train one autoencoder from initialisation, or from a state, to the last epoch or a loss that is no number."""
    where, clock = device.device(), Stopwatch()
    generator = Generator().manual_seed(seed)
    model = build(run, data.card, data.statistics, generator)
    network = run.around(model.network, generator)
    precision = Precision(resolve(run, data.card), where)
    learner = Learner(run, model.to(where), network.to(where), precision)
    train, validation = ((x.to(where), y.to(where)) for x, y in (data.train, data.validation))
    generator, position = Generator(where).manual_seed(seed), Position.first(1)
    descent = run.optimiser.over(network.trainable_parameters())
    generators = Generators([generator], network)
    parts: dict[str, Stateful] = {
        "network": network,
        "generators": generators,
        "descent": descent,
        "position": position,
        "clock": clock,
    }
    restore(parts, state)
    for records in fit(learner, descent, train, validation, generator, position):
        yield from ((seed, record) for record in records.values())
        yield seed, Checkpoint(position.epoch - 1, partial(copied_state, parts))
    weights = {key: w.cpu().contiguous().numpy().copy() for key, w in model.network.state_dict().items()}
    pictures = None if seed or not position.sound else reconstructions(learner, validation[0][:PICTURES], train[0])
    yield seed, Trained(weights, clock.seconds, pictures=pictures)


def fit(
    learner: Learner, descent: Steps, train: Examples, validation: Examples, generator: Generator, position: Position
) -> Iterator[dict[int, EpochRecord]]:
    """Train from the position on; each recorded epoch, the first before any step, leaves its readout in the head."""
    run, count = learner.run, len(train[1])
    steps = batches.per_epoch(count, run.batch_size)
    timetable = Timetable(descent.learning_rate, run.schedule, run.epochs, steps, run.recorded)

    def train_epoch(epoch: int, recorded: bool) -> list[tuple[float, float]]:
        return [(_train_epoch(learner, descent, timetable, train, generator, epoch), math.nan)]

    def evaluate_epoch() -> list[tuple[float, float, float, float]]:
        return [evaluate(learner, train, validation)]

    return record_epochs(timetable, position, train_epoch, evaluate_epoch)


def _train_epoch(
    learner: Learner, descent: Steps, timetable: Timetable, train: Examples, generator: Generator, epoch: int
) -> float:
    """Take one pass over the train images under new masks; return the mean loss under the moving weights."""
    count = len(train[1])
    size, first = batches.size(learner.run.batch_size, count), (epoch - 1) * timetable.steps
    total = torch.zeros((), device=train[0].device)
    learner.model.train()
    for step, (raw, _) in enumerate(batches.batches(*train, size, [generator]), start=first):
        with learner.precision.forward():
            x = learner.resized(learner.model.augmented(raw, generator))
            loss = learner.network.loss(x, learner.masks(len(x), generator))
        with learner.precision.backward():
            loss.backward()
        descent.step(timetable.factor(step))
        total += loss.detach() * len(raw)
    return total.item() / count


@torch.no_grad()
def evaluate(learner: Learner, train: Examples, validation: Examples) -> tuple[float, float, float, float]:
    """Fit the head, and return loss and accuracy on as many train images as validation has, and on validation."""
    learner.model.eval()
    readout, count, head = learner.run.readout, len(validation[1]), learner.network.vit.head
    losses = [_loss(learner, x) for x in (train[0][:count], validation[0])]
    if not all(map(math.isfinite, losses)):
        return losses[0], math.nan, losses[1], math.nan
    features = learner.features(train[0][: max(readout.examples, count)])
    fit_head(head, features[: readout.examples], train[1][: readout.examples], readout.penalty)
    parts = ((features[:count], train[1][:count]), (learner.features(validation[0]), validation[1]))
    accuracies = [(head(x).argmax(1) == y).double().mean().item() for x, y in parts]
    return losses[0], accuracies[0], losses[1], accuracies[1]


def _loss(learner: Learner, raw: Tensor) -> float:
    """Return the loss on raw images, with the same masks in every epoch."""
    total, masks = 0.0, learner.masks(len(raw))
    parts = (part.split(EVALUATION_BATCH) for part in (raw, masks.visible, masks.hidden))
    for batch, visible, hidden in zip(*parts, strict=True):
        with learner.precision.forward():
            loss = learner.network.loss(learner.preprocessed(batch), Masking(visible, hidden))
        total += loss.item() * len(batch)
    return total / len(raw)


@torch.no_grad()
def reconstructions(learner: Learner, raw: Tensor, train: Tensor) -> np.ndarray[Any, Any]:
    """Return the images of `Autoencoder.reconstructions`, and last with the mean train image in hidden patches.

    That mean is the best guess that ignores the visible patches. Half precision is enough for a figure.
    """
    x = learner.preprocessed(raw)
    kinds = learner.network.reconstructions(x, learner.masks(len(x)))
    mean = torch.stack([learner.preprocessed(batch).sum(0) for batch in train.split(EVALUATION_BATCH)]).sum(0)
    mean = mean / len(train)
    mean = mean[:, : kinds.shape[3], : kinds.shape[4]]  # patches may leave an edge out
    return torch.cat([kinds, kinds[1:2].where(~kinds[1:2].isnan(), mean)]).half().cpu().numpy()


def ridge(x: Tensor, y: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """Return W (E, c) and b (c,) of ridge regression from x (n, E) to targets y (n, c).

    The least |z W + b - y|² + penalty |W|² with z = (x - x̄) / s, s the deviation of each feature, is at
    W = (zᵀ z + penalty · 1)⁻¹ zᵀ (y - ȳ) and b = ȳ (Hoerl and Kennard 1970); W / s and ȳ - x̄ W / s do the same to x.
    """
    mean, spread = x.mean(0), x.std(0, correction=0).clamp(min=1e-6)
    z = (x - mean) / spread
    gram = z.mT @ z + penalty * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    weight = torch.linalg.solve(gram, z.mT @ (y - y.mean(0))) / spread[:, None]
    return weight, y.mean(0) - mean @ weight


def fit_head(head: nn.Linear, x: Tensor, y: Tensor, penalty: float) -> None:
    """Make the head the ridge regression of the classes, 1 for the label's own and 0 for the others, on features x."""
    weight, bias = ridge(x.double(), F.one_hot(y, head.out_features).double(), penalty)
    head.weight.copy_(weight.mT)
    head.bias.copy_(bias)
