"""Accuracies and effects of a small chapter in one figure, of a large one group by group."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.groups import groups
from rdfia.analyse.metrics import Estimate
from rdfia.analyse.published import read
from rdfia.analyse.results import ChapterResult, Study
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import Drawing, panels, style
from rdfia.report.engine.registry import Plot
from rdfia.report.figures import effects
from tests.report import large
from tests.report.making import drawings, plots

NAMES = ("", "augmentation", "together", "range test")
CHAPTER = ChapterResult("cnn", "cifar10", tuple(run for run in large.chapter().runs if run.group in NAMES))
SMALL = replace(CHAPTER, runs=CHAPTER.runs[:6])


def given(chapter: ChapterResult) -> Context:
    return Context(Study(Path(), "full", (chapter,), {"cifar10": large.CARD}), read(), chapter)


@pytest.fixture(scope="module")
def made() -> dict[str, Drawing]:
    each = [drawings(function, given(CHAPTER)) for function in (effects.accuracies, effects.effects)]
    return {drawing.name: drawing for found in each for drawing in found}


def points(plot: Plot) -> list[float]:
    """Return where the dots of a figure lie, from the top down."""
    dots = [line for line in plot.figure.axes[0].lines if line.get_marker() == "o"]
    return [float(x) for line in dots for x in line.get_xdata()]


def test_what_is_plotted_are_the_numbers() -> None:
    for function, value in ((effects.accuracies, "test_accuracy"), (effects.effects, None)):
        for plot in plots(function, given(CHAPTER)):
            assert points(plot) == [row[1] for row in plot.numbers.rows]
            if value and not plot.group:
                own = [CHAPTER.run(str(row[0])) for row in plot.numbers.rows]
                estimates = [run.test_accuracy for run in own if run and run.test_accuracy]
                assert [tuple(row[1:4]) for row in plot.numbers.rows] == [(e.mean, e.low, e.high) for e in estimates]


def test_a_small_chapter_has_one_figure_of_its_own_name() -> None:
    (drawing,) = drawings(effects.test_accuracy, given(SMALL))
    assert drawing.name == "cnn_test_accuracy"
    assert drawings(effects.accuracies, given(SMALL)) == drawings(effects.test_accuracy, given(CHAPTER)) == []


def test_every_group_of_a_large_chapter_has_both_figures(made: dict[str, Drawing]) -> None:
    named = [group for group in groups(CHAPTER) if group.name != "range test"]
    assert set(made) == {f"cnn_{kind}{group.suffix}" for kind in ("accuracies", "effects") for group in named}
    assert made["cnn_effects_augmentation"].alt.startswith("Forest plot of 25 differences in test accuracy. Resolved")


def test_every_run_of_a_group_has_its_line(made: dict[str, Drawing]) -> None:
    for group in groups(CHAPTER):
        for kind in ("accuracies", "effects") if group.name != "range test" else ():
            svg = made[f"cnn_{kind}{group.suffix}"].svg.decode()
            own = [label for run, label in zip(group.runs, group.labels, strict=True) if run.group == group.name]
            missing = [label for label in own if f">{label}<" not in svg and f">{label} against" not in svg]
            assert missing == (["baseline"] if (group.name, kind) == ("", "effects") else [])


def test_the_caption_says_how_many_comparisons_widen_the_intervals(made: dict[str, Drawing]) -> None:
    assert "widened for the 25 comparisons of its group: each at 99.8 %" in made["cnn_effects_augmentation"].caption
    assert "Welch's interval at 95 %." in made["cnn_effects_together"].caption
    assert "difference to standardise in" in made["cnn_effects_augmentation"].svg.decode()


def test_different_groups_in_one_figure_say_the_span() -> None:
    groups = [replace(run, group=f"{place > 2}") for place, run in enumerate(SMALL.runs)]
    (drawing,) = drawings(effects.effects, given(replace(SMALL, runs=tuple(groups))))
    assert "interval, widened for the 2 to 3 comparisons of its group: each at up to 98.33 %, so" in drawing.caption


def test_a_run_far_below_is_an_arrow_with_its_value(made: dict[str, Drawing]) -> None:
    lowest = CHAPTER.run("augmentation_variant_7")
    assert lowest is not None
    assert lowest.test_accuracy is not None
    drawing = made["cnn_accuracies_augmentation"]
    assert "Arrows at the left are means beyond the drawing, 1 in number." in drawing.caption
    assert f">{lowest.test_accuracy.mean:.1f}<" in drawing.svg.decode()
    assert "Arrows" not in made["cnn_accuracies"].caption


def test_few_runs_are_all_shown() -> None:
    estimates = [Estimate(mean, mean - 1, mean + 1, 3) for mean in (10.0, *np.linspace(70, 75, effects.MANY - 2))]
    with style():
        _, (axis,) = panels(1, 1, 2)
        assert effects.zoom(axis, estimates, ["k"] * len(estimates), []) == 0
        assert effects.zoom(axis, [*estimates, estimates[-1]], ["k"] * (len(estimates) + 1), [60.0]) == 1
    low, high = axis.get_xlim()
    assert 40 < low < 60 < 76 < high


def test_published_marks_need_comparable_data() -> None:
    card = replace(large.CARD, stands_for=None)
    stand_in = replace(SMALL, runs=tuple(replace(run, card=card) for run in SMALL.runs))
    for function in (effects.test_accuracy, effects.effects):
        captions = [drawings(function, given(chapter))[0].reading for chapter in (SMALL, stand_in)]
        assert ["Hollow diamonds" in caption for caption in captions] == [True, False]
