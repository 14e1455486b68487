"""Learning curves of small and of large groups: no run is left out, and their files stay small."""

from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.groups import groups
from rdfia.analyse.history import history
from rdfia.analyse.results import RunResult, Study
from rdfia.report import curves
from rdfia.report.engine.drawing import Drawing, style
from tests.report import large


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The chain, a large group and a range test."""
    return large.study(tmp_path_factory.mktemp("curves"), "rate and batch", "range test")


def every(study: Study) -> list[Drawing]:
    """The drawings of all groups of the study's one chapter, as the report asks for them."""
    (chapter,) = study.chapters
    return [drawing for group in groups(chapter) for drawing in curves.of_group(study, chapter, group)]


@pytest.fixture(scope="module")
def drawn(study: Study) -> dict[str, Drawing]:
    with style():
        return {drawing.name: drawing for drawing in every(study)}


def test_no_run_of_a_group_is_left_out(study: Study, drawn: dict[str, Drawing]) -> None:
    for group in groups(study.chapters[0]):
        for measure in ("loss", "accuracy") if group.name != "range test" else ():
            svg = drawn[f"cnn{group.suffix}_{measure}"].svg.decode()
            assert all(f">{label}<" in svg for label in group.labels)
    assert len(drawn) == 4


def test_small_panels_show_less_than_large_ones(drawn: dict[str, Drawing]) -> None:
    lines = {name: drawing.svg.decode() for name, drawing in drawn.items()}
    assert ">train, running<" in lines["cnn_loss"]
    assert ">train, running<" not in lines["cnn_rate_and_batch_loss"]
    assert ">train, frozen weights<" in lines["cnn_rate_and_batch_loss"]
    assert ">train, frozen weights<" not in lines["cnn_rate_and_batch_accuracy"]
    assert ">validation of the reference<" in lines["cnn_rate_and_batch_accuracy"]
    assert max(len(drawing.svg) for drawing in drawn.values()) < 250_000


def test_the_caption_counts_what_ends_above_the_reference(study: Study, drawn: dict[str, Drawing]) -> None:
    chapter = study.chapters[0]

    def end(run: RunResult) -> float:
        return float(curves.band(history(study, run), "validation_accuracy")[2][-1])

    cells = [run for run in chapter.runs if run.group == "rate and batch"]
    above = sum(end(run) > end(chapter.runs[0]) for run in cells)
    caption = drawn["cnn_rate_and_batch_accuracy"].caption
    assert f"of all {len(cells) + 1} runs" in caption
    assert f"{above} of {len(cells)} end above it" in caption


def test_seeds_that_diverged_and_low_ends_are_said(drawn: dict[str, Drawing]) -> None:
    assert ">4 of 4 diverged<" in drawn["cnn_rate_and_batch_loss"].svg.decode()
    assert ">ends at " in drawn["cnn_rate_and_batch_accuracy"].svg.decode()


@pytest.mark.parametrize("count", [0, 1, 7, 50, 400])
def test_thinning_keeps_both_ends(count: int) -> None:
    line = np.arange(count, dtype=np.float64)
    kept = curves.thinned((line, line, line, line), 50)
    assert all(np.array_equal(part, kept[0]) for part in kept)
    assert len(kept[0]) == min(count, 50)
    assert kept[0].tolist()[:1] + kept[0].tolist()[-1:] == ([0.0, count - 1.0] if count else [])


def test_a_group_without_histories_is_not_drawn(tmp_path: Path) -> None:
    chapter = large.chapter()
    assert every(Study(tmp_path, "full", (chapter,), {})) == []
