"""Intervals against SciPy, against simulation, and at the edges."""

import random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rdfia.analyse import metrics

SAMPLES = st.lists(st.floats(-100, 100), min_size=2, max_size=12)


@settings(max_examples=50, deadline=None)
@given(SAMPLES)
def test_interval_agrees_with_scipy(values: list[float]) -> None:
    from scipy import stats

    assume(np.std(values) > 1e-6)
    found = metrics.interval(values)
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-6, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(SAMPLES, SAMPLES)
def test_difference_agrees_with_scipy(first: list[float], second: list[float]) -> None:
    from scipy import stats

    assume(np.std(first) > 1e-3)
    assume(np.std(second) > 1e-3)
    found = metrics.difference(first, second)
    expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(SAMPLES, SAMPLES)
def test_difference_changes_its_sign_with_the_order(first: list[float], second: list[float]) -> None:
    one, other = metrics.difference(first, second), metrics.difference(second, first)
    assert one.mean == pytest.approx(-other.mean, abs=1e-9)
    word = metrics.resolve(other)
    assert metrics.resolve(one) == {"helps": "hurts", "hurts": "helps"}.get(word, word)


@pytest.mark.parametrize("estimate", [metrics.interval, metrics.prediction])
def test_one_seed_has_no_interval(estimate: object) -> None:
    assert callable(estimate)
    assert estimate([71.5]) == metrics.Estimate(71.5, None, None, 1)


@pytest.mark.parametrize("value", [71.5, 97.03])  # the mean of three times the latter is not the latter
def test_equal_seeds_have_no_interval(value: float) -> None:
    seeds = [value] * 3
    assert metrics.interval(seeds) == metrics.Estimate(pytest.approx(value), None, None, 3)
    assert metrics.difference(seeds, [value - 0.01] * 3).low is None
    assert metrics.interval([each + 0.01 - each for each in (70.0, 97.03, 12.7)]).low is None  # equal but for rounding
    assert metrics.interval([value, value, value + 0.01]).low is not None  # one of ten thousand images
    lacking = metrics.interval(seeds).lacking, metrics.interval([value]).lacking
    assert lacking == ("all 3 seeds give the same, and no interval", "one seed gives no interval")


@pytest.mark.parametrize(
    ("low", "high", "cut"), [(75.3, 100.6, (75.3, 100)), (-3, 8, (0, 8)), (None, None, (None, None))]
)
def test_an_interval_is_cut_to_what_is_possible(low: float | None, high: float | None, cut: tuple[object, ...]) -> None:
    found = metrics.bounded(metrics.Estimate(80.0, low, high, 2), 0, 100)
    assert (found.mean, found.low, found.high, found.seeds) == (80.0, *cut, 2)


def test_difference_needs_two_seeds_and_some_variance() -> None:
    assert metrics.difference([70.0, 71.0], [60.0]).low is None
    assert metrics.resolve(metrics.difference([70.0, 70.0], [60.0, 60.0])) == "not resolved"
    assert metrics.resolve(metrics.difference([70.0], [70.0])) == "not resolved"
    assert metrics.resolve(metrics.difference([70.0, 70.0], [70.0, 70.0])) == "the same"


@pytest.mark.parametrize(
    ("low", "high", "word"), [(0.1, 2, "helps"), (-2, -0.1, "hurts"), (-1, 1, "not resolved"), (0, 1, "not resolved")]
)
def test_an_effect_is_resolved_where_zero_is_left_out(low: float, high: float, word: str) -> None:
    assert metrics.resolve(metrics.Estimate((low + high) / 2, low, high, 3)) == word


@pytest.mark.parametrize("n", [2, 5])
def test_intervals_cover_as_often_as_they_say(n: int) -> None:
    draws = np.random.default_rng(n).normal(70, 0.5, (2000, n + 1))
    inside = [0, 0]
    for *seeds, new in draws.tolist():
        for index, (found, truth) in enumerate([(metrics.interval(seeds), 70), (metrics.prediction(seeds), new)]):
            assert found.low is not None
            assert found.high is not None
            inside[index] += found.low <= truth <= found.high
    assert np.array(inside) / len(draws) == pytest.approx([0.95, 0.95], abs=0.015)  # three standard errors


def test_intervals_share_their_level() -> None:
    assert metrics.shared(0) == metrics.shared(1) == metrics.LEVEL
    assert metrics.shared(10) == pytest.approx(0.995)


def test_of_many_true_zeros_the_shared_level_resolves_few() -> None:
    """With ten comparisons to one reference, all true zeros, some effect seems resolved in at most 5 % of studies."""
    draw = random.Random(0)
    wrong = {1: 0, 10: 0}
    for _ in range(400):
        reference, *runs = ([draw.gauss(0, 1) for _ in range(4)] for _ in range(11))
        for m in wrong:
            effects = [metrics.difference(run, reference, metrics.shared(m)) for run in runs]
            wrong[m] += any(metrics.resolve(effect) != metrics.UNRESOLVED for effect in effects)
    assert wrong[10] / 400 < 0.07
    assert wrong[1] / 400 > 0.15


def test_the_interval_of_a_contrast_covers_the_truth() -> None:
    """Sampled many times with known means, 95 of 100 intervals of a sum of effects hold the sum of the true effects."""
    rng, inside, times = np.random.default_rng(0), 0, 400
    for _ in range(times):
        reference, *others = (rng.normal(level, 0.5, 5).tolist() for level in (70.0, 72.0, 73.0, 71.0))
        estimate = metrics.contrast([(-3.0, reference), *((1.0, values) for values in others)])
        assert estimate.low is not None
        assert estimate.high is not None
        inside += estimate.low <= 6.0 <= estimate.high
    assert 0.92 < inside / times < 0.99


@settings(max_examples=50, deadline=None)
@given(SAMPLES, st.floats(0.1, 100), st.floats(0.1, 50))
def test_expected_noise_is_averaged_by_degrees_of_freedom(values: list[float], expected: float, degrees: float) -> None:
    from scipy import stats

    noise = metrics.Noise(expected, degrees)
    n, own = len(values), float(np.var(values, ddof=1))
    squared = (degrees * expected + (n - 1) * own) / (degrees + n - 1)
    half = stats.t.ppf(0.975, degrees + n - 1) * np.sqrt(squared / n)
    found = metrics.interval(values, noise=noise)
    assert (found.low, found.high) == pytest.approx((np.mean(values) - half, np.mean(values) + half))
    assert metrics.prediction(values, noise=noise).high == pytest.approx(np.mean(values) + half * np.sqrt(n + 1))


def test_equal_seeds_are_no_certainty_where_noise_is_expected() -> None:
    noise = metrics.Noise(1.0, 3.0)
    found = metrics.interval([97.57, 97.57], noise=noise)
    assert found.low is not None
    assert found.low < 96.5
    assert metrics.resolve(metrics.difference([70.0, 70.0], [69.5, 69.5], noise=noise)) == "not resolved"
    assert metrics.resolve(metrics.difference([70.0, 70.0], [60.0, 60.0], noise=noise)) == "helps"
