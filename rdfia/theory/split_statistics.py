"""Question 1d.20: how far a normalised pixel moves where a split is standardised by its own mean and deviation.

The images are painted anew as the embedded ones are, for training and for the other splits: no test split is read.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from torch import Tensor

from rdfia.config import Config, listed
from rdfia.data.normalise import Standardise, Statistics, fit_all, to_unit
from rdfia.data.objects import Objects
from rdfia.data.store import Split
from rdfia.theory.answer import Answer


class SplitStatistics(Config):
    """Splits of `images` images each beside `train` train images; of a smaller split as many as the largest holds."""

    name: Literal["split_statistics"] = "split_statistics"
    train: int = Field(3000, ge=10, le=10**5)
    images: Annotated[tuple[Annotated[int, Field(ge=10, le=10**5)], ...], listed, Field(min_length=1)] = (10, 100, 1000)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return the moves by the size of the split; the circles are not needed."""
        drawn = Objects(train=self.train, test=max(self.images), seed=self.seed).load(Path())
        ours, others = fit_all(drawn.train.x, [Standardise]), drawn.test.x
        splits = {size: [part for part in others.split(size) if len(part) == size] for size in self.images}
        return Answer({"train": self.train, "splits": [_facts(size, ours, parts) for size, parts in splits.items()]})


def _facts(size: int, ours: Statistics, parts: list[Tensor]) -> dict[str, Any]:
    """Return the root of the mean square move of a pixel, in standard deviations and in the levels of a byte."""
    moves = [moved(part, ours, fit_all(part, [Standardise])) for part in parts]
    move = (sum(each**2 for each in moves) / len(moves)) ** 0.5
    level = float(255 * ours["standardise/std"].mean())
    return {"images": size, "splits": len(parts), "move": move, "levels": move * level, "largest": max(moves)}


def moved(images: Tensor, ours: Statistics, own: Statistics) -> float:
    """Return the root of the mean square difference of pixels that are standardised by either statistics."""
    one, two = (Standardise().build(statistics)(to_unit(images)) for statistics in (ours, own))
    return float((one - two).square().mean().sqrt())
