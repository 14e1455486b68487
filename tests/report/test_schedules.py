"""The figure of the schedules: its lines are those that training goes through."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from rdfia.analyse.results import Card, ChapterResult, RunResult
from rdfia.report import schedules
from rdfia.report.engine.drawing import Drawing, style

CARD = Card("objects", counts={"train": 1000})
DECLARED: dict[str, dict[str, Any]] = {
    "constant": {"name": "constant"},
    "constant_warmup": {"name": "constant", "warmup": 5},
    "exponential": {"name": "exponential", "gamma": 0.9},
    "step": {"name": "step", "at": [0.4, 0.8], "gamma": 0.3},
    "inverse_time": {"name": "inverse_time", "gamma": 0.2},
    "linear": {"name": "polynomial"},
    "polynomial": {"name": "polynomial", "power": 2.0},
    "cosine": {"name": "cosine"},
    "cosine_warmup": {"name": "cosine", "warmup": 3.0},
    "cyclical": {"name": "cyclical", "cycles": 4.0},
    "one_cycle": {"name": "one_cycle"},
    "range_test": {"name": "range_test"},
}


def run(name: str, schedule: Any, epochs: int = 30, batch_size: int | str = 64) -> RunResult:
    config = {"schedule": schedule, "epochs": epochs, "batch_size": batch_size}
    return RunResult("cnn", name, name, name, "", CARD, config=config)


def chapter() -> ChapterResult:
    """A run for each schedule, and twenty more that take the cosine with a warm-up."""
    runs = [run(name, schedule) for name, schedule in DECLARED.items()]
    more = [run(f"seed_{i}", DECLARED["cosine_warmup"], batch_size=2 ** (3 + i % 5)) for i in range(20)]
    return ChapterResult("cnn", "objects", (*runs, *more, RunResult("cnn", "planned", "", "", "", CARD)))


def drawn(result: ChapterResult) -> Drawing:
    with style():
        (drawing,) = schedules.draw(result)
    return drawing


def test_every_schedule_that_changes_the_rate_is_a_panel_once() -> None:
    drawing, found = drawn(chapter()), schedules.lines(chapter().runs)
    assert [line.runs[0] for line in found] == [name for name in DECLARED if name != "constant"]
    assert {line.runs[0]: len(line.runs) for line in found}["cosine_warmup"] == 21
    assert drawing.name == "cnn_schedules"
    assert "cosine_warmup +20" in drawing.svg.decode()
    assert "(exponential) to 0.92 (constant_warmup). A plus" in drawing.caption
    assert "scale of range_test is logarithmic" in drawing.caption


def test_others_are_drawn_only_where_they_can_be_told_apart() -> None:
    few, many = (ChapterResult("cnn", "objects", chapter().runs[:count]) for count in (4, schedules.FEW + 2))
    assert "the grey ones are" in drawn(few).caption
    assert "grey" not in drawn(many).caption
    assert drawn(many).svg.count(b"stroke-opacity: 0.35") == 0 < drawn(few).svg.count(b"stroke-opacity: 0.35")


def test_a_line_follows_the_equation() -> None:
    (line,) = schedules.lines([run("cosine", "cosine", epochs=20, batch_size=100)])
    expected = (1 + np.cos(np.pi * line.epochs / 20)) / 2
    assert np.allclose(line.factors, expected)
    assert line.epochs[0] == 0
    assert line.epochs[-1] == pytest.approx(20 - 1 / 10)
    assert line.average == pytest.approx(0.5, abs=0.01)


def test_an_epoch_has_a_step_for_each_batch_begun() -> None:
    assert [schedules.steps(size, {"train": 1000}) for size in (64, 100, 1000, "all")] == [16, 10, 1, 1]


def test_the_caption_names_the_ends() -> None:
    runs = [run("linear", "polynomial"), run("steep", {"name": "polynomial", "power": 3.0}), run("flat", "constant")]
    caption = drawn(ChapterResult("cnn", "objects", tuple(runs))).caption
    assert "from 0.25 (steep) to 0.5 (linear)" in caption
    assert "A plus" not in caption


def test_constants_and_runs_without_files_are_not_drawn() -> None:
    runs = (run("flat", "constant"), RunResult("cnn", "planned", "", "", "", CARD))
    assert schedules.draw(ChapterResult("cnn", "objects", runs)) == []


def test_a_schedule_that_is_none_is_an_error() -> None:
    with pytest.raises(ValidationError, match="zigzag"):
        schedules.lines([run("odd", "zigzag")])


def test_the_same_schedules_give_the_same_bytes() -> None:
    first, second = drawn(chapter()), drawn(chapter())
    assert first == second
    assert len(first.alt) >= 20
