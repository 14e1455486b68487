"""The figures of support vector machines: what they show and what their captions carry."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from rdfia.analyse.results import Card, ChapterResult, RunResult, Study
from rdfia.chapters.svm import figures
from rdfia.report.engine.context import Context
from tests.record.making import history
from tests.report.making import drawings, plots

RUNS = {"rbf": (0.5, 0.92, 0.96), "linear": (0.6, 0.6, 0.5)}
DECADES = (0.1, 1.0, 10.0)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Two runs with two seeds each, one above and one below what is written here; one not made, and one with one C."""
    card = Card("rings", classes=("outer", "inner"))
    runs = [RunResult("svm", "planned", "planned", "planned", "", card)]
    for name, accuracies in RUNS.items():
        lines = ["seed,epoch,C,train_accuracy,validation_accuracy,support_vectors"]
        for seed, shift in enumerate((-0.01, 0.01)):
            rows = enumerate(zip(DECADES, accuracies, strict=True), 1)
            lines += [f"{seed},{epoch},{C},1,{right + shift:.8g},{200 // epoch}" for epoch, (C, right) in rows]
        runs.append(RunResult("svm", name, name, name, "", card, record=history(tmp_path, "svm", name, lines)))
    alone = history(tmp_path, "svm", "alone", [lines[0], "0,1,0.1,1,0.5,200"])
    runs.append(RunResult("svm", "alone", "one C", "alone", "", card, record=alone))
    chapter = ChapterResult("svm", "rings", tuple(runs))
    return Context(Study(tmp_path, "full", (chapter,), {"rings": card}), (), chapter)


def probed(context: Context, arrays: dict[str, Any]) -> Context:
    """Write the probes of the chapter, and return a context that has not read others."""
    path = context.study.folder() / "probes" / "svm.safetensors"
    path.parent.mkdir(exist_ok=True)
    save_file(arrays, path)
    return context.of(context.chapter)


def probes(**counts: int) -> dict[str, Any]:
    """A ring for each run, some of whose points are support vectors."""
    line = np.linspace(-2, 2, 81, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    angle = np.linspace(0, 2 * np.pi, 40)
    points = np.column_stack([np.cos(angle), np.sin(angle), angle > 3]).astype(np.float32)
    ring = (1 / (1 + np.exp(4 * (x**2 + y**2 - 1)))).astype(np.float32)
    shared = {f"{run}/{key}": value for run in counts for key, value in (("boundary", ring), ("points", points))}
    return shared | {f"{run}/support": np.ascontiguousarray(points[:count, :2]) for run, count in counts.items()}


def test_the_lines_are_the_means_and_the_numbers_theirs(context: Context) -> None:
    [plot] = plots(figures.against_C, context)
    for axis, label in zip(plot.figure.axes, figures.LABELS, strict=True):
        named = [line for line in axis.lines if line.get_label() in RUNS]
        seen = [(line.get_label(), *point) for line in named for point in zip(*line.get_data(), strict=True)]
        assert seen == [(run, C, mean) for panel, run, C, _, mean, _ in plot.numbers.rows if panel == label]
    rbf = [row[2:] for row in plot.numbers.rows if row[:2] == (figures.LABELS[0], "rbf")]
    np.testing.assert_allclose(rbf, [(0.1, 49, 50, 51), (1, 91, 92, 93), (10, 95, 96, 97)])


def test_the_caption_names_the_highest_means(context: Context) -> None:
    figure = drawings(figures.against_C, context)[0]
    assert figure.name == "svm_C"
    assert "rbf 96.00 % at C = 10 and linear 60.00 % at C = 0.1." in figure.caption
    assert "From C = 0.1 to 10 the boundary of rbf goes from 200 support vectors to 66." in figure.caption
    assert figure.alt.endswith("The highest means: rbf 96.00 % at C = 10 and linear 60.00 % at C = 0.1.")


def test_the_caption_has_what_the_scale_leaves_out(context: Context) -> None:
    floor = 60 - figures.ROOM
    [plot] = plots(figures.against_C, context)
    assert plot.figure.axes[0].get_ylim() == pytest.approx((floor, 97 + 0.06 * (97 - floor)))
    caption = drawings(figures.against_C, context)[0].caption
    assert caption.endswith(f"Means below {floor:.0f} %, down to 50.00 %, are not shown.")


def test_a_history_of_epochs_is_not_one_of_C(context: Context) -> None:
    for name in RUNS:
        history(context.study.root, "svm", name, ("seed,epoch,validation_accuracy", "0,1,0.5"))
    assert drawings(figures.against_C, context) == []


def test_support_vectors_are_ringed_and_counted(context: Context) -> None:
    context = probed(context, probes(rbf=7, linear=31))
    figure = drawings(figures.margins, context)[0]
    assert figure.name == "svm_regions"
    assert "rbf rests on 7 of 40 points, linear on 31:" in figure.caption
    assert "(violet is outer, orange inner)" in figure.caption
    [plot] = plots(figures.margins, context)
    titles = [axis.get_title("left") for axis in plot.figure.axes if axis.get_visible()]
    assert titles == ["rbf · 7 support vectors", "linear · 31 support vectors"]
    rings = [len(axis.collections[-1].get_offsets()) for axis in plot.figure.axes if axis.get_visible()]
    assert rings == [row[-1] for row in plot.numbers.rows] == [7, 31]


def test_margins_lie_where_the_decision_is_one() -> None:
    """For p = 1 / (1 + e^-d) with d = 4 (1 - r²), the margins are circles of r² = 3/4 and 5/4."""
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    figures._plot_margins(axis, probes(rbf=1)["rbf/boundary"])
    (contours,) = axis.collections
    radii = [float(np.square(path.vertices).sum(1).mean()) for path in contours.get_paths()]
    assert radii == pytest.approx([1.25, 0.75], abs=0.01)


def test_runs_without_probes_have_no_regions(context: Context) -> None:
    assert drawings(figures.margins, context) == []
    [figure] = drawings(figures.margins, probed(context, {"rbf/boundary": probes(rbf=1)["rbf/boundary"]}))
    assert "rests on" not in figure.caption
    assert figure.alt == "Decision regions, margins and support vectors of rbf."


def test_same_files_same_bytes(context: Context) -> None:
    assert drawings(figures.against_C, context)[0] == drawings(figures.against_C, context)[0]
