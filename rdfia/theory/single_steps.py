"""What single steps do on functions of one or two numbers: questions 8, 11 and 1d.28, and what reports say of them.

past the target    ŷ − γ ∂‖ŷ − y‖²/∂ŷ = y + (1 − 2γ)(ŷ − y)
two valleys        f(x) = (x² − 1)²/4 + t x, the left one deeper
a saddle           f(x, y) = (x² − y²)/2, where Newton's step is the whole way to (0, 0)
one flat axis      f(x, y) = x²/2 + y at x = 0: its gradient is (0, 1)
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from rdfia.config import Config, listed
from rdfia.data.store import Split
from rdfia.theory.answer import Answer

Rate = Annotated[float, Field(gt=0, le=2)]
Rates = Annotated[tuple[Rate, ...], listed, Field(min_length=1)]
TILT = 0.1
BETAS, EPSILON = (0.9, 0.999), 1e-8
PHASES = (("no gradient", 0.0, 1), ("after one of 1", 1.0, 1), ("after 1,000 of 0.001", 1e-3, 1000))


class SingleSteps(Config):
    """Steps of these rates; paths of `steps` steps begin at `start` in the shallow valley, and near the saddle."""

    name: Literal["single_steps"] = "single_steps"
    past: Rates = (0.1, 0.25, 0.5, 0.75, 1.0, 1.25)
    rates: Rates = (0.001, 0.01, 0.1, 0.3, 0.6, 0.9)
    start: float = Field(1.6, gt=1, lt=2)
    steps: int = Field(10_000, ge=100, le=1_000_000)
    near: float = Field(1e-3, gt=0, lt=1)

    def answer(self, circles: Split) -> Answer:
        """Return where the steps lead; the circles are not needed."""
        facts = {
            "past": [{"rate": rate, "left": left(rate)} for rate in self.past],
            "tilt": TILT,
            "start": self.start,
            "steps": self.steps,
            "valleys": [self.valley(rate) for rate in self.rates],
            "saddle": self.saddle(),
            "flat_axis": gradient(lambda at: at[0] ** 2 / 2 + at[1], torch.tensor([0.0, 0.0])).tolist(),
            "second_moments": second_moments(),
        }
        return Answer(facts)

    def valley(self, rate: float) -> dict[str, Any]:
        """Follow descent on the two valleys, and say in which it ends."""
        x = self.start
        for _ in range(self.steps):
            x -= rate * slope(x)
        return {"rate": rate, "end": x, "height": height(x), "left_it": x < 0}

    def saddle(self) -> dict[str, Any]:
        """Return where one Newton step and where descent leads from beside the saddle, after 100 steps of 0.1."""
        at = torch.tensor([1.0, self.near], dtype=torch.float64)
        curvature = torch.autograd.functional.hessian(saddle, at)
        newton = at - torch.linalg.solve(curvature, gradient(saddle, at))
        descent = at
        for _ in range(100):
            descent = descent - 0.1 * gradient(saddle, descent)
        return {"start": at.tolist(), "newton": newton.tolist(), "descent": descent.tolist()}


def left(rate: float) -> float:
    """Return the part of ŷ − y that one step on the squared error leaves, negative beyond the target."""
    target, at = torch.tensor(0.2, dtype=torch.float64), torch.tensor(0.9, dtype=torch.float64)
    after = at - rate * gradient(lambda y_hat: (y_hat - target) ** 2, at)
    return float((after - target) / (at - target))


def gradient(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """Return the gradient by PyTorch."""
    at = at.clone().requires_grad_()
    (found,) = torch.autograd.grad(function(at), at)
    return found


def height(x: float) -> float:
    """Return the height of the two valleys."""
    return (x * x - 1) ** 2 / 4 + TILT * x


def slope(x: float) -> float:
    """Return the derivative of `height`."""
    return x * (x * x - 1) + TILT


def saddle(at: Tensor) -> Tensor:
    """Return the height of the saddle."""
    return (at[0] ** 2 - at[1] ** 2) / 2


def second_moments() -> dict[str, dict[str, float]]:
    """Return the denominator of Adam's and AMSGrad's steps after a large gradient that small ones follow, and none."""
    found = {}
    for name, amsgrad in (("adam", False), ("amsgrad", True)):
        weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimiser = torch.optim.Adam([weight], betas=BETAS, eps=EPSILON, amsgrad=amsgrad)
        kept = "max_exp_avg_sq" if amsgrad else "exp_avg_sq"
        values = dict[str, float]()
        for phase, size, times in PHASES:
            for _ in range(times):
                weight.grad = torch.full_like(weight, size)
                optimiser.step()
            values[phase] = float(optimiser.state[weight][kept].sqrt()) + EPSILON
        found[name] = values
    return found
