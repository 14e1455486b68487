"""Questions 8 and 9: cross-entropy and squared error as they move the prediction ŷ of one example of two classes.

ŷ = (p, 1 − p), and the true class is the first, so y = (1, 0). Through softmax, descent moves ỹ and not ŷ:

    cross-entropy  -∂L/∂ỹ_c = 1 − p          squared error  -∂L/∂ỹ_c = 4 p (1 − p)²

which vanishes where p is small, though the prediction could not be more wrong. Over ỹ_c the cross-entropy is convex
everywhere, its curvature being p (1 − p); the squared error, with 4 p (1 − p)² (3p − 1), only where p > 1/3.
"""

from collections.abc import Callable
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from rdfia.config import Config
from rdfia.data.store import Split
from rdfia.models import formulas
from rdfia.theory.answer import Answer

KINDS: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor]]] = {
    "cross_entropy": (formulas.cross_entropy, formulas.grad_y_hat_cross_entropy),
    "squared_error": (formulas.squared_error, formulas.grad_y_hat_squared_error),
}
LEVELS = (0.5, 0.9)  # of ŷ of the true class: no longer wrong, and sure


class Losses(Config):
    """Both losses at `points` values of p, and plain descent on ỹ that begins at p = `start`."""

    name: Literal["losses"] = "losses"
    points: int = Field(299, ge=3, le=100_000)
    start: float = Field(0.001, gt=0, lt=0.5)
    learning_rate: float = Field(0.5, gt=0, le=1000)
    steps: int = Field(400, ge=1, le=100_000)

    def answer(self, circles: Split) -> Answer:
        """Return both losses and their gradients over p, and p during descent; the circles are not needed."""
        p = torch.linspace(0, 1, self.points + 2, dtype=torch.float64)[1:-1]
        arrays = {"p": p}
        facts: dict[str, Any] = {"start": self.start, "learning_rate": self.learning_rate, "steps": self.steps}
        for kind, (loss, _) in KINDS.items():
            on_y_hat, on_y_tilde = push(kind, p)
            flow = self.flow(kind)
            value = loss(truth(p), prediction(p))
            arrays |= {f"{kind}/loss": value, f"{kind}/on_y_hat": on_y_hat, f"{kind}/on_y_tilde": on_y_tilde}
            arrays[f"{kind}/flow"] = flow
            facts[kind] = self._facts(kind, p, on_y_tilde, flow)
        return Answer(facts, arrays)

    def flow(self, kind: str) -> Tensor:
        """Return p before each step of descent on ỹ and after the last one: (steps + 1)."""
        y_tilde = prediction(torch.tensor([self.start], dtype=torch.float64)).log()  # softmax(log ŷ) = ŷ
        y = truth(torch.ones(1))
        predictions = [formulas.softmax(y_tilde)]
        for _ in range(self.steps):
            gradient = formulas.grad_y_tilde_through_softmax(predictions[-1], KINDS[kind][1](y, predictions[-1]))
            y_tilde = formulas.sgd(y_tilde, gradient, self.learning_rate)
            predictions.append(formulas.softmax(y_tilde))
        return torch.cat(predictions)[:, 0, 0]

    def _facts(self, kind: str, p: Tensor, on_y_tilde: Tensor, flow: Tensor) -> dict[str, Any]:
        """Return the p of the strongest push, the push at the start, and the steps of descent to each of `LEVELS`."""
        at_start = push(kind, torch.tensor([self.start], dtype=torch.float64))[1]
        return {
            "strongest_at": float(p[on_y_tilde.argmax()]),
            "convex_from": float(p[first(curvature(kind, p) >= 0) or 0]),
            "at_start": float(at_start),
            "steps_to": {str(level): first(flow >= level) for level in LEVELS},
        }


def prediction(p: Tensor) -> Tensor:
    """Return ŷ of one example with two classes: (..., 1, 2)."""
    return torch.stack((p, 1 - p), -1).unsqueeze(-2)


def truth(p: Tensor) -> Tensor:
    """Return y of the same shape as `prediction`: the first class."""
    return prediction(torch.ones_like(p, dtype=torch.float64))


def push(kind: str, p: Tensor) -> tuple[Tensor, Tensor]:
    """Return the push of descent on the true class: -∂L/∂ŷ_c, and -∂L/∂ỹ_c through softmax."""
    on_y_hat = KINDS[kind][1](truth(p), prediction(p))
    on_y_tilde = formulas.grad_y_tilde_through_softmax(prediction(p), on_y_hat)
    return -on_y_hat[..., 0, 0], -on_y_tilde[..., 0, 0]


def curvature(kind: str, p: Tensor) -> Tensor:
    """Return ∂²L/∂ỹ_c², by PyTorch."""
    y_tilde = p.logit().requires_grad_()
    loss = KINDS[kind][0](truth(p), formulas.softmax(prediction_of(y_tilde)))
    (slope,) = torch.autograd.grad(loss.sum(), y_tilde, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), y_tilde)
    return bend


def prediction_of(y_tilde: Tensor) -> Tensor:
    """Return ỹ = (ỹ_c, 0) of one example with two classes, whose softmax begins with σ(ỹ_c): (..., 1, 2)."""
    return torch.stack((y_tilde, torch.zeros_like(y_tilde)), -1).unsqueeze(-2)


def first(condition: Tensor) -> int | None:
    """Return the first index where the condition holds, None if it never does."""
    return int(condition.int().argmax()) if bool(condition.any()) else None
