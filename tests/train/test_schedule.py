"""Schedules against PyTorch's and their equations, and the rate of a range test on curves whose answer is known."""

import math
from itertools import pairwise
from typing import Any, get_args

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Generator, nn
from torch.optim import lr_scheduler

from rdfia.train.schedule import (
    Constant,
    Cosine,
    Cyclical,
    Exponential,
    InverseTime,
    OneCycle,
    Polynomial,
    RangeTest,
    Schedule,
    Step,
    suggest,
)

KINDS = get_args(get_args(Schedule)[0])
SETTINGS: dict[type, dict[str, Any]] = {
    Step: {"at": (0.3, 0.6)},
    Polynomial: {"power": 2.0},
    Cyclical: {"cycles": 2.0},
    RangeTest: {"low": 0.01, "high": 1.0},
}
SCHEDULES = [kind(**SETTINGS.get(kind, {})) for kind in KINDS]
ENDS = {"base_lr": 0.1, "max_lr": 1.0}

# Ours, PyTorch's, its options, and whether it is called once an epoch or at every step; 6 epochs of 4 steps.
ORACLES: list[tuple[Schedule, Any, dict[str, Any], bool]] = [
    (Exponential(gamma=0.9), lr_scheduler.ExponentialLR, {"gamma": 0.9}, True),
    (Step(at=(0.5, 2 / 3), gamma=0.3), lr_scheduler.MultiStepLR, {"milestones": [3, 4], "gamma": 0.3}, True),
    (InverseTime(gamma=0.8), lr_scheduler.LambdaLR, {"lr_lambda": lambda step: 1 / (1 + 0.2 * step)}, False),
    (Polynomial(), lr_scheduler.PolynomialLR, {"total_iters": 24}, False),
    (Polynomial(power=2.5), lr_scheduler.PolynomialLR, {"total_iters": 24, "power": 2.5}, False),
    (Cosine(), lr_scheduler.CosineAnnealingLR, {"T_max": 24}, False),
    (Cyclical(cycles=2.4), lr_scheduler.CyclicLR, {**ENDS, "step_size_up": 5, "cycle_momentum": False}, False),
    (OneCycle(), lr_scheduler.OneCycleLR, {"max_lr": 1.0, "total_steps": 24, "cycle_momentum": False}, False),
    (
        OneCycle(rise=0.55, low=0.1, end=0.001),
        lr_scheduler.OneCycleLR,
        {"max_lr": 1.0, "total_steps": 24, "pct_start": 0.55, "div_factor": 10, "final_div_factor": 100},
        False,
    ),
]


@pytest.mark.parametrize(("ours", "kind", "options", "by_epoch"), ORACLES)
def test_schedules_are_those_of_torch(ours: Schedule, kind: Any, options: Any, by_epoch: bool) -> None:
    sgd = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 1.0, momentum=0.9)
    reference = kind(sgd, **options)
    for step in range(24):
        assert ours(step, 4, 6) == pytest.approx(sgd.param_groups[0]["lr"], abs=1e-9)
        sgd.step()
        if step < 23 and (not by_epoch or step % 4 == 3):
            reference.step()


def test_warmup_rises_evenly_and_then_falls_to_nothing() -> None:
    curve = [Cosine(warmup=2)(step, 10, 8) for step in range(80)]
    assert curve[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])
    assert max(curve) == curve[19] == pytest.approx(curve[20])
    assert all(a >= b for a, b in pairwise(curve[20:]))
    assert curve[-1] == pytest.approx((1 + math.cos(math.pi * 59 / 60)) / 2)
    assert {Constant()(step, 10, 8) for step in range(80)} == {1.0}


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.name)
def test_warmup_leads_to_where_a_schedule_starts_and_leaves_it_as_it_is(schedule: Any) -> None:
    late = schedule.model_copy(update={"warmup": 1.5})
    curve = [late(step, 4, 7) for step in range(28)]
    assert curve[6:] == [schedule.shape(step, 4, 22) for step in range(22)]
    assert curve[:6] == pytest.approx([(step + 1) / 6 * curve[6] for step in range(6)])


