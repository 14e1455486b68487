"""What every augmentation has in common: parameters are parameters, one row for each image, and then applied to the batch.

`draw` is all the chance there is and `apply` has none, so that `apply` can be compared with another implementation
under the same parameters, and `draw` with the distribution that it promises.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import AfterValidator
from torch import Generator, Tensor

from rdfia.config import Config, listed

Space = Literal["pixels", "normalised"]


class RandomAugmentation(Config):
    """An augmentation: `apply(images, draw(images.shape, generator))`.

    `draw` takes the shape (N, C, H, W) and returns N rows of parameters on the generator's device; `evaluate` is what
    bernoulli to an image that is only looked at.
    """

    space: ClassVar[Space] = "normalised"

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        return self.apply(images, self.sample(images.shape, generator))

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        raise NotImplementedError

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        raise NotImplementedError

    def evaluate(self, images: Tensor) -> Tensor:
        return images

    @classmethod
    def for_side(cls, side: int) -> Self:
        """One that suits images of `side`² pixels, to show what it does."""
        return cls()


def uniform(size: Sequence[int], low: float, high: float, generator: Generator) -> Tensor:
    """Numbers drawn alike between `low` and `high`."""
    return low + (high - low) * torch.rand(tuple(size), generator=generator, device=generator.device)


def bernoulli(count: int, p: float, generator: Generator) -> Tensor:
    """True with probability `p`, for each of `count` images (N)."""
    return torch.rand(count, generator=generator, device=generator.device) < p


def integers(size: Sequence[int], below: int, generator: Generator) -> Tensor:
    """Whole numbers drawn alike from 0 to `below` - 1."""
    return torch.randint(below, tuple(size), generator=generator, device=generator.device)


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if not 0 < pair[0] <= pair[1]:
        raise ValueError("two positive numbers, the smaller one first")
    return pair


Range = Annotated[tuple[float, float], listed, AfterValidator(_ordered)]
