"""The confusions and the worst mistakes of the best run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.results import ChapterResult
from rdfia.report.figures.confusion import confusion, mistakes
from tests.report import patched
from tests.report.making import context, drawings, plots, shown, titles

CLASSES = ("cat", "dog", "ship")


def chapter() -> ChapterResult:
    """Return two runs, the second the better by validation and the worse on the test set."""
    first, second = patched.chapter().runs[:2]
    made = {"confusion": ((8, 2, 0), (0, 10, 0), (1, 0, 9)), "classes": CLASSES}
    runs = replace(first, validation={"0": 80.0}, test={"0": 90.0}), replace(second, validation={"0": 81.0}, **made)
    return ChapterResult("vit", "mnist", runs)


def test_the_matrix_is_of_the_best_run_by_validation_and_says_so(tmp_path: Path) -> None:
    given = context(tmp_path, chapter())
    (plot,), (drawing,) = plots(confusion, given), drawings(confusion, given)
    best = given.chapter.runs[1].name
    assert drawing.caption.startswith(f"Confusion of {best}, the best run by validation, ")
    assert "20.0 % of cat are taken for dog." in drawing.caption
    assert drawing.alt == f"Confusion matrix of {best}: 20.0 % of cat are taken for dog."
    assert [row[2] for row in plot.numbers.rows] == pytest.approx((100 * shown(plot, 0)[..., 3]).ravel().tolist())
    assert ("ship", "cat", 10.0) in plot.numbers.rows
    assert [bar.get_width() for bar in plot.figure.axes[1].patches] == [80, 100, 90]


def test_mistakes_are_named_in_the_order_of_the_pictures(tmp_path: Path) -> None:
    name = chapter().runs[1].name
    probes = {
        f"{name}/mistakes": np.zeros((4, 1, 8, 8), dtype=np.uint8),
        f"{name}/prediction": np.array([[0, 1, 0.9], [2, 1, 0.8], [1, 0, 0.6], [1, 2, 0.5]], dtype=np.float32),
    }
    given = context(tmp_path, chapter(), probes)
    (plot,), (drawing,) = plots(mistakes, given), drawings(mistakes, given)
    assert drawing.caption.startswith(
        f"The 4 test images that {name}, the best run by validation, gets most wrong with seed 0"
    )
    assert drawing.alt == f"The worst mistakes of {name}: cat for dog, ship for dog and dog for cat first."
    assert titles(plot) == [f"{true} → {predicted}\n{share:.0f} %" for true, predicted, share in plot.numbers.rows]
    assert titles(plot)[0] == "cat → dog\n90 %"


def test_long_names_of_classes_are_cut(tmp_path: Path) -> None:
    long = "a class with a name of sixty letters, which no label holds ok"
    runs = tuple(replace(run, classes=(long, *CLASSES[1:])) for run in chapter().runs)
    probes = {
        f"{runs[1].name}/mistakes": np.zeros((1, 1, 8, 8), dtype=np.uint8),
        f"{runs[1].name}/prediction": np.array([[0, 1, 0.9]], dtype=np.float32),
    }
    given = context(tmp_path, replace(chapter(), runs=runs), probes)
    (matrix,), (pictures,) = plots(confusion, given), plots(mistakes, given)
    assert matrix.figure.axes[0].yaxis.marks()[1][0].words  # type: ignore[attr-defined] == f"{long[:23]}…"
    assert titles(pictures) == [f"{long[:14]}… →\ndog\n90 %"]
    assert pictures.numbers.rows[0][0] == long


def test_without_a_best_run_there_is_nothing(tmp_path: Path) -> None:
    given = context(tmp_path, replace(chapter(), runs=(replace(chapter().runs[0], test={}),)))
    assert list(confusion(given)) == list(mistakes(given)) == []
