"""Augmentations: random parameters for every image, applied to the whole batch in a few tensor operations.

An augmentation is one class: called with images (N, C, H, W) and a generator it returns changed images; `evaluate`
is its deterministic version for validation and test (a crop takes the centre, the others change nothing). Colours are
changed on values in [0, 1], before the normaliser; geometry after it, where an image still has the size that whitening
was fitted on, and where a padded 0 is the mean (docs/decisions/0004). To add one, write its class and add it to the
union in `Augmentation`. Crops and flips are here, the others in `colours`, `geometry`, `boxes` and `policy`, and those
that mix two images in `mixing`.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Self, get_args

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import ConfigError, listed, named
from rdfia.data.boxes import Cutout, Erasing
from rdfia.data.colours import Blur, Jitter, Noise
from rdfia.data.geometry import Affine, Perspective, Rotation
from rdfia.data.policy import TrivialAugment
from rdfia.data.sampling import RandomAugmentation, bernoulli, integers


class Crop(RandomAugmentation):
    """A random window of `size`² after zero padding; at evaluation the centre window."""

    name: Literal["crop"] = "crop"
    size: int = Field(28, ge=1)
    padding: int = Field(0, ge=0, le=256)

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return the top left corners in the padded images (N, 2)."""
        positions = (side + 2 * self.padding - self.size + 1 for side in shape[2:])
        return torch.stack([integers(shape[:1], count, generator) for count in positions], 1)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        return crop(F.pad(images, (self.padding,) * 4), parameters[:, 0], parameters[:, 1], self.size)

    def evaluate(self, images: Tensor) -> Tensor:
        return centre_crop(images, self.size, min(images.shape[2:]) + 2 * self.padding, self.name)

    @classmethod
    def for_side(cls, side: int) -> Self:
        return cls(size=max(side * 7 // 8, 1))


class CentreCrop(RandomAugmentation):
    """The centre window of `size`², in training and at evaluation."""

    name: Literal["centre_crop"] = "centre_crop"
    size: int = Field(28, ge=1)

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return no parameters (N, 0)."""
        return torch.empty(shape[0], 0, device=generator.device)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        return self.evaluate(images)

    def evaluate(self, images: Tensor) -> Tensor:
        return centre_crop(images, self.size, min(images.shape[2:]), self.name)

    @classmethod
    def for_side(cls, side: int) -> Self:
        return cls(size=max(side * 7 // 8, 1))


class HorizontalFlip(RandomAugmentation):
    """A left-right flip with probability `p`."""

    name: Literal["horizontal_flip"] = "horizontal_flip"
    p: float = Field(0.5, ge=0, le=1)

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return a mask of the images to flip (N)."""
        return bernoulli(shape[0], self.p, generator)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        return torch.where(parameters.view(-1, 1, 1, 1), images.flip(3), images)


class VerticalFlip(RandomAugmentation):
    """A top-bottom flip with probability `p`."""

    name: Literal["vertical_flip"] = "vertical_flip"
    p: float = Field(0.5, ge=0, le=1)

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return a mask of the images to flip (N)."""
        return bernoulli(shape[0], self.p, generator)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        return torch.where(parameters.view(-1, 1, 1, 1), images.flip(2), images)


def crop(images: Tensor, tops: Tensor, lefts: Tensor, size: int) -> Tensor:
    """Return the window of `size`² whose top left corner is (tops[i], lefts[i]) of image i, as one gather."""
    index = torch.arange(len(images), device=images.device)
    windows = images.unfold(2, size, 1).unfold(3, size, 1)  # (N, C, rows, columns, size, size), nothing copied
    return windows[index, :, tops, lefts]


def centre_crop(images: Tensor, size: int, largest: int, name: str) -> Tensor:
    """Return the centre window of `size`², zero-padded where an image is smaller; above `largest` is a ConfigError."""
    if size > largest:
        raise ConfigError(f"augment.{name}.size: found {size}, allowed: at most {largest}")
    height, width = images.shape[2:]
    rows, columns = max(size - height, 0), max(size - width, 0)  # of padding
    padded = F.pad(images, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
    top, left = (round((side - size) / 2) for side in padded.shape[2:])
    return padded[:, :, top : top + size, left : left + size]


Augmentation = Annotated[
    Annotated[
        Crop
        | CentreCrop
        | HorizontalFlip
        | VerticalFlip
        | Rotation
        | Affine
        | Perspective
        | Erasing
        | Cutout
        | Jitter
        | Blur
        | Noise
        | TrivialAugment,
        Field(discriminator="name"),
    ],
    named,
]
Augmentations = Annotated[tuple[Augmentation, ...], listed]
AUGMENTATIONS = get_args(get_args(Augmentation)[0])
