"""Question 3: what a hidden layer can do that no single layer can, with tanh in it and without.

The best fit to f(x) = |x| on [−1, 1] by a sum of tanh units, and by the same units without tanh. The units are fixed,
tanh(n (x − c)) with n centres c side by side, and their sum is fitted by least squares: more could be fitted, so the
errors are bounds. Without tanh every sum of units is a line, and the best line through a corner is level.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config, listed
from rdfia.data.store import Split
from rdfia.theory.answer import Answer

Width = Annotated[int, Field(ge=1, le=4096)]


class Approximation(Config):
    """Fits with each of `widths` hidden units on a grid of `points`."""

    name: Literal["approximation"] = "approximation"
    widths: Annotated[tuple[Width, ...], listed, Field(min_length=1)] = (2, 4, 8, 16, 32, 64)
    points: int = Field(2001, ge=11, le=1_000_001)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return the largest errors of the fits, and what two linear layers come to; the circles are not needed."""
        x = torch.linspace(-1, 1, self.points, dtype=torch.float64)
        fits = [
            {"units": n, "tanh": worst(units(x, n), x), "linear": worst(units(x, n, False), x)} for n in self.widths
        ]
        return Answer({"fits": fits, "single": worst(x[:, None], x), **self.collapse()})

    def collapse(self) -> dict[str, Any]:
        """Return how far W₂(W₁x + b₁) + b₂ is from one linear layer, and the rank of its matrix."""
        generator = Generator().manual_seed(self.seed)
        inputs, hidden, outputs, examples = 8, 3, 6, 100

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, dtype=torch.float64, generator=generator)

        x, first, last, shift = (
            normal(examples, inputs),
            normal(hidden, inputs),
            normal(outputs, hidden),
            normal(hidden),
        )
        two, one = (x @ first.T + shift) @ last.T, x @ (last @ first).T + shift @ last.T
        rank = int(torch.linalg.matrix_rank(last @ first))
        return {"apart": float((two - one).abs().max()), "rank": rank, "sizes": [inputs, hidden, outputs]}


def units(x: Tensor, count: int, bent: bool = True) -> Tensor:
    """Return what `count` hidden units give at each x (points, units)."""
    centres = torch.linspace(-1, 1, 2 * count + 1, dtype=x.dtype)[1::2]
    sums = count * (x[:, None] - centres)
    return sums.tanh() if bent else sums


def worst(features: Tensor, x: Tensor) -> float:
    """Return the largest error of the least-squares fit of |x| by the features and a constant."""
    columns = torch.cat([features, torch.ones_like(x)[:, None]], 1)
    weights = torch.linalg.lstsq(columns, x.abs(), driver="gelsd").solution
    return float((columns @ weights - x.abs()).abs().max())
