"""The figures of a grid over the sizes of a transformer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.published import read
from rdfia.analyse.ranks import grid
from rdfia.analyse.results import Card
from rdfia.report.figures.sizes import STEP, grid3, tokens
from tests.report import patched
from tests.report.making import context, drawings, plots

STAND_IN = Card("mnist", label="digits", stands_for=None, shape=patched.SHAPE)


def test_what_is_plotted_are_the_numbers(tmp_path: Path) -> None:
    given = context(tmp_path, patched.chapter())
    means = sorted(cell.accuracy.mean for cell in grid(given.chapter))
    for function, column in ((grid3, 1), (tokens, 4)):
        (plot,) = plots(function, given)
        first = plot.figure.axes if function is grid3 else plot.figure.axes[:1]
        dots = [line for axis in first for line in axis.lines if line.get_marker() != "None"]
        assert sorted(row[6] for row in plot.numbers.rows) == means
        pairs = [(x, y) for line in dots for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]
        assert sorted(y for _, y in pairs) == means
        sizes = {row[6]: row[column] for row in plot.numbers.rows}
        assert all(abs(np.log(x / sizes[y])) <= 4.01 * np.log(STEP) for x, y in pairs)


def test_the_grid_has_published_marks_on_published_data_alone(tmp_path: Path) -> None:
    figures = [replace(figure, run="vit/small") for figure in read() if figure.part == "vit"][:3]
    for card in (patched.CARD, STAND_IN):
        given = context(tmp_path, patched.chapter(card), printed=figures)
        (sizes,), (cost,) = drawings(grid3, given), drawings(tokens, given)
        assert (sizes.name, cost.name) == ("vit_grid3", "vit_tokens")
        assert sizes.alt == "Line charts of test accuracy against embed for 2, 4 and 6 blocks, by patch size."
        assert cost.alt == "Scatter plots of the test accuracy of 27 runs against tokens and against FLOPs."
        assert ("Hollow diamonds" in sizes.caption) == (card is patched.CARD)
        mean = np.mean([cell.accuracy.mean for cell in grid(given.chapter) if cell.patch == 14])
        assert f"to {mean:.1f} % with patch 4 to 14" in sizes.caption
        assert f"{mean:.1f} % with 5 tokens" in cost.caption


@pytest.mark.parametrize("missing", ["flops", "shape"])
def test_what_is_not_known_is_left_out(tmp_path: Path, missing: str) -> None:
    chapter = patched.chapter(Card("mnist") if missing == "shape" else patched.CARD)
    runs = tuple(replace(run, flops=None) for run in chapter.runs)
    made = drawings(tokens, context(tmp_path, replace(chapter, runs=runs)))
    assert len(made) == (missing == "flops")
    assert all("FLOPs an image" not in drawing.caption for drawing in made)


def test_a_chapter_without_a_grid_has_nothing(tmp_path: Path) -> None:
    chapter = patched.chapter()
    given = context(tmp_path, replace(chapter, runs=tuple(replace(run, group="") for run in chapter.runs)))
    assert drawings(grid3, given) == drawings(tokens, given) == []


def test_depths_that_share_no_width_are_not_compared(tmp_path: Path) -> None:
    chapter = patched.chapter()
    runs = tuple(run for run in chapter.runs if run.name in ("small", "e16_p7_b2", "e64_p7_b4"))
    (drawing,) = drawings(grid3, context(tmp_path, replace(chapter, runs=runs)))
    assert "with embed 16 to 32" not in drawing.caption
    assert "with blocks" not in drawing.caption
