"""The table of a setting that is printed three times, and when it judges."""

from dataclasses import replace
from math import pi, sqrt
from pathlib import Path

import pytest

from rdfia.analyse.published import read
from rdfia.analyse.results import Card
from rdfia.report.engine.table import Table
from rdfia.report.tables.repeated_figure import repeated_figure
from tests.report import patched
from tests.report.making import context, tables

PRINTED = [replace(figure, run="vit/small") for figure in read() if figure.settings == "embed=32 patch=7 blocks=2"]
TESTS = {"0": 90.0, "1": 91.0, "2": 89.0, "3": 90.0, "4": 90.0}  # mean 90, variance 1 / 2


def made(root: Path, scale: float = 1.0, card: Card = patched.CARD) -> Table:
    chapter = patched.chapter(card)
    small = replace(chapter.runs[0], test={seed: 90 + scale * (value - 90) for seed, value in TESTS.items()})
    (table,) = tables(repeated_figure, context(root, replace(chapter, runs=(small,)), printed=PRINTED))
    return table


def test_the_table_computes_everything_from_the_seeds(tmp_path: Path) -> None:
    table = made(tmp_path)
    values = {str(row[0]): row[1] for row in table.rows}
    assert table.name == "vit_repeated_figure"
    assert [row[1] for row in table.rows[:3]] == [85.13, 90.91, 96.22]
    assert values["range of these 3"] == pytest.approx(96.22 - 85.13)
    assert values["standard deviation s of a seed"] == pytest.approx(sqrt(0.5))
    assert values["lowest of one more run"] == pytest.approx(90 - 2.7764 * sqrt(0.5 * 1.2), abs=1e-3)
    assert values["mean range of 3 runs"] == pytest.approx(3 / sqrt(pi) * sqrt(0.5))
    assert values["95 % of ranges of 3 runs are below"] == pytest.approx(5.040241 * sqrt(0.5), abs=1e-5)
    assert "with 85.13 %, 90.91 % and 96.22 %. " in table.caption


@pytest.mark.parametrize(
    ("scale", "card", "sentence"),
    [
        (1.0, patched.CARD, "by at most 3.56: chance of seeds does not explain a range of 15.7 standard deviations. "),
        (5.0, patched.CARD, ": the printed range is within what seeds do"),
        (0.0, patched.CARD, "does not explain a range of more than none at all. "),
        (1.0, Card("mnist", label="digits", shape=patched.SHAPE), "On digits, seeds alone part 3 runs by 1.20 points"),
    ],
)
def test_it_is_judged_on_published_data_alone(tmp_path: Path, scale: float, card: Card, sentence: str) -> None:
    caption = made(tmp_path, scale, card).caption
    assert sentence in caption
    assert ("shown and not judged" in caption) == (card is not patched.CARD)
