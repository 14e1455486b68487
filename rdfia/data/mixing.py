"""Augmentations that mix each image with a partner from its batch, and its target likewise.

They come last, after the geometry, and only in training. Partners are a permutation of the batch, and each image has a
share of its own; torchvision mixes the whole batch by one share, each image with its neighbour.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config, named
from rdfia.data.boxes import box_mask
from rdfia.data.sampling import constants, integers

Pair = tuple[Tensor, Tensor]


class _BatchMixing(Config):
    """A map of images (N, C, H, W) and targets (N, classes), one-hot or soft, to mixed images and soft targets.

    The share λ has the distribution Beta(alpha, alpha): 1 is uniform, a small alpha leaves most images nearly unmixed.
    """

    alpha: float = Field(1.0, gt=0)

    def __call__(self, images: Tensor, targets: Tensor, generator: Generator) -> Pair:
        return self.apply(images, targets, *self.sample(images.shape, generator))

    def sample(self, shape: Sequence[int], generator: Generator) -> Pair:
        raise NotImplementedError

    def apply(self, images: Tensor, targets: Tensor, partners: Tensor, parameters: Tensor) -> Pair:
        raise NotImplementedError


class Mixup(_BatchMixing):
    """The mixture λ x + (1 - λ) x', and of the targets likewise.

    Zhang et al. 2018.
    """

    name: Literal["mixup"] = "mixup"

    def sample(self, shape: Sequence[int], generator: Generator) -> Pair:
        """Return partners and shares, (N) each."""
        return _partners(shape[0], generator), beta(shape[0], self.alpha, generator)

    def apply(self, images: Tensor, targets: Tensor, partners: Tensor, parameters: Tensor) -> Pair:
        mixed = torch.lerp(images[partners], images, parameters.to(images.dtype).view(-1, 1, 1, 1))
        return mixed, _mixed_targets(targets, partners, parameters)


class Cutmix(_BatchMixing):
    """A box of 1 - λ of the area, around a uniformly random pixel, from the partner; targets are mixed by area.

    Yun et al. 2019.
    """

    name: Literal["cutmix"] = "cutmix"

    def sample(self, shape: Sequence[int], generator: Generator) -> Pair:
        """Return partners (N), and each box's top, left, bottom and right (N, 4), clipped to the image."""
        count, _, *sides = shape
        limits = constants(tuple(sides), torch.int64, generator.device)
        partners = _partners(count, generator)
        shares = beta(count, self.alpha, generator)
        centres = torch.stack([integers((count,), side, generator) for side in sides], 1)
        half_sizes = ((1 - shares).sqrt()[:, None] / 2 * limits).long()
        low, high = (centres - half_sizes).clamp(min=0), (centres + half_sizes).minimum(limits)
        return partners, torch.cat([low, high], 1)

    def apply(self, images: Tensor, targets: Tensor, partners: Tensor, parameters: Tensor) -> Pair:
        pasted = box_mask(parameters, images.shape)
        shares = 1 - pasted.to(targets.dtype).mean((1, 2, 3))
        return torch.where(pasted, images[partners], images), _mixed_targets(targets, partners, shares)


def beta(count: int, alpha: float, generator: Generator) -> Tensor:
    """Return samples of Beta(alpha, alpha), (N): the first of two shares of Dirichlet(alpha, alpha)."""
    concentration = torch.full((count, 2), alpha, device=generator.device)
    # The function that torch.distributions calls, which itself takes no generator.
    return torch._sample_dirichlet(concentration, generator)[:, 0]


def _partners(count: int, generator: Generator) -> Tensor:
    return torch.randperm(count, generator=generator, device=generator.device)


def _mixed_targets(targets: Tensor, partners: Tensor, shares: Tensor) -> Tensor:
    return torch.lerp(targets[partners], targets, shares.to(targets.dtype)[:, None])


Mixing = Annotated[Annotated[Mixup | Cutmix, Field(discriminator="name")], named]
