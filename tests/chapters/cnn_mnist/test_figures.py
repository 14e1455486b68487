"""The figure of the loss of every step."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.results import Card, ChapterResult, RunResult
from rdfia.chapters.cnn_mnist.figures import MEAN, STEP, VALIDATION, step_losses
from tests.record.making import history
from tests.report.making import context, drawings, plots

LOSSES = np.array([[2.0, 1.5, 1.0, 0.5], [0.9, 0.1, 0.5, 0.3]])  # of each step of two epochs


@pytest.fixture
def chapter(tmp_path: Path) -> ChapterResult:
    rows = ("0,0,0,2.3", "0,1,4,0.7", "0,2,8,0.4", "1,0,0,2.3", "1,1,4,0.8", "1,2,8,0.5")
    lines = ["seed,epoch,step,validation_loss", *rows]
    card = Card("mnist", classes=tuple("0123456789"))
    record = history(tmp_path, "cnn_mnist", "by_step", lines)
    run = RunResult("cnn_mnist", "by_step", "", "by_step", "", card, config={"batch_size": 7}, record=record)
    return ChapterResult("cnn_mnist", "mnist", (run,), "cnn")


def trace() -> dict[str, np.ndarray]:
    rates = np.full_like(LOSSES, 0.1).ravel()
    return {"by_step/trace": np.stack([np.stack([rates, LOSSES.ravel() + seed]) for seed in (0, 5)]).astype("f4")}


def test_every_step_of_the_first_seed_is_drawn_with_the_mean_so_far(chapter: ChapterResult, tmp_path: Path) -> None:
    (plot,) = plots(step_losses, context(tmp_path, chapter, trace()))
    points = {part: [row[2:] for row in plot.numbers.rows if row[1] == part] for part in (STEP, MEAN, VALIDATION)}
    assert [x for x, _ in points[STEP]] == pytest.approx(np.arange(1, 9) / 4)
    assert [y for _, y in points[STEP]] == pytest.approx(LOSSES.ravel())
    assert [y for _, y in points[MEAN]] == pytest.approx([1.75, 1.5, 1.25, 0.5, 0.5, 0.45])
    assert points[VALIDATION] == [(1, 0.7), (2, 0.4)]


def test_a_seed_that_ended_before_another_is_drawn_to_its_own_end(chapter: ChapterResult, tmp_path: Path) -> None:
    (expected,) = plots(step_losses, context(tmp_path / "alone", chapter, trace()))
    longer = np.pad(trace()["by_step/trace"], ((0, 0), (0, 0), (0, 4)), constant_values=np.nan)  # by one more epoch
    (plot,) = plots(step_losses, context(tmp_path / "longer", chapter, {"by_step/trace": longer}))
    assert plot.numbers.rows == expected.numbers.rows
    assert plot.facts == expected.facts


def test_the_caption_counts_the_steps(chapter: ChapterResult, tmp_path: Path) -> None:
    (drawing,) = drawings(step_losses, context(tmp_path, chapter, trace()))
    assert drawing.name == "cnn_mnist_steps"
    assert "4 batches of 7 an epoch, over 2 epochs" in drawing.caption
    assert "from 0.100 to 0.900 around a mean of 0.450" in drawing.caption


def test_a_search_for_a_rate_and_a_run_without_steps_are_not_drawn(chapter: ChapterResult, tmp_path: Path) -> None:
    searching = replace(chapter.runs[0], config={"schedule": {"name": "range_test"}})
    assert drawings(step_losses, context(tmp_path, replace(chapter, runs=(searching,)), trace())) == []
    assert drawings(step_losses, context(tmp_path, chapter)) == []