@given(
    schedule=st.sampled_from(SCHEDULES),
    warmup=st.floats(0, 12),
    per_epoch=st.integers(1, 9),
    epochs=st.integers(1, 9),
)
def test_every_factor_is_between_nothing_and_one(schedule: Any, warmup: float, per_epoch: int, epochs: int) -> None:
    late = schedule.model_copy(update={"warmup": warmup})
    factors = [late(step, per_epoch, epochs) for step in range(per_epoch * epochs)]
    assert all(0 < factor <= 1 + 1e-12 for factor in factors)


def test_triangles_touch_both_ends_and_repeat() -> None:
    curve = [Cyclical(cycles=3.0, low=0.2)(step, 10, 6) for step in range(60)]
    assert (min(curve), max(curve)) == pytest.approx((0.2, 1))
    assert curve[:20] == pytest.approx(curve[20:40])
    assert [curve[step] for step in (0, 5, 10, 15)] == pytest.approx([0.2, 0.6, 1, 0.6])


def test_a_range_test_uses_evenly_spaced_logarithms_between_its_ends() -> None:
    curve = [RangeTest(low=1e-3, high=10.0)(step, 5, 4) for step in range(20)]
    assert (curve[0], curve[-1]) == pytest.approx((1e-3, 10))
    assert [b / a for a, b in pairwise(curve)] == pytest.approx([1e4 ** (1 / 19)] * 19)
    assert RangeTest()(0, 1, 1) == pytest.approx(RangeTest().low)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (RangeTest, {"low": 1.0, "high": 1.0}),
        (RangeTest, {"warmup": 1.0}),
        (Cyclical, {"low": 1.0}),
        (Cyclical, {"cycle": 0.0}),
        (OneCycle, {"rise": 1.0}),
        (Step, {"every": 0}),
        (Polynomial, {"power": -1.0}),
        (InverseTime, {"gamma": 0.0}),
        (Exponential, {"warmup": -1.0}),
    ],
)
def test_bad_settings_are_refused(kind: Any, settings: Any) -> None:
    with pytest.raises(ValidationError):
        kind(**settings)


RATES = [10 ** (-4 + 5 * i / 199) for i in range(200)]  # 1e-4 … 10


def bowl(noise: float = 0.0) -> list[float]:
    """A fall that is steepest at a rate of 0.01, and a blow-up at about 1."""
    jitter = torch.randn(200, generator=Generator().manual_seed(0)).tolist()
    falls = [2.3 - 0.75 * (1 + math.tanh(3 * math.log10(rate / 0.01))) for rate in RATES]
    return [fall + min(rate**4, 1e6) + noise * j for fall, rate, j in zip(falls, RATES, jitter, strict=True)]


def test_the_suggested_rate_is_where_the_loss_falls_most_steeply() -> None:
    assert suggest(RATES, bowl()) == pytest.approx(0.01, rel=0.02)


def test_noise_moves_the_suggested_rate_little() -> None:
    rate = suggest(RATES, bowl(noise=0.1))
    assert rate is not None
    assert 0.005 < rate < 0.02


def test_losses_after_the_smallest_are_not_used() -> None:
    cliff = [loss if rate < 3 else 50.0 * (10 - rate) for rate, loss in zip(RATES, bowl(), strict=True)]
    assert suggest(RATES, cliff) == pytest.approx(0.01, rel=0.02)
    lost = [loss if rate < 0.5 else math.nan for rate, loss in zip(RATES, bowl(), strict=True)]
    assert suggest(RATES, lost) == pytest.approx(0.01, rel=0.02)


def test_a_loss_that_never_falls_suggests_nothing() -> None:
    assert suggest(RATES, [2.3 + rate for rate in RATES]) is None
    assert suggest(RATES, [2.3] * 200) is None
    assert suggest(RATES, [math.nan] * 200) is None


def test_noise_on_a_loss_that_only_rises_is_not_taken_for_a_fall() -> None:
    for seed in range(20):
        jitter = torch.randn(200, generator=Generator().manual_seed(seed)).tolist()
        assert suggest(RATES, [2.3 + 0.1 * j + rate**2 for j, rate in zip(jitter, RATES, strict=True)]) is None


@pytest.mark.parametrize("rates", [[], [1.0, 2.0], [1.0, 1.0, 2.0], [0.0, 1.0, 2.0], [3.0, 2.0, 1.0]])
def test_rates_that_do_not_rise_are_no_range_test(rates: list[float]) -> None:
    with pytest.raises(ValueError, match="a loss for each rate"):
        suggest(rates, [3.0, 2.0, 1.0])
