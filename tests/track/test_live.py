"""Live logging: nothing unless asked for, every epoch if asked, and training goes on whatever happens."""

import os
import sys

import pytest
from mlflow.entities import Run

from rdfia.track.client import connect
from rdfia.track.live import live
from rdfia.track.store import locate
from tests.track.conftest import Study

RECORD = {"epoch": 3, "step": 30, "train_loss": 0.5, "validation_loss": float("nan"), "train_accuracy": 0.25}


def runs(study: Study) -> list[Run]:
    client, experiment = connect(locate(study.root), "rdfia/quick/live")
    return list(client.search_runs([experiment]))


def test_it_does_nothing_unless_asked(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rdfia.track.live.connect", None)
    with live("cnn", "zca", "quick", study.root) as tracker:
        tracker.log(0, RECORD)
    assert runs(study) == []


def test_epochs_arrive_while_the_run_is_on(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDFIA_LIVE", "1")
    with live("cnn", "zca", "quick", study.root) as tracker:
        tracker.log(1, RECORD)
        [run] = runs(study)
        assert (run.info.run_name, run.info.status) == ("cnn/zca", "RUNNING")
        assert run.data.metrics == {"seed_1/train_loss": 0.5, "seed_1/train_accuracy": 25.0}
    client, _ = connect(locate(study.root), "rdfia/quick/live")
    assert [point.step for point in client.get_metric_history(run.info.run_id, "seed_1/train_loss")] == [3]
    assert runs(study)[0].info.status == "FINISHED"


@pytest.mark.parametrize(("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_a_run_that_breaks_off_says_so(
    error: type[BaseException], status: str, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RDFIA_LIVE", "1")
    with pytest.raises(error), live("cnn", "zca", "quick", study.root):
        raise error
    assert [run.info.status for run in runs(study)] == [status]


def test_a_server_that_is_away_costs_one_line(
    study: Study, dead_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RDFIA_LIVE", "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{dead_port}")
    with live("cnn", "zca", "quick", study.root) as tracker:
        tracker.log(0, RECORD)
        tracker.log(0, RECORD)
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("RDFIA_LIVE: off for cnn/zca, which trains on: ")


def test_a_store_that_fails_on_the_way_costs_one_line(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RDFIA_LIVE", "1")
    with live("cnn", "zca", "quick", study.root) as tracker:
        tracker.log(0, RECORD)
        os.truncate(study.root / "mlflow.db", 0)
        tracker.log(0, RECORD | {"epoch": 4})
        tracker.log(0, RECORD | {"epoch": 5})
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("RDFIA_LIVE: off for cnn/zca, which trains on: ")


def test_without_mlflow_it_costs_one_line(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RDFIA_LIVE", "1")
    monkeypatch.setitem(sys.modules, "mlflow.exceptions", None)
    with live("cnn", "zca", "quick", study.root) as tracker:
        tracker.log(0, RECORD)
    [line] = capsys.readouterr().err.splitlines()
    assert "not installed" in line
