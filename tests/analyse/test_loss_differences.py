"""How far the recorded losses of two runs lie apart."""

from pathlib import Path

import pytest

from rdfia.analyse.loss_differences import largest_difference
from rdfia.analyse.results import Card, RunResult, Study

HEAD = "seed,epoch,frozen_loss\n"


def difference(root: Path, first: str, second: str) -> float | None:
    runs = [RunResult("mlp", name, name, name, "", Card("circles")) for name in ("first", "second")]
    for run, rows in zip(runs, (first, second), strict=True):
        folder = root / "reports" / "full" / "runs" / "mlp" / run.name
        folder.mkdir(parents=True)
        (folder / "history.csv").write_text(HEAD + rows, encoding="utf-8")
    return largest_difference(Study(root, "full", (), {}), *runs)


def test_only_epochs_that_both_recorded_are_compared(tmp_path: Path) -> None:
    apart = difference(tmp_path, "0,0,1.0\n0,1,0.5\n1,0,2.0\n1,1,9.0\n", "0,0,1.25\n0,1,\n1,0,1.5\n0,2,9.0\n")
    assert apart == pytest.approx(0.5)


def test_runs_without_a_common_epoch_have_no_difference(tmp_path: Path) -> None:
    assert difference(tmp_path, "0,0,1.0\n", "1,0,2.0\n") is None
