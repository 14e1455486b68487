"""What seed noise explains of a setting that is printed three times."""

from dataclasses import replace
from math import pi, sqrt

import numpy as np
import pytest

from rdfia.analyse.published import Published, read
from rdfia.analyse.repeated_figure import deviation_interval, mean_range, range_quantile, repeated_figure
from tests.report import patched

PRINTED = [replace(figure, run="vit/small") for figure in read() if figure.settings == "embed=32 patch=7 blocks=2"]


def test_the_mean_range_of_normals_is_tippetts() -> None:
    assert mean_range(2) == pytest.approx(2 / sqrt(pi))
    assert mean_range(3) == pytest.approx(3 / sqrt(pi))
    assert mean_range(5) == pytest.approx(2.325929, abs=1e-6)


@pytest.mark.parametrize(
    ("k", "degrees", "tabulated"), [(3, 2, 8.331), (3, 3, 5.910), (3, 4, 5.040), (3, 9, 3.948), (4, 4, 5.757)]
)
def test_the_quantile_is_that_of_printed_tables(k: int, degrees: int, tabulated: float) -> None:
    assert round(range_quantile(k, degrees), 3) == tabulated


@pytest.mark.parametrize(
    ("k", "degrees", "summed"),
    [(3, 2, 8.328705), (3, 3, 5.909770), (3, 4, 5.040445), (3, 9, 3.948586), (5, 4, 6.287232)],
)
def test_a_sum_over_a_grid_rounds_to_the_same_table(k: int, degrees: int, summed: float) -> None:
    """`summed` are quantiles by trapezoids, over 401 deviations and 2001 highest values."""
    assert f"{range_quantile(k, degrees):.2f}" == f"{summed:.2f}"


def test_nineteen_of_twenty_ranges_are_below_the_quantile() -> None:
    sampled = np.random.default_rng(0).normal(0, 1, (20_000, 8))
    seeds, more = sampled[:, :5], sampled[:, 5:]
    below = np.ptp(more, axis=1) <= range_quantile(3, 4) * seeds.std(axis=1, ddof=1)
    assert below.mean() == pytest.approx(0.95, abs=0.006)


def test_the_deviation_has_its_interval() -> None:
    from scipy.stats import chi2

    low, high = deviation_interval([90.0, 91.0, 89.0, 90.0, 90.0])  # variance 1 / 2
    assert low == pytest.approx(sqrt(4 * 0.5 / chi2.ppf(0.975, 4)))
    assert high == pytest.approx(sqrt(4 * 0.5 / chi2.ppf(0.025, 4)))


def test_three_figures_of_one_report_for_one_setting_are_repeated() -> None:
    chapter = patched.chapter()
    repeated = repeated_figure(chapter, PRINTED)
    assert repeated is not None
    assert (repeated.run.name, repeated.figures) == ("small", tuple(PRINTED))
    others: list[list[Published]] = [PRINTED[:2], [replace(PRINTED[0], report="R2024"), *PRINTED[1:]], []]
    assert [repeated_figure(chapter, printed) for printed in others] == [None] * 3
    alone = replace(chapter, runs=(replace(chapter.runs[0], test={"0": 90.0}),))
    assert repeated_figure(alone, PRINTED) is None
