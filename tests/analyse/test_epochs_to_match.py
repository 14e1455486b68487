"""When our curves come by a published figure."""

from dataclasses import replace
from pathlib import Path

import pytest

from rdfia.analyse.epochs_to_match import Match, matches
from rdfia.analyse.published import Published
from tests.record.making import history
from tests.report import patched

# Two seeds; their means by epoch are 50, 80 and 90 %, and the second seed stops there.
LINES = ("seed,epoch,validation_accuracy", "0,0,0.99", "0,1,0.4", "0,2,0.8", "0,4,0.85", "0,5,1.0")
MORE = ("1,0,0.99", "1,1,0.6", "1,2,0.8", "1,4,0.95")
FIGURE = Published("R1", "vit", "x", "mnist", "embed=32", "test_accuracy", "60", "", "vit/small", "")


def made(root: Path, figure: Published, lines: tuple[str, ...] = (*LINES, *MORE)) -> list[Match]:
    run = replace(patched.chapter().runs[0], record=history(root, "vit", "small", lines))
    return matches(run, [figure])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("50.00", [1.0, 50.0, None]),  # the accuracy before the first step matches nothing
        ("50.01", [2.0, 80.0, 50.0]),
        ("88", [4.0, 90.0, 80.0]),
        ("90.5", [None, None, None]),  # epoch 5 is of one seed alone
    ],
)
def test_the_first_epoch_at_a_figure(tmp_path: Path, value: str, expected: list[float | None]) -> None:
    (match,) = made(tmp_path, replace(FIGURE, value=value))
    assert (match.run.name, match.figure.value) == ("small", value)
    cells = [match.epoch, match.accuracy, match.before]
    assert [None if cell is None else pytest.approx(cell) for cell in cells] == expected
    assert (match.last_epoch, match.last_accuracy) == (4.0, pytest.approx(90.0))


def test_a_figure_that_is_no_accuracy_is_not_matched(tmp_path: Path) -> None:
    assert made(tmp_path, replace(FIGURE, metric="gap_train_test")) == []


def test_a_run_without_a_history_is_not_matched(tmp_path: Path) -> None:
    assert made(tmp_path, FIGURE, LINES[:1]) == []
