"""The figure of the schedules."""

from pathlib import Path

import numpy as np

from rdfia.analyse.results import ChapterResult, RunResult
from rdfia.report.engine.drawing import Drawing
from rdfia.report.figures.schedules import FEW, schedules
from tests.report.making import context, drawings, plots
from tests.report.scheduled import CARD, chapter, run


def made(root: Path, *runs: RunResult) -> Drawing:
    (drawing,) = drawings(schedules, context(root, ChapterResult("cnn", "objects", runs)))
    return drawing


def test_what_is_plotted_are_the_numbers(tmp_path: Path) -> None:
    (plot,) = plots(schedules, context(tmp_path, chapter()))
    for axis in plot.figure.axes:
        if axis.get_visible():
            rows = [row[1:] for row in plot.numbers.rows if row[0] == axis.get_title(loc="left")]
            assert np.array_equal(axis.lines[0].get_xydata(), rows)


def test_the_caption_names_the_ends_and_what_is_special(tmp_path: Path) -> None:
    drawing = made(tmp_path, *chapter().runs)
    assert drawing.name == "cnn_schedules"
    assert "cosine_warmup +20" in drawing.svg.decode()
    assert "cosine_warmup +20, cyclical, one_cycle and range_test." in drawing.alt
    assert "(exponential) to 0.92 (constant_warmup). A plus" in drawing.caption
    assert "scale of range_test is logarithmic" in drawing.caption
    runs = [run("linear", "polynomial"), run("steep", {"name": "polynomial", "power": 3.0}), run("flat", "constant")]
    caption = made(tmp_path, *runs).caption
    assert "from 0.25 (steep) to 0.5 (linear)" in caption
    assert "A plus" not in caption


def test_others_are_drawn_only_where_they_can_be_told_apart(tmp_path: Path) -> None:
    few, many = (made(tmp_path, *chapter().runs[:count]) for count in (4, FEW + 2))
    assert "the grey ones are" in few.caption
    assert "grey" not in many.caption
    assert many.svg.count(b"stroke-opacity: 0.35") == 0 < few.svg.count(b"stroke-opacity: 0.35")


def test_constants_and_runs_without_files_are_not_drawn(tmp_path: Path) -> None:
    runs = (run("flat", "constant"), RunResult("cnn", "planned", "", "", "", CARD))
    assert drawings(schedules, context(tmp_path, ChapterResult("cnn", "objects", runs))) == []
