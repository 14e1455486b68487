"""The base class of random augmentations, and random numbers from a generator.

All randomness is in `sample`, which returns one row of parameters for each image; `apply` is deterministic. So
`apply` can be compared with another implementation under the same parameters, and `sample` with its distribution.
"""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self

import torch
from pydantic import AfterValidator
from torch import Generator, Tensor

from rdfia.config import Config, listed

Space = Literal["pixels", "normalised"]


class RandomAugmentation(Config):
    """A random augmentation of a batch: `apply(images, sample(images.shape, generator))`.

    `sample` takes the shape (N, C, H, W) and returns N rows of parameters on the generator's device; `evaluate` is the
    deterministic version for validation and test.
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
        """Return settings that suit images of `side`² pixels, for a contact sheet."""
        return cls()


@cache
def constants(values: tuple[Any, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return numbers as a tensor, made once for a device: a copy to an accelerator waits for all that it has to do."""
    return torch.tensor(values, dtype=dtype, device=device)


def uniform(size: Sequence[int], low: float, high: float, generator: Generator) -> Tensor:
    """Return numbers from the uniform distribution on [low, high)."""
    return low + (high - low) * torch.rand(tuple(size), generator=generator, device=generator.device)


def bernoulli(count: int, p: float, generator: Generator) -> Tensor:
    """Return True with probability `p` for each of `count` images (N)."""
    return torch.rand(count, generator=generator, device=generator.device) < p


def integers(size: Sequence[int], below: int, generator: Generator) -> Tensor:
    """Return integers from the uniform distribution on 0 to `below` - 1."""
    return torch.randint(below, tuple(size), generator=generator, device=generator.device)


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if not 0 < pair[0] <= pair[1]:
        raise ValueError("two positive numbers, the smaller one first")
    return pair


Range = Annotated[tuple[float, float], listed, AfterValidator(_ordered)]
