"""Questions 1d.30 to 1d.33: dropout in train and in test, as a sum of masks, and what it drops.

A layer of ReLU units h and the layer above it, W h. With p the share that is dropped, training multiplies each unit by
a mask of 0 and 1 and by `train`, testing multiplies it by `test`. A convention is right if what the layer above gets in
testing is the mean of what it gets in training. Every mask is a network of its own, and the test pass stands for all:

    the mean over masks of W(m ⊙ h)/(1 − p) is W h, so the normalised geometric mean of their softmaxes is softmax(W h)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config, listed
from rdfia.data.store import Split
from rdfia.theory.answer import Answer

Share = Annotated[float, Field(gt=0, lt=1)]
CLASSES = 10


@dataclass(frozen=True)
class Convention:
    """By what a unit is multiplied in training, beside its mask, and in testing."""

    written: str
    reports: tuple[str, ...]  # empty where it is right
    train: Callable[[float], float]
    test: Callable[[float], float]


CONVENTIONS = (
    Convention("train 1/(1 − p), test 1", (), lambda p: 1 / (1 - p), lambda p: 1),
    Convention("train 1, test 1 − p", (), lambda p: 1, lambda p: 1 - p),
    Convention("train 1, test p", ("R2023a",), lambda p: 1, lambda p: p),
    Convention("train 1, test 1", ("R2024",), lambda p: 1, lambda p: 1),
)


class Dropout(Config):
    """Layers of `units` units with random weights under `draws` masks, at several shares p."""

    name: Literal["dropout"] = "dropout"
    shares: Annotated[tuple[Share, ...], listed, Field(min_length=1)] = (0.2, 0.5, 0.8)
    units: int = Field(64, ge=4, le=1024)
    draws: int = Field(20_000, ge=100, le=1_000_000)
    passes: Annotated[tuple[Annotated[int, Field(ge=1)], ...], listed, Field(min_length=1)] = (1, 10, 100, 1000)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return what each convention does to the mean, and how near an ensemble of masks comes to the test pass."""
        generator = Generator().manual_seed(self.seed)
        h = torch.randn(self.units, dtype=torch.float64, generator=generator).relu()
        above = torch.randn(CLASSES, self.units, dtype=torch.float64, generator=generator) / self.units**0.5
        drawn = {p: masks(self.draws, self.units, p, generator) for p in self.shares}
        facts = {
            "units": self.units,
            "draws": self.draws,
            "conventions": [
                {
                    "written": one.written,
                    "reports": list(one.reports),
                    "ratio": {str(p): ratio(one, p, mask, h, above) for p, mask in drawn.items()},
                }
                for one in CONVENTIONS
            ],
            "ensembles": [ensemble(p, count, mask, h, above) for p, mask in drawn.items() for count in self.passes],
            "dropped": {str(p): dropped_rank(mask, h, above) for p, mask in drawn.items()},
        }
        return Answer(facts)


def masks(count: int, units: int, p: float, generator: Generator) -> Tensor:
    """Draw masks (count, units): 1 with probability 1 − p."""
    return (torch.rand(count, units, generator=generator) >= p).double()


def ratio(convention: Convention, p: float, mask: Tensor, h: Tensor, above: Tensor) -> float:
    """Return how many times as large the layer above's input is in testing as on average in training: 1 is right."""
    mean = ((mask * h * convention.train(p)) @ above.T).mean(0)
    test = above @ (h * convention.test(p))
    return float((test @ mean) / (mean @ mean))


def ensemble(p: float, count: int, mask: Tensor, h: Tensor, above: Tensor) -> dict[str, Any]:
    """Return how far the mean of some masked passes is from the test pass, as half the sum of what shares differ.

    `spread` is that of one masked pass, on average; `arithmetic` and `geometric` are of the means over `count` passes,
    averaged over as many such ensembles as there are masks for, at most 20.
    """
    logits, test = (mask * h / (1 - p)) @ above.T, (above @ h).softmax(-1)
    groups = logits[: len(logits) // count * count].view(-1, count, CLASSES)[:20]
    return {
        "p": p,
        "passes": min(count, len(logits)),
        "spread": apart(logits.softmax(-1), test),
        "arithmetic": apart(groups.softmax(-1).mean(1), test),
        "geometric": apart(groups.mean(1).softmax(-1), test),
    }


def apart(shares: Tensor, test: Tensor) -> float:
    """Return half the sum of the differences of two distributions over the classes, on average."""
    return float((shares - test).abs().sum(-1).mean() / 2)


def dropped_rank(mask: Tensor, h: Tensor, above: Tensor) -> float:
    """Return where the dropped units stand by what they give to the layer above: 0 the least, 1 the most, ½ any."""
    ranks = (above.norm(dim=0) * h).argsort().argsort().double() / (len(h) - 1)
    dropped = 1 - mask
    return float((dropped @ ranks).sum() / dropped.sum())
