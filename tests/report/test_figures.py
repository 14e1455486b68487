"""What the figures show, and that their captions carry measured numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from rdfia.analyse import published, results
from rdfia.report import curves, effects, evidence, figures
from rdfia.report.engine.drawing import style
from tests.report import sample

SHARED = ("test_accuracy", "effects", "price", "loss", "accuracy", "confusion")


def test_every_kind_of_figure_is_drawn(report: Path) -> None:
    shared = {f"{chapter}_{kind}" for chapter in ("mlp", "cnn") for kind in SHARED}
    own = {"mlp_regions", "mlp_strip", "cnn_filters", "cnn_attention", "cnn_mistakes"}
    own |= {f"mlp_hidden_units_{kind}" for kind in ("loss", "accuracy", "regions", "strip")}
    data = {f"cifar10_{kind}" for kind in ("samples", "normalise", "augment", "spectrum")}
    assert {path.stem for path in (report / "figures").iterdir()} == shared | own | data
    assert {path.suffix for path in (report / "figures").iterdir()} == {".svg", ".png"}


def test_published_marks_need_comparable_data(tmp_path: Path) -> None:
    for stands_for in (True, False):
        study = results.load(sample.write(tmp_path, stands_for=stands_for), tmp_path)
        with style():
            drawn = [f(study, study.chapters[1], published.read()) for f in (effects.accuracies, effects.forest)]
        assert [("Hollow diamonds" in found[0].caption) for found in drawn] == [stands_for, stands_for]


def test_the_caption_names_the_most_frequent_mistake(tmp_path: Path) -> None:
    study = results.load(sample.write(tmp_path), tmp_path)
    confusion = ((8, 2, 0), (0, 10, 0), (1, 0, 9))
    run = replace(study.chapters[1].runs[0], confusion=confusion, classes=("cat", "dog", "ship"))
    with style():
        (drawing,) = evidence.confusion(replace(study.chapters[1], runs=(run,)))
    assert "20.0 % of cat are taken for dog" in drawing.caption


def test_nothing_is_drawn_without_files(tmp_path: Path) -> None:
    study = results.load(sample.params(), tmp_path)
    parts = {chapter.name: figures.chapter(study, chapter, published.read()) for chapter in study.chapters}
    drawn = figures.draw({**parts, "lessons": figures.lessons(study), "data": figures.data(study)})
    assert drawn == {"mlp": [], "cnn": [], "lessons": [], "data": []}


def test_bands_run_over_the_seeds_that_reached_an_epoch() -> None:
    rows = [(0, 0, 1.0), (1, 0, 3.0), (0, 1, 5.0), (1, 1, None), (1, 2, float("nan"))]
    records = [dict(zip(("seed", "epoch", "loss"), row, strict=True)) for row in rows]
    epochs, low, centre, high = curves.band(records, "loss")
    assert np.array_equal([epochs, low, centre, high], [[0, 1], [1, 5], [2, 5], [3, 5]])
