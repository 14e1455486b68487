"""A run that learns without labels: a vision transformer that paints the hidden patches of images, and is then read."""

import math
import time
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
from rdfia.data.batches import batches, per_epoch
from rdfia.models.decoder import Autoencoder, Decoder, Masking
from rdfia.train import device
from rdfia.train.classifier import Classifier, build, forward_flops
from rdfia.train.fit import EVALUATION_BATCH, Precision, Record
from rdfia.train.optimise import Optimiser
from rdfia.train.run import Data, Event, Program, Run, Split, Trained
from rdfia.train.schedule import Constant, Schedule
from rdfia.train.steps import Steps

PICTURES = 8


class Readout(Config):
    """The labels enter here alone: a ridge regression on the frozen features of the first `examples` train images.

    Features are standardised for it, so that `penalty` means the same at any time and for any network.
    """

    examples: int = Field(2000, ge=2)
    penalty: float = Field(1.0, gt=0)


class MaskedRun(Run):
    """Masked autoencoding (He et al. 2022): the encoder sees a share 1 - `mask` of the patches of each image.

    With `contrast` the decoder paints each patch less its mean and over its deviation. An epoch of every `record_every`
    is recorded, with the accuracy of the readout as it is then.
    """

    libraries: ClassVar[tuple[str, ...]] = ("torch", "numpy", "timm")
    decoder: Decoder = Decoder()
    mask: float = Field(0.75, gt=0, lt=1)
    contrast: bool = False
    readout: Readout = Readout()
    optimiser: Optimiser
    schedule: Schedule = Constant()
    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    precision: device.PrecisionName = "float32"
    record_every: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _trains(self) -> Self:
        if self.schedule.searches:
            raise ValueError(f"a schedule that trains, not {self.schedule.name}, which searches a learning rate")
        return self

    def program(self, data: Data) -> Program:
        """Every seed by itself, with one thread."""
        torch.set_num_threads(1)
        device.settle(self.precision, device.device())  # before processes part, so that all of them know the answer
        return Program(tuple((seed,) for seed in range(self.seeds)), partial(train_seeds, self, data))

    def flops(self, data: Data) -> int:
        return forward_flops(self, data.card)

    @property
    def effort(self) -> float:
        return self.epochs * (1 + 100 / self.batch_size)


class MaskedRecord(Record):
    """What is known of a seed at the end of an epoch: the loss on hidden patches, and the accuracy of the readout.

    Frozen and validation losses have the same masks in every epoch. While weights move there is no accuracy to tell.
    """


@dataclass(frozen=True)
class Learner:
    """A seed at work: the classifier that is left of it, its encoder with the decoder, and how it computes."""

    run: MaskedRun
    model: Classifier
    network: Autoencoder
    precision: Precision

    def sized(self, x: Tensor) -> Tensor:
        """Preprocessed images at the size in which they are cut into patches."""
        return self.model.network.resize_images(x)  # type: ignore[no-any-return,operator]

    def seen(self, raw: Tensor) -> Tensor:
        """What the encoder sees of images that are only looked at."""
        return self.sized(self.model.preprocess(raw))

    def features(self, raw: Tensor) -> Tensor:
        """What the head reads of whole images (N, E), in batches."""
        vit = self.network.vit
        with self.precision():
            found = (vit.forward_features(self.seen(batch)) for batch in raw.split(EVALUATION_BATCH))
            return torch.cat([vit.forward_head(tokens, pre_logits=True).float() for tokens in found])

    def masks(self, images: int, generator: Generator | None = None) -> Masking:
        """Masks drawn from the generator; without one, those that are the same in every epoch."""
        where = self.network.decoder.mask_token.device
        return self.network.sample_masking(images, generator or Generator(where).manual_seed(0))


def train_seeds(run: MaskedRun, data: Data, seeds: Sequence[int]) -> Iterator[Event]:
    """Train every seed, one after the other."""
    for seed in seeds:
        yield from train_seed(run, data, seed)


def train_seed(run: MaskedRun, data: Data, seed: int) -> Iterator[Event]:
    """One autoencoder from its initialisation to its last epoch, or until a loss is no number."""
    where, start = device.device(), time.perf_counter()
    drawn = Generator().manual_seed(seed)
    model = build(run, data.card, data.statistics, drawn)
    network = Autoencoder(model.network.vit, run.decoder, run.mask, run.contrast, drawn)
    precision = device.autocast(device.settle(run.precision, where), where)
    learner = Learner(run, model.to(where), network.to(where), precision)
    train, validation = ((x.to(where), y.to(where)) for x, y in (data.train, data.validation))
    for record in fit(learner, train, validation, Generator(where).manual_seed(seed)):
        yield seed, record
    weights = {key: w.cpu().contiguous().numpy().copy() for key, w in model.network.state_dict().items()}
    pictures = None if seed or record.diverged else painted(learner, validation[0][:PICTURES], train[0])
    yield seed, Trained(weights, time.perf_counter() - start, pictures=pictures)


