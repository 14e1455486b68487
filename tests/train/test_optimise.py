"""Schedules against PyTorch's, optimisers against their equations."""

import math
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Generator, nn

from rdfia.train.optimise import SGD, Adam, AdamW, Constant, Cosine, Descent, Exponential


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
    assert all(a >= b for a, b in pairwise(curve[20:]))
    assert curve[-1] == pytest.approx((1 + math.cos(math.pi * 59 / 60)) / 2)
    assert {Constant()(step, 10, 8) for step in range(80)} == {1.0}


ORACLES = [
    (SGD(learning_rate=0.1), torch.optim.SGD, {}),
    (SGD(learning_rate=0.1, momentum=0.9, weight_decay=0.01), torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.01}),
    (SGD(learning_rate=0.1, momentum=0.9, nesterov=True), torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    (Adam(learning_rate=0.01), torch.optim.Adam, {}),
    (Adam(learning_rate=0.01, weight_decay=0.1), torch.optim.Adam, {"weight_decay": 0.1}),
    (AdamW(learning_rate=0.01, weight_decay=0.1), torch.optim.AdamW, {"weight_decay": 0.1}),
]


@pytest.mark.parametrize(("ours", "kind", "options"), ORACLES)
def test_updates_are_those_of_torch(ours: Adam | SGD, kind: type[torch.optim.Optimizer], options: Any) -> None:
    start = torch.randn(4, 3, generator=Generator().manual_seed(0))
    own, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    descent, reference = Descent(ours, [own]), kind([theirs], lr=ours.learning_rate * 0.5, **options)
    for step in range(20):
        gradient = torch.randn(4, 3, generator=Generator().manual_seed(step))
        own.grad, theirs.grad = gradient.clone(), gradient.clone()
        descent.step(0.5)
        reference.step()
    torch.testing.assert_close(own, theirs, atol=1e-6, rtol=1e-5)
    assert own.grad is None


def test_weights_without_a_gradient_stay() -> None:
    weight = nn.Parameter(torch.ones(2))
    Descent(SGD(learning_rate=1.0, weight_decay=1.0), [weight]).step(1.0)
    assert weight.tolist() == [1, 1]


def test_training_does_not_import_pytorchs_compiler() -> None:
    code = (
        "import sys, torch; from rdfia.models.cnn import CNN; from rdfia.train.optimise import Descent, SGD;"
        "n = CNN(channels=(2,), hidden=2).build((1, 8, 8), 2, torch.Generator());"
        "n(torch.ones(2, 1, 8, 8)).sum().backward(); Descent(SGD(learning_rate=1.0), n.parameters()).step(1.0);"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
