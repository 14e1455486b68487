"""Batches as indices: the images stay in place, and one batch is gathered at a time."""

from collections.abc import Iterator, Sequence

import torch
from torch import Generator, Tensor

SMALL = 100_000  # values: a copy of them for every epoch costs nothing


def shuffled(count: int, batch_size: int, generators: Sequence[Generator]) -> Iterator[Tensor]:
    """Yield every index once, in random order, in batches (B); the last batch may be smaller.

    Several generators give batches (generators, B), each row in its own order.
    """
    orders = [torch.randperm(count, generator=generator, device=generator.device) for generator in generators]
    yield from (torch.stack(orders) if len(orders) > 1 else orders[0]).split(batch_size, -1)


def batches(x: Tensor, y: Tensor, batch_size: int, generators: Sequence[Generator]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the examples and labels of every batch; small data are reordered at once, large data batch by batch."""
    count = len(y)
    if x.numel() * len(generators) < SMALL:
        (order,) = shuffled(count, count, generators)
        axis = order.ndim - 1
        yield from zip(x[order].split(batch_size, axis), y[order].split(batch_size, axis), strict=True)
    else:
        yield from ((x[index], y[index]) for index in shuffled(count, batch_size, generators))


def size(batch_size: int | str, count: int) -> int:
    """Return how many of `count` examples a batch has: no more than there are, and all of them where it says `all`."""
    return count if isinstance(batch_size, str) else min(batch_size, count)


def per_epoch(count: int, batch_size: int | str) -> int:
    """Return the number of batches in an epoch."""
    return -(-count // size(batch_size, count))
