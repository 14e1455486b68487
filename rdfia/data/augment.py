"""Augmentations: one draw for every image of a batch, as a few tensor operations on the whole batch.

An augmentation is one class: called with images (N, C, H, W) and a generator it returns changed images; `evaluate`
is what it does to an image that is only looked at (a crop takes the centre, the others nothing). Colours are changed
on values in [0, 1], before the normaliser; geometry after it, where an image still has the size that whitening was
fitted on, and where a padded 0 is the mean (docs/decisions/0004). A new one is a class here and a word in
`Augmentation`.
"""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config, ConfigError, listed, named

Space = Literal["pixels", "normalised"]


class _Augmentation(Config):
    space: ClassVar[Space] = "normalised"

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        raise NotImplementedError

    def evaluate(self, images: Tensor) -> Tensor:
        return images


class Crop(_Augmentation):
    """A random window of `size`² after padding by zeros; at evaluation the centre window."""

    name: Literal["crop"] = "crop"
    size: int = Field(28, ge=1)
    padding: int = Field(0, ge=0)

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        padded = torch.nn.functional.pad(images, (self.padding,) * 4)
        rows, columns = (length - self.size + 1 for length in padded.shape[2:])
        tops = torch.randint(rows, (len(images),), generator=generator, device=images.device)
        lefts = torch.randint(columns, (len(images),), generator=generator, device=images.device)
        return crop(padded, tops, lefts, self.size)

    def evaluate(self, images: Tensor) -> Tensor:
        height, width = images.shape[2:]
        if self.size > min(height, width) + 2 * self.padding:
            raise ConfigError(f"augment.crop.size: found {self.size}, allowed: at most {min(height, width)}")
        top, left = round((height - self.size) / 2), round((width - self.size) / 2)
        return images[:, :, max(top, 0) : top + self.size, max(left, 0) : left + self.size]


class HorizontalFlip(_Augmentation):
    """Left and right exchanged with probability `p`."""

    name: Literal["horizontal_flip"] = "horizontal_flip"
    p: float = Field(0.5, ge=0, le=1)

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        return torch.where(_chosen(images, self.p, generator), images.flip(3), images)


class VerticalFlip(_Augmentation):
    """Top and bottom exchanged with probability `p`."""

    name: Literal["vertical_flip"] = "vertical_flip"
    p: float = Field(0.5, ge=0, le=1)

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        return torch.where(_chosen(images, self.p, generator), images.flip(2), images)


class Jitter(_Augmentation):
    """Brightness, then contrast, each scaled by a factor drawn from [1 - b, 1 + b], and cut to [0, 1].

    Brightness: y = f x. Contrast: y = f x + (1 - f) m, with m the mean grey of the image.
    """

    space: ClassVar[Space] = "pixels"
    name: Literal["jitter"] = "jitter"
    brightness: float = Field(0.2, ge=0, le=1)
    contrast: float = Field(0.2, ge=0, le=1)

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        bright = adjust_brightness(images, _factors(images, self.brightness, generator))
        return adjust_contrast(bright, _factors(images, self.contrast, generator))


def crop(images: Tensor, tops: Tensor, lefts: Tensor, size: int) -> Tensor:
    """The window of `size`² whose top left corner is (tops[i], lefts[i]) of image i, as one gather."""
    window = torch.arange(size, device=images.device)
    rows = (tops[:, None] + window)[:, None, :, None]  # (N, 1, size, 1)
    columns = (lefts[:, None] + window)[:, None, None, :]  # (N, 1, 1, size)
    index = torch.arange(len(images), device=images.device)[:, None, None, None]
    channels = torch.arange(images.shape[1], device=images.device)[None, :, None, None]
    return images[index, channels, rows, columns]


def adjust_brightness(images: Tensor, factors: Tensor) -> Tensor:
    """y = f x, cut to [0, 1]."""
    return (images * factors).clamp(0, 1)


def adjust_contrast(images: Tensor, factors: Tensor) -> Tensor:
    """y = f x + (1 - f) m, cut to [0, 1], with m the mean grey of the image."""
    grey = _grey(images).mean((1, 2, 3), keepdim=True)
    return (images * factors + grey * (1 - factors)).clamp(0, 1)


def _grey(images: Tensor) -> Tensor:
    """Luma of ITU-R BT.601: 0.2989 R + 0.587 G + 0.114 B; a grey image is its own."""
    if images.shape[1] == 1:
        return images
    weights = torch.tensor([0.2989, 0.587, 0.114], device=images.device, dtype=images.dtype)
    return (images * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)


def _factors(images: Tensor, spread: float, generator: Generator) -> Tensor:
    draw = torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device)
    return 1 + spread * (2 * draw - 1)


def _chosen(images: Tensor, p: float, generator: Generator) -> Tensor:
    return torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device) < p


AUGMENTATIONS = (Crop, HorizontalFlip, VerticalFlip, Jitter)
Augmentation = Annotated[
    Annotated[Crop | HorizontalFlip | VerticalFlip | Jitter, Field(discriminator="name")],
    named,
]
Augmentations = Annotated[tuple[Augmentation, ...], listed]
