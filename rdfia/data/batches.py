"""Batches as indices: the images stay where they are, one batch is taken at a time."""

from collections.abc import Iterator, Sequence

import torch
from torch import Generator, Tensor

SMALL = 100_000  # values: a copy of them for every epoch costs nothing


def shuffled(count: int, batch_size: int, generators: Sequence[Generator]) -> Iterator[Tensor]:
    """Every index once, in random order, in batches (B); the last batch takes what is left.

    Several generators give batches (generators, B), each row in an order of its own.
    """
    orders = [torch.randperm(count, generator=generator, device=generator.device) for generator in generators]
    yield from (torch.stack(orders) if len(orders) > 1 else orders[0]).split(batch_size, -1)


def batches(x: Tensor, y: Tensor, batch_size: int, generators: Sequence[Generator]) -> Iterator[tuple[Tensor, Tensor]]:
    """The examples and labels of every batch; few examples are put in order at once, many batch by batch."""
    count = len(y)
    if x.numel() * len(generators) < SMALL:
        (order,) = shuffled(count, count, generators)
        along = order.ndim - 1
        yield from zip(x[order].split(batch_size, along), y[order].split(batch_size, along), strict=True)
    else:
        yield from ((x[index], y[index]) for index in shuffled(count, batch_size, generators))


def per_epoch(count: int, batch_size: int) -> int:
    """The number of batches that `shuffled` gives."""
    return -(-count // batch_size)
