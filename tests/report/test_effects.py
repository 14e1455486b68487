"""Accuracies and effects of a small chapter in one drawing, of a large one group by group."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse import published
from rdfia.analyse.groups import groups
from rdfia.analyse.metrics import Estimate
from rdfia.analyse.results import ChapterResult, Study
from rdfia.report import effects
from rdfia.report.engine.drawing import Drawing, panels, style
from tests.report import large

NAMES = ("", "augmentation", "together", "range test")
CHAPTER = ChapterResult("cnn", "cifar10", tuple(run for run in large.chapter().runs if run.group in NAMES))


@pytest.fixture(scope="module")
def drawn() -> dict[str, Drawing]:
    study = Study(Path(), "full", (CHAPTER,), {"cifar10": large.CARD})
    with style():
        found = [draw(study, CHAPTER, published.read()) for draw in (effects.accuracies, effects.forest)]
    return {drawing.name: drawing for drawings in found for drawing in drawings}


def test_every_group_of_a_large_chapter_has_both_drawings(drawn: dict[str, Drawing]) -> None:
    named = [group for group in groups(CHAPTER) if group.name != "range test"]
    assert set(drawn) == {f"cnn_{kind}{group.suffix}" for kind in ("accuracies", "effects") for group in named}
    assert all(len(drawing.alt) >= 20 for drawing in drawn.values())


def test_every_run_of_a_group_has_its_line(drawn: dict[str, Drawing]) -> None:
    for group in groups(CHAPTER):
        for kind in ("accuracies", "effects") if group.name != "range test" else ():
            svg = drawn[f"cnn_{kind}{group.suffix}"].svg.decode()
            own = [label for run, label in zip(group.runs, group.labels, strict=True) if run.group == group.name]
            missing = [label for label in own if f">{label}<" not in svg and f">{label} against" not in svg]
            assert missing == (["baseline"] if (group.name, kind) == ("", "effects") else [])


def test_the_caption_says_how_many_comparisons_widen_the_intervals(drawn: dict[str, Drawing]) -> None:
    assert "widened for the 25 comparisons of its group: each at 99.8 %" in drawn["cnn_effects_augmentation"].caption
    assert "Welch's interval at 95 %." in drawn["cnn_effects_together"].caption
    assert "difference to standardise in" in drawn["cnn_effects_augmentation"].svg.decode()


def test_a_run_far_below_is_an_arrow_with_its_value(drawn: dict[str, Drawing]) -> None:
    lost = CHAPTER.run("augmentation_variant_7")
    assert lost is not None
    assert lost.test_accuracy is not None
    drawing = drawn["cnn_accuracies_augmentation"]
    assert "Arrows at the left are means beyond the drawing, 1 in number." in drawing.caption
    assert f">{lost.test_accuracy.mean:.1f}<" in drawing.svg.decode()
    assert "Arrows" not in drawn["cnn_accuracies"].caption


def test_few_runs_are_all_shown() -> None:
    estimates = [Estimate(mean, mean - 1, mean + 1, 3) for mean in (10.0, *np.linspace(70, 75, effects.MANY - 2))]
    with style():
        figure, (axis,) = panels(1, 1, 2)
        assert effects.window(axis, estimates, ["k"] * len(estimates), []) == 0
        assert effects.window(axis, [*estimates, estimates[-1]], ["k"] * (len(estimates) + 1), [60.0]) == 1
    low, high = axis.get_xlim()
    assert 40 < low < 60 < 76 < high
    assert figure is axis.figure


def test_different_groups_in_one_drawing_say_the_span() -> None:
    assert effects.corrected([4, 2]).startswith(
        ", widened for the 2 to 4 comparisons of its group: each at up to 98.75 %"
    )
    assert effects.corrected([1, 1]) == " at 95 %"


def test_stand_in_data_have_no_published_marks() -> None:
    card = replace(large.CARD, stands_for=None)
    stand_in = ChapterResult("cnn", "cifar10", tuple(replace(run, card=card) for run in CHAPTER.runs[:6]))
    study = Study(Path(), "full", (stand_in,), {})
    assert [published.comparable_figures(study, run, published.read()) for run in stand_in.runs] == [[]] * 6
    assert [figure.report for figure in published.comparable_figures(study, CHAPTER.runs[1], published.read())] == [
        "R2022"
    ]
