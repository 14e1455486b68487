"""Schedules against PyTorch's, optimisers against their equations."""

import math

import pytest
import torch
from torch import nn

from rdfia.train.optimise import SGD, Adam, AdamW, Constant, Cosine, Exponential


def optimiser(rate: float = 1.0) -> torch.optim.Optimizer:
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], rate)


def test_exponential_is_pytorchs_once_an_epoch() -> None:
    sgd = optimiser()
    reference = torch.optim.lr_scheduler.ExponentialLR(sgd, 0.9)
    for epoch in range(6):
        for batch in range(4):
            assert Exponential(gamma=0.9)(4 * epoch + batch, 4, 6) == pytest.approx(sgd.param_groups[0]["lr"])
        sgd.step()
        reference.step()


def test_cosine_is_pytorchs() -> None:
    sgd = optimiser()
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, 24)
    for step in range(24):
        assert Cosine()(step, 4, 6) == pytest.approx(sgd.param_groups[0]["lr"])
        sgd.step()
        reference.step()


def test_warmup_rises_evenly_and_then_falls_to_nothing() -> None:
    curve = [Cosine(warmup=2)(step, 10, 8) for step in range(80)]
    assert curve[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])
    assert max(curve) == curve[19] == pytest.approx(curve[20])
    assert all(a >= b for a, b in zip(curve[20:], curve[21:], strict=False))
    assert curve[-1] == pytest.approx((1 + math.cos(math.pi * 59 / 60)) / 2)
    assert {Constant()(step, 10, 8) for step in range(80)} == {1.0}


def test_sgd_follows_its_equation() -> None:
    weight = nn.Parameter(torch.tensor([2.0]))
    sgd = SGD(learning_rate=0.1, momentum=0.5, weight_decay=0.01).build([weight])
    w, v = 2.0, 0.0
    for _ in range(3):
        sgd.zero_grad()
        (weight**2).sum().backward()
        sgd.step()
        v = 0.5 * v + 2 * w + 0.01 * w
        w = w - 0.1 * v
    assert weight.item() == pytest.approx(w)


@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_the_first_step_of_adam_is_the_learning_rate(kind: type) -> None:
    weight = nn.Parameter(torch.tensor([1.0]))
    adam = kind(learning_rate=0.01).build([weight])
    (weight * 7).sum().backward()
    adam.step()
    assert weight.item() == pytest.approx(0.99, abs=1e-6)
