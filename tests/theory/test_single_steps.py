"""Steps on plain functions, beside what algebra says of each."""

import pytest

from rdfia.data.store import Split
from rdfia.theory.single_steps import EPSILON, SingleSteps, height, left, second_moments, slope


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.75, 1.25])
def test_a_step_leaves_one_minus_twice_the_rate(rate: float) -> None:
    assert left(rate) == pytest.approx(1 - 2 * rate, abs=1e-12)


def test_the_slope_is_that_of_the_height() -> None:
    for x in (-1.5, -0.2, 0.7, 1.9):
        assert slope(x) == pytest.approx((height(x + 1e-6) - height(x - 1e-6)) / 2e-6, abs=1e-8)


def test_small_rates_stay_in_the_shallow_valley_and_large_ones_leave_it(circles: Split) -> None:
    valleys = SingleSteps().answer(circles).facts["valleys"]
    assert [one["left_it"] for one in valleys] == [False] * 4 + [True] * 2
    stayed = valleys[1]
    assert slope(stayed["end"]) == pytest.approx(0, abs=1e-6)
    assert 0 < stayed["end"] < 1
    assert all(one["height"] < stayed["height"] for one in valleys if one["left_it"])


def test_newton_goes_to_the_saddle_and_descent_away_from_it(circles: Split) -> None:
    saddle = SingleSteps(near=0.01).answer(circles).facts["saddle"]
    assert saddle["newton"] == pytest.approx([0, 0], abs=1e-12)
    assert saddle["descent"] == pytest.approx([0.9**100, 0.01 * 1.1**100])


def test_only_one_component_vanishes_where_one_axis_is_flat(circles: Split) -> None:
    assert SingleSteps().answer(circles).facts["flat_axis"] == [0, 1]


def test_the_denominators_are_those_of_the_recurrence() -> None:
    found, v = second_moments(), 0.0
    for size in (0.0, 1.0, *[1e-3] * 1000):
        v = 0.999 * v + 0.001 * size**2
    assert found["adam"]["after 1,000 of 0.001"] == pytest.approx(v**0.5 + EPSILON)
    assert found["amsgrad"]["after 1,000 of 0.001"] == found["amsgrad"]["after one of 1"]
    assert found["adam"]["no gradient"] == found["amsgrad"]["no gradient"] == EPSILON
