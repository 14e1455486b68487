"""How far the recorded losses of two runs lie apart."""

from pathlib import Path

import pytest

from rdfia.analyse.loss_differences import largest_difference
from rdfia.analyse.results import Card, RunResult
from tests.record.making import history

HEAD = ("seed,epoch,frozen_loss",)


def difference(root: Path, first: tuple[str, ...], second: tuple[str, ...]) -> float | None:
    lines = {"first": HEAD + first, "second": HEAD + second}
    records = {name: history(root, "mlp", name, rows) for name, rows in lines.items()}
    runs = [RunResult("mlp", name, name, name, "", Card("circles"), record=one) for name, one in records.items()]
    return largest_difference(*runs)


def test_only_epochs_that_both_recorded_are_compared(tmp_path: Path) -> None:
    first, second = ("0,0,1.0", "0,1,0.5", "1,0,2.0", "1,1,9.0"), ("0,0,1.25", "0,1,", "1,0,1.5", "0,2,9.0")
    assert difference(tmp_path, first, second) == pytest.approx(0.5)


def test_runs_without_a_common_epoch_have_no_difference(tmp_path: Path) -> None:
    assert difference(tmp_path, ("0,0,1.0",), ("1,0,2.0",)) is None
