"""The figure and the table of improvements, their sum and all together."""

from pathlib import Path

import pytest

from rdfia.analyse.results import ChapterResult
from rdfia.report.figures import additivity as figures
from rdfia.report.tables import additivity as tables
from tests.analyse.test_additivity import made
from tests.report import making


@pytest.mark.parametrize(
    ("together", "words"),
    [(2.0, "less than the sum"), (6.0, "do not tell from adding up"), (11.0, "more than the sum")],
)
def test_the_caption_says_whether_they_add_up(tmp_path: Path, together: float, words: str) -> None:
    given = making.context(tmp_path, made({"a": 3.0, "b": 3.0}, together))
    (table,), (drawing,) = making.tables(tables.additive, given), making.drawings(figures.additive, given)
    assert (table.name, drawing.name) == ("cnn_additive", "cnn_additive")
    assert table.caption == drawing.caption
    assert words in table.caption
    assert words in drawing.alt


def test_what_is_plotted_are_the_lines_of_the_table(tmp_path: Path) -> None:
    given = making.context(tmp_path, made({"a": 3.0, "b": 3.0}, 6.0))
    (plot,), (table,) = making.plots(figures.additive, given), making.tables(tables.additive, given)
    assert [row[0] for row in table.rows] == ["a", "b", "sum", "all", "all - sum"]
    dots = [line for line in plot.figure.axes[0].lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in dots] == [row[1] for row in plot.numbers.rows]
    assert plot.numbers.rows == [(row[0], row[2].mean, row[2].low, row[2].high) for row in table.rows]


def test_a_chapter_without_improvements_has_neither(tmp_path: Path) -> None:
    given = making.context(tmp_path, ChapterResult("cnn", "cifar10", made({"a": 3.0}, 3.0).runs[:1]))
    assert making.drawings(figures.additive, given) == making.tables(tables.additive, given) == []
