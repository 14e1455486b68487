"""Batches as indices: the images stay where they are, one batch is taken at a time."""

from collections.abc import Iterator, Sequence

import torch
from torch import Generator, Tensor


def shuffled(count: int, batch_size: int, generators: Sequence[Generator]) -> Iterator[Tensor]:
    """Every index once, in random order, in batches (B); the last batch takes what is left.

    Several generators give batches (generators, B), each row in an order of its own.
    """
    orders = [torch.randperm(count, generator=generator, device=generator.device) for generator in generators]
    yield from (torch.stack(orders) if len(orders) > 1 else orders[0]).split(batch_size, -1)


def per_epoch(count: int, batch_size: int) -> int:
    """The number of batches that `shuffled` gives."""
    return -(-count // batch_size)
