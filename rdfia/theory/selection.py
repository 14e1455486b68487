"""Question 1: what becomes of a test figure if the test set chooses among several models.

Models that are all right about a share p of what there is come to k/n on a test set of n examples, k drawn from a
binomial distribution. The best of them is chosen by that figure, and its own accuracy is still p: on fresh examples it
falls back to it. No model is better than another here, so that all that is gained is chance.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Generator

from rdfia.config import Config, listed
from rdfia.data.store import Split
from rdfia.theory.answer import Answer

PERCENT = 100


class Selection(Config):
    """The best of each number of `models` of the same `accuracy`, on test sets of each of `sizes`, `times` over."""

    name: Literal["selection"] = "selection"
    models: Annotated[tuple[Annotated[int, Field(ge=1, le=1000)], ...], listed, Field(min_length=1)] = (1, 10, 100)
    sizes: Annotated[tuple[Annotated[int, Field(ge=1)], ...], listed, Field(min_length=1)] = (200, 1000, 10_000)
    accuracy: float = Field(0.7, gt=0, lt=1)
    times: int = Field(2000, ge=1, le=100_000)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return the mean figure of the best on the test set, and on as many fresh examples; no circles needed."""
        generator = Generator().manual_seed(self.seed)
        cases = [self.case(models, size, generator) for size in self.sizes for models in self.models]
        return Answer({"accuracy": PERCENT * self.accuracy, "times": self.times, "cases": cases})

    def case(self, models: int, size: int, generator: Generator) -> dict[str, Any]:
        """Choose the best of some models on a test set, many times."""
        share = torch.full((self.times, models), self.accuracy, dtype=torch.float64)
        tested, fresh = (torch.binomial(torch.full_like(share, size), share, generator) / size for _ in range(2))
        best, chosen = tested.max(1)
        again = fresh.gather(1, chosen[:, None])
        return {
            "models": models,
            "size": size,
            "test": PERCENT * float(best.mean()),
            "fresh": PERCENT * float(again.mean()),
        }
