"""How the test error goes with the number of train images."""

from dataclasses import replace

import numpy as np
import pytest

from rdfia.analyse.groups import Group, groups
from rdfia.analyse.results import FINISHED, Card, ChapterResult, RunResult
from rdfia.analyse.train_images import error_power, train_images

CARD = Card("cifar10", counts={"train": 40_000})
SIZES, POWER, SEEDS = (1000, 4000, 10_000), -0.3, 4


def run(size: int | None) -> RunResult:
    """A run whose seeds scatter around errors that go as a power of its images."""
    noise = np.random.default_rng(size or 0).normal(0, 0.02, SEEDS)
    errors = 400 * (size or 40_000) ** POWER * np.exp(noise)
    tests = {str(seed): float(100 - error) for seed, error in enumerate(errors)}
    result = RunResult("cnn", f"n{size}", "", "nNone", "", CARD, status=FINISHED, test=tests)
    own = {"group": "train images", "delta": ("sample",), "config": {"sample": size}} if size else {}
    return replace(result, **own)


RUNS = tuple(map(run, (None, *SIZES)))


def sampled(runs: tuple[RunResult, ...] = RUNS) -> Group:
    return groups(ChapterResult("cnn", "cifar10", runs))[-1]


def test_the_power_is_the_slope_of_the_logarithms_with_the_whole_set_among_them() -> None:
    assert [train_images(each) for each in RUNS] == [40_000, *SIZES]
    found = error_power(sampled())
    assert found is not None
    means = [np.mean(np.log(100 - np.array(list(each.test.values())))) for each in RUNS]
    assert found.mean == pytest.approx(np.polyfit(np.log([40_000, *SIZES]), means, 1)[0])
    assert found.low is not None
    assert found.high is not None
    assert found.low < POWER < found.high < 0


def test_runs_that_change_something_else_or_are_too_few_have_no_power() -> None:
    assert error_power(groups(ChapterResult("cnn", "cifar10", RUNS))[0]) is None  # of no group
    assert error_power(sampled((*RUNS, replace(RUNS[1], name="more", delta=("sample", "epochs"))))) is None
    assert error_power(sampled(RUNS[:2])) is None
    assert error_power(sampled((*RUNS, replace(RUNS[1], name="sure", test={"0": 100.0})))) is None