def fit(learner: Learner, train: Split, validation: Split, generator: Generator) -> Iterator[MaskedRecord]:
    """One record for each recorded epoch, the first before any step; each leaves its readout in the head."""
    run, size = learner.run, min(learner.run.batch_size, len(train[1]))
    descent, steps = run.optimiser.over(learner.network.trainable_parameters()), per_epoch(len(train[1]), size)
    for epoch in range(run.epochs + 1):
        running = _epoch(learner, descent, train, generator, epoch) if epoch else math.nan
        if epoch % run.record_every and epoch != run.epochs:
            continue
        rate = descent.learning_rate * run.schedule(max(0, epoch * steps - 1), steps, run.epochs)
        record = MaskedRecord(epoch, epoch * steps, rate, running, math.nan, *judge(learner, train, validation))
        yield record
        if record.diverged:
            return


def _epoch(learner: Learner, descent: Steps, train: Split, generator: Generator, epoch: int) -> float:
    """One pass over the train images, which are hidden anew; the mean loss under the moving weights."""
    run, count = learner.run, len(train[1])
    size = min(run.batch_size, count)
    steps, total = per_epoch(count, size), torch.zeros((), device=train[0].device)
    learner.model.train()
    for number, (raw, _) in enumerate(batches(*train, size, [generator]), start=(epoch - 1) * steps):
        with learner.precision():
            x = learner.sized(learner.model.augmented(raw, generator))
            loss = learner.network.loss(x, learner.masks(len(x), generator))
        loss.backward()
        descent.step(run.schedule(number, steps, run.epochs))
        total += loss.detach() * len(raw)
    return total.item() / count


@torch.no_grad()
def judge(learner: Learner, train: Split, validation: Split) -> tuple[float, float, float, float]:
    """Loss and accuracy on as many train images as validation has, and on validation; the readout fills the head."""
    learner.model.eval()
    readout, count, head = learner.run.readout, len(validation[1]), learner.network.vit.head
    losses = [_loss(learner, x) for x in (train[0][:count], validation[0])]
    if not all(map(math.isfinite, losses)):
        return losses[0], math.nan, losses[1], math.nan
    seen = learner.features(train[0][: max(readout.examples, count)])
    fill(head, seen[: readout.examples], train[1][: readout.examples], readout.penalty)
    parts = ((seen[:count], train[1][:count]), (learner.features(validation[0]), validation[1]))
    accuracies = [(head(x).argmax(1) == y).double().mean().item() for x, y in parts]
    return losses[0], accuracies[0], losses[1], accuracies[1]


def _loss(learner: Learner, raw: Tensor) -> float:
    """The loss on raw images, with masks that are always the same."""
    total, chosen = 0.0, learner.masks(len(raw))
    parts = (part.split(EVALUATION_BATCH) for part in (raw, chosen.visible, chosen.hidden))
    for batch, visible, hidden in zip(*parts, strict=True):
        with learner.precision():
            loss = learner.network.loss(learner.seen(batch), Masking(visible, hidden))
        total += loss.item() * len(batch)
    return total / len(raw)


@torch.no_grad()
def painted(learner: Learner, raw: Tensor, train: Tensor) -> np.ndarray[Any, Any]:
    """The images of `Autoencoder.reconstructions`, and last with the mean train image in place of hidden patches.

    That is what can be painted without a look at the visible ones. Half precision is enough to be drawn.
    """
    x = learner.seen(raw)
    kinds = learner.network.reconstructions(x, learner.masks(len(x)))
    mean = torch.stack([learner.seen(batch).sum(0) for batch in train.split(EVALUATION_BATCH)]).sum(0) / len(train)
    mean = mean[:, : kinds.shape[3], : kinds.shape[4]]  # patches may leave an edge out
    return torch.cat([kinds, kinds[1:2].where(~kinds[1:2].isnan(), mean)]).half().cpu().numpy()


def ridge(x: Tensor, y: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """The W (E, c) and b (c,) with the least |z W + b - y|² + penalty |W|², for targets y (n, c), told for x (n, E).

    With z = (x - x̄) / s, s the deviation of each feature, W = (zᵀ z + penalty · 1)⁻¹ zᵀ (y - ȳ) and b = ȳ (Hoerl and
    Kennard 1970); W / s and ȳ - x̄ W / s do the same to x.
    """
    mean, spread = x.mean(0), x.std(0, correction=0).clamp(min=1e-6)
    z = (x - mean) / spread
    gram = z.mT @ z + penalty * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    weight = torch.linalg.solve(gram, z.mT @ (y - y.mean(0))) / spread[:, None]
    return weight, y.mean(0) - mean @ weight


def fill(head: nn.Linear, x: Tensor, y: Tensor, penalty: float) -> None:
    """Make the head the ridge regression of the classes, 1 for the label's own and 0 for the others, on features x."""
    weight, bias = ridge(x.double(), F.one_hot(y, head.out_features).double(), penalty)
    head.weight.copy_(weight.mT)
    head.bias.copy_(bias)
