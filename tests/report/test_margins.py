"""The figures of support vector machines: what they show and what their captions say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rdfia.analyse.results import Card, ChapterResult, RunResult, Study
from rdfia.report import margins
from rdfia.report.engine.drawing import Drawing, style

RUNS = {"rbf": (0.5, 0.92, 0.96), "linear": (0.6, 0.6, 0.5)}
DECADES = (0.1, 1.0, 10.0)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Two runs with two seeds each, one above and one below what is written here; and a run that was not made."""
    card = Card("rings", classes=("outer", "inner"))
    runs = tuple(RunResult("svm", name, name, name, "", card) for name in (*RUNS, "planned"))
    for name, accuracies in RUNS.items():
        lines = ["seed,epoch,C,train_accuracy,validation_accuracy,support_vectors"]
        for seed, shift in enumerate((-0.01, 0.01)):
            rows = enumerate(zip(DECADES, accuracies, strict=True), 1)
            lines += [f"{seed},{epoch},{C},1,{right + shift:.8g},{200 // epoch}" for epoch, (C, right) in rows]
        folder = tmp_path / "reports" / "full" / "runs" / "svm" / name
        folder.mkdir(parents=True)
        (folder / "history.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Study(tmp_path, "full", (ChapterResult("svm", "rings", runs),), {"rings": card})


def drawn(study: Study) -> Drawing:
    with style():
        (drawing,) = margins.against_C(study, study.chapters[0])
    return drawing


def probes(**counts: int) -> dict[str, Any]:
    """A ring for each run, some of whose points are support vectors."""
    line = np.linspace(-2, 2, 81, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    angle = np.linspace(0, 2 * np.pi, 40)
    points = np.column_stack([np.cos(angle), np.sin(angle), angle > 3]).astype(np.float32)
    ring = (1 / (1 + np.exp(4 * (x**2 + y**2 - 1)))).astype(np.float32)
    shared = {f"{run}/{key}": value for run in counts for key, value in (("boundary", ring), ("points", points))}
    return shared | {f"{run}/support": points[:count, :2] for run, count in counts.items()}


def test_the_caption_names_the_highest_means(study: Study) -> None:
    drawing = drawn(study)
    assert drawing.name == "svm_C"
    assert "rbf 96.00 % at C = 10 and linear 60.00 % at C = 0.1." in drawing.caption
    assert "From C = 0.1 to 10 the boundary of rbf goes from 200 support vectors to 66." in drawing.caption
    assert "planned" not in drawing.alt


def test_what_the_scale_leaves_out_is_said(study: Study) -> None:
    floor = 60 - margins.ROOM
    assert f"Means below {floor:.0f} %, down to 50.00 %, are not shown." in drawn(study).caption


def test_a_history_of_epochs_is_not_drawn(study: Study) -> None:
    for name in RUNS:
        path = study.folder() / "runs" / "svm" / name / "history.csv"
        path.write_text("seed,epoch,validation_accuracy\n0,1,0.5\n", encoding="utf-8")
    assert margins.against_C(study, study.chapters[0]) == []


def test_rings_and_margins_are_drawn_and_counted(study: Study) -> None:
    chapter = study.chapters[0]
    with style():
        (few,) = margins.regions(chapter, probes(rbf=7, linear=31))
        (more,) = margins.regions(chapter, probes(rbf=8, linear=31))
    assert few.name == "svm_regions"
    assert "rbf rests on 7 of 40 points, linear on 31" in few.caption
    assert "violet is outer, orange inner" in few.caption
    for text in ("rbf · 7 support vectors", "linear · 31 support vectors"):
        assert text in few.svg.decode("utf-8")
    rings = [drawing.svg.decode("utf-8").count("<use") for drawing in (few, more)]
    assert rings[1] - rings[0] == 1


def test_margins_lie_where_the_decision_is_one() -> None:
    """For p = 1 / (1 + e^-d) with d = 4 (1 - r²), the margins are circles of r² = 3/4 and 5/4."""
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    margins._margins(axis, probes(rbf=1)["rbf/boundary"])
    (contours,) = axis.collections
    radii = [float(np.square(path.vertices).sum(1).mean()) for path in contours.get_paths()]
    assert radii == pytest.approx([1.25, 0.75], abs=0.01)


def test_runs_without_probes_have_no_regions(study: Study) -> None:
    chapter = study.chapters[0]
    assert margins.regions(chapter, {}) == []
    with style():
        (drawing,) = margins.regions(chapter, {"rbf/boundary": probes(rbf=1)["rbf/boundary"]})
    assert "rests on" not in drawing.caption
    assert len(drawing.alt) >= 20


def test_same_files_same_bytes(study: Study) -> None:
    assert drawn(study) == drawn(study)
