"""What seed noise explains of a setting that is printed three times."""

from dataclasses import replace
from math import pi, sqrt
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.published import Published, read
from rdfia.analyse.results import Card, RunResult
from rdfia.report import thrice
from tests.report import patched

PRINTED = [replace(figure, run="vit/small") for figure in read() if figure.settings == "embed=32 patch=7 blocks=2"]
TESTS = {"0": 90.0, "1": 91.0, "2": 89.0, "3": 90.0, "4": 90.0}  # mean 90, variance 1 / 2


def small(scale: float = 1.0) -> RunResult:
    tests = {seed: 90 + scale * (value - 90) for seed, value in TESTS.items()}
    return replace(patched.chapter().runs[0], test=tests)


def test_the_mean_range_of_normals_is_tippetts() -> None:
    assert thrice.expected(2) == pytest.approx(2 / sqrt(pi), abs=1e-4)
    assert thrice.expected(3) == pytest.approx(3 / sqrt(pi), abs=1e-4)
    assert thrice.expected(5) == pytest.approx(2.326, abs=1e-3)


@pytest.mark.parametrize(("k", "degrees"), [(3, 2), (3, 4), (3, 9), (2, 3), (5, 4)])
def test_the_bound_is_scipys_studentized_range(k: int, degrees: int) -> None:
    from scipy.stats import studentized_range

    assert thrice.bound(k, degrees) == pytest.approx(studentized_range.ppf(0.95, k, degrees), rel=2e-3)


def test_nineteen_of_twenty_ranges_are_below_the_bound() -> None:
    drawn = np.random.default_rng(0).normal(0, 1, (20_000, 8))
    seeds, more = drawn[:, :5], drawn[:, 5:]
    below = np.ptp(more, axis=1) <= thrice.bound(3, 4) * seeds.std(axis=1, ddof=1)
    assert below.mean() == pytest.approx(0.95, abs=0.006)


def test_the_deviation_has_its_interval() -> None:
    from scipy.stats import chi2

    low, high = thrice.deviation(list(TESTS.values()))
    assert low == pytest.approx(sqrt(4 * 0.5 / chi2.ppf(0.975, 4)))
    assert high == pytest.approx(sqrt(4 * 0.5 / chi2.ppf(0.025, 4)))


def test_the_table_computes_everything_from_the_seeds(tmp_path: Path) -> None:
    table = thrice.thrice(patched.study(tmp_path), "vit", small(), PRINTED)
    values = {str(row[0]): row[1] for row in table.rows}
    assert table.name == "vit_thrice"
    assert [row[1] for row in table.rows[:3]] == [85.13, 90.91, 96.22]
    assert values["range of these 3"] == pytest.approx(96.22 - 85.13)
    assert values["standard deviation s of a seed"] == pytest.approx(sqrt(0.5))
    assert values["lowest of one more run"] == pytest.approx(90 - 2.7764 * sqrt(0.5 * 1.2), abs=1e-3)
    assert values["mean range of 3 runs"] == pytest.approx(3 / sqrt(pi) * sqrt(0.5), abs=1e-3)


@pytest.mark.parametrize(
    ("scale", "card", "says"),
    [
        (1.0, patched.CARD, "chance of seeds does not explain a range of 15.7 standard deviations"),
        (5.0, patched.CARD, "the printed range is within what seeds do"),
        (0.0, patched.CARD, "does not explain a range of more than none at all"),
        (1.0, Card("mnist", label="digits", shape=patched.SHAPE), "shown and not judged"),
    ],
)
def test_it_is_judged_on_published_data_alone(tmp_path: Path, scale: float, card: Card, says: str) -> None:
    table = thrice.thrice(patched.study(tmp_path), "vit", replace(small(scale), card=card), PRINTED)
    assert says in table.caption


def test_three_figures_of_one_report_for_one_setting_are_looked_for(tmp_path: Path) -> None:
    chapter = patched.study(tmp_path).chapters[0]
    found = thrice.repeated(chapter, PRINTED)
    assert found is not None
    assert (found[0].name, len(found[1])) == ("small", 3)
    others: list[list[Published]] = [PRINTED[:2], [replace(PRINTED[0], report="R2024"), *PRINTED[1:]], []]
    assert [thrice.repeated(chapter, printed) for printed in others] == [None] * 3
    alone = replace(chapter, runs=(replace(chapter.runs[0], test={"0": 90.0}),))
    assert thrice.repeated(alone, PRINTED) is None
