"""The two losses and the way they move a prediction."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from rdfia.data.store import Split
from rdfia.theory.losses import KINDS, Losses, curvature, push

PYTORCH: dict[str, Callable[[Tensor], Tensor]] = {
    "cross_entropy": lambda y_tilde: nn.functional.cross_entropy(y_tilde, torch.tensor([0])),
    "squared_error": lambda y_tilde: (y_tilde.softmax(-1) - torch.tensor([[1.0, 0.0]])).square().sum(),
}


def test_the_pushes_are_their_closed_forms() -> None:
    p = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)
    expected = {"cross_entropy": (1 / p, 1 - p), "squared_error": (2 * (1 - p), 4 * p * (1 - p) ** 2)}
    for kind, pair in expected.items():
        torch.testing.assert_close(push(kind, p), pair)


@pytest.mark.parametrize("kind", KINDS)
def test_the_flow_is_plain_descent_in_pytorch(kind: str) -> None:
    question = Losses(steps=30, start=0.05)
    y_tilde = torch.tensor([[0.05, 0.95]], dtype=torch.float64).log()
    for _ in range(question.steps):
        y_tilde.requires_grad_()
        (gradient,) = torch.autograd.grad(PYTORCH[kind](y_tilde), y_tilde)
        y_tilde = (y_tilde - question.learning_rate * gradient).detach()
    flow = question.flow(kind)
    assert flow.shape == (31,)
    assert flow[0].item() == pytest.approx(0.05)
    torch.testing.assert_close(flow[-1], y_tilde.softmax(-1)[0, 0])


def test_squared_error_stalls_where_the_network_is_most_wrong(circles: Split) -> None:
    facts = Losses().answer(circles).facts
    ours, theirs = facts["cross_entropy"], facts["squared_error"]
    assert theirs["strongest_at"] == pytest.approx(1 / 3, abs=1e-9)
    assert ours["at_start"] > 100 * theirs["at_start"]
    assert theirs["steps_to"]["0.5"] > 10 * ours["steps_to"]["0.5"]


def test_a_level_that_is_never_reached_is_none(circles: Split) -> None:
    assert Losses(steps=3).answer(circles).facts["squared_error"]["steps_to"] == {"0.5": None, "0.9": None}


def test_cross_entropy_is_convex_everywhere_and_squared_error_from_a_third_on() -> None:
    p = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)
    torch.testing.assert_close(curvature("cross_entropy", p), p * (1 - p))
    torch.testing.assert_close(curvature("squared_error", p), 4 * p * (1 - p) ** 2 * (3 * p - 1))
