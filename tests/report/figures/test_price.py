"""What accuracy costs: panels, captions, and names that do not overlap."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Text

from rdfia.analyse.results import Card, ChapterResult
from rdfia.report.engine.drawing import Drawing, panels, style
from rdfia.report.figures.price import price, write_names
from tests.report import prices
from tests.report.making import context, drawings, plots


def made(root: Path, chapter: ChapterResult) -> Drawing:
    (drawing,) = drawings(price, context(root, chapter))
    return drawing


def test_what_is_plotted_are_the_numbers(tmp_path: Path) -> None:
    (plot,) = plots(price, context(tmp_path, prices.chapter()))
    labels = [axis.get_xlabel() for axis in plot.figure.axes]
    assert labels == list(dict.fromkeys(row[0] for row in plot.numbers.rows))
    for axis in plot.figure.axes:
        dots, far, *_ = (line for line in axis.lines if line.get_marker() in ("o", "v"))
        rows = [row for row in plot.numbers.rows if row[0] == axis.get_xlabel()]
        shown = list(zip(dots.get_xdata(), dots.get_ydata(), strict=True))
        low = [row[2] for row in rows if (row[2], row[3]) not in shown]
        assert shown == [(row[2], row[3]) for row in rows if (row[2], row[3]) in shown]
        assert list(far.get_xdata()) == low
        assert len(low) == 7


def test_the_caption_names_the_cheapest_that_is_not_resolved_to_be_worse(tmp_path: Path) -> None:
    runs = (("poor", (60, 61, 62), 3), ("near", (89, 90.5, 91), 30), ("top", (90, 91, 92), 300))
    drawing = made(tmp_path, ChapterResult("cnn", "objects", tuple(prices.run(*run) for run in runs)))
    assert drawing.name == "cnn_price"
    assert "top in bold, has 91.00 % for 100 seconds; the cheapest, poor, 61.00 % for 1 seconds" in drawing.caption
    assert "near: 90.17 % for 10 seconds, 10.0 times less" in drawing.caption
    assert "front is poor, near and top." in drawing.alt


def test_one_number_of_weights_has_no_panel(tmp_path: Path) -> None:
    result = prices.chapter()
    alike = replace(result, runs=tuple(replace(each, parameters=52) for each in result.runs))
    both = [made(tmp_path, chapter) for chapter in (result, alike)]
    assert [drawing.svg.decode().count(">weights<") for drawing in both] == [1, 0]
    assert ["and the weights" in drawing.caption for drawing in both] == [True, False]


def test_runs_below_the_scale_are_counted(tmp_path: Path) -> None:
    caption = made(tmp_path, prices.chapter()).caption
    assert "Triangles at the foot: runs below the scale, 7 of them." in caption


@pytest.mark.parametrize("seed", range(3))
def test_names_overlap_neither_each_other_nor_a_dot(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = [prices.point(f"a_long_name_{i}", *rng.uniform(50, 60, 2)) for i in range(40)]
    with style():
        figure, (axis,) = panels(1, 1, 4.0)
        axis.set(xlim=(48, 62), ylim=(48, 62))
        write_names(axis, points, points[0])
        figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in axis.texts]
    spots = axis.transData.transform([(each.cost, each.accuracy.mean) for each in points])
    assert len(boxes) > 2
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert not any(box.contains(x, y) for box in boxes for x, y in spots)


def test_the_caption_warns_of_different_machines(tmp_path: Path) -> None:
    result = prices.chapter(10)
    runs = [replace(r, timing={**r.timing, "machine": {"device": f"d{i % 2}"}}) for i, r in enumerate(result.runs)]
    assert "2 kinds of machine" in made(tmp_path, replace(result, runs=tuple(runs))).caption
    assert "kinds of machine" not in made(tmp_path, result).caption


def test_fewer_than_three_whole_runs_are_not_drawn(tmp_path: Path) -> None:
    first, second, third = prices.chapter(3).runs
    chapter = ChapterResult("cnn", "objects", (first, second, replace(third, timing={})))
    assert drawings(price, context(tmp_path, chapter)) == []


def test_flops_have_a_panel_where_they_vary(tmp_path: Path) -> None:
    card = Card("objects", counts={"train": 1000})
    runs = [replace(r, card=card, flops=10, config={"epochs": 1 + i}) for i, r in enumerate(prices.chapter(10).runs)]
    varied = made(tmp_path, ChapterResult("cnn", "objects", tuple(runs)))
    alike = made(tmp_path, ChapterResult("cnn", "objects", tuple(replace(r, config={"epochs": 3}) for r in runs)))
    assert [d.svg.decode().count(">training FLOPs a seed<") for d in (varied, alike)] == [1, 0]
    assert "Training FLOPs are 3 times the forward FLOPs" in varied.caption
    assert "10 of these runs have a count." in varied.caption
    assert "FLOPs" not in alike.caption
