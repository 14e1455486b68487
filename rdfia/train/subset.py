"""The train examples that a seed draws for a support vector machine."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from rdfia.config import ConfigError
from rdfia.train.run import Data, Examples


def sample_examples(sample: int | None, data: Data, seed: int, balanced: bool = False) -> Examples:
    """Sample the train examples of a seed without replacement, in random order; with None return all of them.

    Balanced, the sample has as many of each class: those that come first in the same order.
    """
    x, y = data.train
    if not len(data.validation[1]):
        raise ConfigError("validation: found 0 examples, allowed: at least 1, on which C is chosen")
    if sample is not None:
        if sample > len(y):
            raise ConfigError(f"sample: found {sample}, allowed: 1 to {len(y)}, the train examples there are")
        order = torch.randperm(len(y), generator=Generator().manual_seed(seed))
        chosen = order[_first_of_each(y[order], sample, data.card["classes"])] if balanced else order[:sample]
        x, y = x[chosen], y[chosen]
    missing = set(range(len(data.card["classes"]))) - set(y.tolist())
    if missing:
        names = ", ".join(data.card["classes"][label] for label in sorted(missing))
        raise ConfigError(f"sample: found {len(y)}, of which seed {seed} draws none of {names}; allowed: more")
    return x, y


def _first_of_each(y: Tensor, sample: int, classes: Sequence[str]) -> Tensor:
    """Return which labels (n,) are among the first of their class, with as many of each class in the sample."""
    if sample % len(classes):
        raise ConfigError(f"sample: found {sample}, allowed where it is balanced: a multiple of {len(classes)} classes")
    is_class = (y[:, None] == torch.arange(len(classes))).long()  # (n, classes)
    counts = is_class.sum(0).tolist()
    least, share = min(counts), sample // len(classes)
    if least < share:
        most = f"{least * len(classes)}, as {classes[counts.index(least)]} has {least} train examples"
        raise ConfigError(f"sample: found {sample}, allowed where it is balanced: at most {most}")
    return (is_class.cumsum(0) * is_class).sum(1) <= share
