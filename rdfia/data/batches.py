"""Batches as indices: the images stay where they are, one batch is taken at a time."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor


def shuffled(count: int, batch_size: int, generator: Generator) -> Iterator[Tensor]:
    """Every index once, in random order, in batches; the last batch takes what is left."""
    order = torch.randperm(count, generator=generator, device=generator.device)
    yield from order.split(batch_size)


def per_epoch(count: int, batch_size: int) -> int:
    """The number of batches that `shuffled` gives."""
    return -(-count // batch_size)
