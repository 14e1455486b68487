"""What runs say of a seed's variance: against a fit of the whole likelihood, and by how often intervals are right."""

from collections.abc import Sequence

import numpy as np
import pytest

from rdfia.analyse import metrics
from rdfia.analyse.noise import learnt


def samples(common: float, degrees: float, runs: int, seeds: int, seed: int = 0) -> list[list[float]]:
    """Seeds of runs whose variances are draws of the scaled inverse χ²."""
    random = np.random.default_rng(seed)
    deviations = np.sqrt(degrees * common / random.chisquare(degrees, runs))
    return (random.normal(0, 1, (runs, seeds)) * deviations[:, None]).tolist()


@pytest.mark.parametrize(("common", "degrees", "seeds"), [(0.5, 3.0, 3), (2.0, 8.0, 4), (0.1, 1.5, 5)])
def test_it_is_what_the_likelihood_says(common: float, degrees: float, seeds: int) -> None:
    from scipy import optimize, stats

    drawn = samples(common, degrees, 3000, seeds)
    variances = np.var(drawn, axis=1, ddof=1)

    def unlikely(logs: np.ndarray) -> float:
        s0, k0 = np.exp(logs)
        return -float(np.sum(stats.f.logpdf(variances / s0, seeds - 1, k0) - np.log(s0)))

    s0, k0 = np.exp(optimize.minimize(unlikely, np.log([1.0, 4.0]), method="Nelder-Mead").x)
    found = learnt(drawn)
    assert found.variance == pytest.approx(s0, rel=0.1)
    assert found.degrees == pytest.approx(k0, rel=0.2)
    assert found.variance == pytest.approx(common, rel=0.1)


@pytest.mark.parametrize("degrees", [1.3, 4.0, 1e6])
def test_intervals_hold_as_often_as_they_say(degrees: float) -> None:
    drawn = samples(1.0, degrees, 4000, 3, seed=1)
    noise = learnt(drawn)
    found = [metrics.interval(values, noise=noise) for values in drawn]
    assert holding(found) == pytest.approx(0.95, abs=0.015)
    own = [metrics.interval(values) for values in drawn]
    width, alone = (np.median([one.high - one.low for one in each]) for each in (found, own))  # type: ignore[operator]
    assert width < alone


@pytest.mark.parametrize(("runs", "seeds", "degrees"), [(7, 2, 4.0), (7, 2, 1e6), (20, 3, 2.7), (100, 3, 1.3)])
def test_differences_hold_as_often_as_they_say(runs: int, seeds: int, degrees: float) -> None:
    """What all runs share is learnt from a chapter's runs alone, and counts once in the difference of two."""
    found = []
    for seed in range(1500):
        drawn = samples(1.0, degrees, runs, seeds, seed)
        found.append(metrics.difference(drawn[0], drawn[1], noise=learnt(drawn)))
    assert 0.935 < holding(found) < 0.975


@pytest.mark.parametrize(("runs", "seeds", "degrees"), [(3, 2, 4.0), (8, 2, 4.0), (20, 3, 2.7), (20, 3, 1e6)])
def test_differences_to_one_run_seed_by_seed_hold_as_often_as_they_say(runs: int, seeds: int, degrees: float) -> None:
    found, kept = [], []
    for seed in range(1500):
        reference, *others = samples(1.0, degrees, runs + 1, seeds, seed)
        apart = [[x - y for x, y in zip(other, reference, strict=True)] for other in others]
        found.append(metrics.interval(apart[0], noise=learnt(apart, ["first"] * runs)))
        kept.append(metrics.interval(apart[0], noise=learnt(apart)))
    assert 0.93 < holding(found) < 0.97
    assert holding(kept) < holding(found)


def holding(found: Sequence[metrics.Estimate]) -> float:
    """How often an interval holds 0, the truth."""
    ends = [(one.low, one.high) for one in found if one.low is not None and one.high is not None]
    return float(np.mean([low <= 0 <= high for low, high in ends]))


def test_runs_that_vary_alike_share_no_more_than_they_know() -> None:
    for seed in range(5):
        found, few = (learnt(samples(1.0, 1e6, runs, 3, seed)) for runs in (5000, 4))
        assert found.degrees > 20
        assert found.variance == pytest.approx(1.0, rel=0.1)
        assert few.degrees <= 2 * 4 * (1 + 1e-9)


def test_few_runs_say_nothing_and_runs_without_noise_are_left_aside() -> None:
    assert learnt([[1.0, 2.0], [3.0, 5.0]]) == metrics.UNKNOWN
    assert learnt([[1.0], [2.0], [3.0], [4.0]]) == metrics.UNKNOWN
    drawn = samples(1.0, 4.0, 30, 3)
    assert learnt([*drawn, [10.0, 10.0, 10.0], [97.03, 97.03, 97.03]]) == learnt(drawn)
