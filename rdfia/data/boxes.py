"""Augmentations that fill a rectangle of an image with 0, which after the normaliser is the mean."""

import math
from collections.abc import Sequence
from typing import Literal, Self

import torch
from pydantic import Field
from torch import Generator, Tensor

from rdfia.data.sampling import RandomAugmentation, Range, bernoulli, constants, integers, uniform

ATTEMPTS = 10


class Erasing(RandomAugmentation):
    """With probability `p`, a rectangle of 0: `scale` of the image's area, with `ratio` for height over width.

    Both are sampled, the ratio on a logarithmic scale, up to ten times until the rectangle fits, as in torchvision;
    one that never fits erases nothing. Zhong et al. 2017.
    """

    name: Literal["erasing"] = "erasing"
    p: float = Field(0.5, ge=0, le=1)
    scale: Range = (0.02, 0.33)
    ratio: Range = (0.3, 3.3)

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return top, left, bottom and right (N, 4); an empty rectangle where nothing is erased."""
        count, _, *sides = shape
        sizes = self._sizes(count, sides[0], sides[1], generator)  # (N, 2)
        room = constants(tuple(sides), torch.int64, generator.device) - sizes + 1
        corners = (room * uniform((count, 2), 0, 1, generator).double()).floor().long()
        return torch.cat([corners, corners + sizes], 1)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        return images.masked_fill(box_mask(parameters, images.shape), 0)

    def _sizes(self, count: int, height: int, width: int, generator: Generator) -> Tensor:
        """Return height and width (N, 2) of the first attempt that fits; 0 where none does or nothing is erased."""
        area = height * width * uniform((count, ATTEMPTS), *self.scale, generator)
        ratio = uniform((count, ATTEMPTS), math.log(self.ratio[0]), math.log(self.ratio[1]), generator).exp()
        attempts = torch.stack([(area * ratio).sqrt(), (area / ratio).sqrt()], 2).round().long()  # (N, attempts, 2)
        fits = (attempts < constants((height, width), torch.int64, attempts.device)).all(2)
        first = attempts[torch.arange(count, device=attempts.device), fits.int().argmax(1)]
        return first * (fits.any(1) & bernoulli(count, self.p, generator))[:, None]


class Cutout(RandomAugmentation):
    """A square of 0, `size`², around a uniformly random pixel, as far as it lies inside the image.

    DeVries and Taylor 2017.
    """

    name: Literal["cutout"] = "cutout"
    size: int = Field(16, ge=1)

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return top, left, bottom and right (N, 4), which may lie outside the image."""
        tops, lefts = (integers((shape[0],), side, generator) - self.size // 2 for side in shape[2:])
        return torch.stack([tops, lefts, tops + self.size, lefts + self.size], 1)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        return images.masked_fill(box_mask(parameters, images.shape), 0)

    @classmethod
    def for_side(cls, side: int) -> Self:
        return cls(size=max(side // 2, 1))


def box_mask(boxes: Tensor, shape: Sequence[int]) -> Tensor:
    """Return a mask (N, 1, H, W) of the pixels in each image's box [top, bottom) × [left, right), given as (N, 4)."""
    top, left, bottom, right = boxes[:, :, None, None].unbind(1)  # (N, 1, 1)
    rows = torch.arange(shape[2], device=boxes.device)[:, None]
    columns = torch.arange(shape[3], device=boxes.device)
    return ((rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)).unsqueeze(1)
