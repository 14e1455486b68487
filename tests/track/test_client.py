"""A tracker is never in the way: each call ends in time, in one line, and the next `track` completes."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import mlflow
import numpy as np
import pytest

from rdfia.config import ConfigError
from rdfia.track import live as live_module
from rdfia.track.client import Client, connect, create, within
from rdfia.track.live import live
from rdfia.track.mirror import UnpublishedError, publish
from rdfia.track.store import locate
from tests.track.conftest import Study
from tests.track.test_mirror import runs
from tests.track.trouble import Talk, drip, failing, hang, no_http, no_json, other_json, serving

LATE = "TimeoutError: no answer within 2 s"
TROUBLES = [(hang, LATE), (drip, LATE), (no_http, ""), (no_json, ""), (other_json, ""), (failing, "500")]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr(live_module, "CALL", 2.0)


@pytest.mark.parametrize(("talk", "reason"), TROUBLES)
@pytest.mark.usefixtures("impatient")
def test_publishing_ends_in_one_line(
    talk: Talk, reason: str, study: Study, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(talk) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        with pytest.raises(UnpublishedError) as caught:
            publish(study.params, study.root)
    line = str(caught.value)
    assert line.startswith(
        "not in MLflow: 3 of 3 results; `rdfia track` publishes them. "
        f"MLFLOW_TRACKING_URI: found '{address}', allowed: a store that answers; "
    )
    assert reason in line
    assert "\n" not in line
    assert capfd.readouterr().err == ""
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert publish(study.params, study.root).new == 3


@pytest.mark.parametrize(("talk", "reason"), TROUBLES)
@pytest.mark.usefixtures("impatient")
def test_training_goes_on(
    talk: Talk, reason: str, study: Study, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RDFIA_LIVE", "1")
    with serving(talk) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        with live("cnn", "zca", "quick", study.root) as tracker:
            tracker.log(0, {"epoch": 1, "train_loss": 0.5})
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith("RDFIA_LIVE: off for cnn/zca, which trains on: MLFLOW_TRACKING_URI: found")
    assert reason in line


def test_a_run_waits_so_long_for_a_slow_tracker_and_no_longer(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RDFIA_LIVE", "1")
    monkeypatch.setattr(live_module, "PATIENCE", 0.0)
    with live("cnn", "zca", "quick", study.root) as tracker:
        for epoch in range(5):
            tracker.log(0, {"epoch": epoch, "train_loss": 0.5})
    [line] = capsys.readouterr().err.splitlines()
    assert "training has waited" in line
    client, experiment = connect(locate(study.root), "rdfia/quick/live")
    [run] = client.search_runs([experiment])
    assert run.data.metrics == {}  # to open the run took longer already


def test_the_stage_ends_well_and_says_what_is_missing(study: Study) -> None:
    """As `make` runs it: a garbage database, then a server that drips, then a store that works."""
    (study.root / "params.yaml").write_text(json.dumps({"data": {}} | study.params))
    shutil.move(study.root / "mlflow.db", study.root / "whole.db")
    (study.root / "mlflow.db").write_bytes(b"no database at all" * 99)
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "MLFLOW_HTTP_REQUEST_TIMEOUT": "2"}

    def track(**more: str) -> tuple[str, int]:
        done = subprocess.run(
            [sys.executable, "-m", "stages.track"], cwd=study.root, env=env | more, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stderr, json.loads((study.root / "reports/quick/tracked.json").read_text())["runs"]

    said, count = track()
    assert said == (
        "warning: not in MLflow: 3 of 3 results; `rdfia track` publishes them. "
        f"{study.root}/mlflow.db: cannot be used: DatabaseError: file is not a database; "
        "if you remove it, `rdfia track` makes a new one\n"
    )
    assert count == 0
    with serving(drip) as address:
        said, count = track(MLFLOW_TRACKING_URI=address)
    assert (said.count("\n"), said.endswith(f"{LATE}\n"), count) == (1, True, 0)
    assert track(MLFLOW_TRACKING_URI="sqlite:///whole.db", MLFLOW_HTTP_REQUEST_TIMEOUT="30") == ("", 3)


def stubborn(talk: socket.socket) -> None:
    """Try again whatever happens, as MLflow and urllib3 do."""
    with within(0.2):
        while True:
            with suppress(Exception):
                talk.recv(1)


def test_a_limit_holds_wherever_the_program_waits() -> None:
    door = socket.create_server(("127.0.0.1", 0))
    with door, socket.create_connection(door.getsockname()) as talk:
        with pytest.raises(TimeoutError, match=r"no answer within 0\.2 s"):
            stubborn(talk)
        with within(0.2):
            pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    time.sleep(0.3)  # a limit that had outlived its block would end the test here


@pytest.mark.parametrize("found", ["soon", "0", "-1", "nan", "inf"])
def test_a_limit_that_is_none_names_its_variable(found: str, study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", found)
    with pytest.raises(ConfigError, match=rf"^MLFLOW_HTTP_REQUEST_TIMEOUT: found '{found}', allowed: a number"):
        Client(locate(study.root))


def test_another_publisher_is_not_waited_for_without_end(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    from filelock import FileLock

    monkeypatch.setattr("rdfia.track.mirror.PUBLISHING", 0.3)
    lock = locate(study.root).publishing
    with FileLock(lock), pytest.raises(UnpublishedError, match=f"{lock}: another process has held it for 0.3 s"):
        publish(study.params, study.root)


@pytest.mark.parametrize("copied", [True, False])
def test_a_project_that_was_copied_or_moved_keeps_its_files_to_itself(copied: bool, study: Study) -> None:
    study.weights("cnn", "baseline")
    assert publish(study.params, study.root).new == 3
    there = study.root.with_name(f"{study.root.name} ü")
    shutil.copytree(study.root, there)
    if not copied:
        shutil.rmtree(study.root)
    before = sorted(study.root.rglob("*"))
    other = Study(there, study.params)
    other.add("cnn", "later")
    published = publish(other.params, there)
    assert (published.new, published.known) == (1, 3)
    assert sorted(study.root.rglob("*")) == before
    client, _ = connect(locate(there), "rdfia/quick")
    for run in runs(other).values():
        assert run.info.artifact_uri.startswith(f"{there.as_uri()}/mlartifacts/")
    found = runs(other)["cnn/later"]
    assert {file.path for file in client.list_artifacts(found.info.run_id)} == {"metrics.json", "history.csv"}
    mlflow.set_tracking_uri(f"sqlite:///{there}/mlflow.db")
    model = mlflow.pyfunc.load_model(f"runs:/{runs(other)['cnn/baseline'].info.run_id}/cnn-baseline")
    assert model.predict(np.zeros((1, 3, 4, 4), np.uint8)).shape == (1, 3)


def test_the_places_of_another_kind_of_store_are_left_alone(tmp_path: Path, empty_store: Path) -> None:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database, database:
        database.execute("UPDATE experiments SET artifact_location = 's3://bucket/mlartifacts/0'")
    create(locate(tmp_path))
    client, _ = connect(locate(tmp_path), "rdfia/quick")
    assert client.get_experiment("0").artifact_location == "s3://bucket/mlartifacts/0"


def test_a_database_holds_the_curves_as_mlflow_would_have_written_them(study: Study) -> None:
    client, experiment = connect(locate(study.root), "curves")
    values = [
        (f"seed_{seed}/loss", 0.1 * seed + 1 / (epoch + 1), 1000 + epoch, epoch)
        for seed in (0, 1)
        for epoch in (2, 0, 1)
    ]
    metrics = [mlflow.entities.Metric(*value) for value in [*values, values[0]]]
    at_once, by_mlflow = (client.create_run(experiment).info.run_id for _ in range(2))
    client.log_curves(at_once, metrics)
    client.log_batch(by_mlflow, metrics=metrics)
    with closing(sqlite3.connect(study.root / "mlflow.db")) as database:
        for table in ("metrics", "latest_metrics"):
            query = f"SELECT key, value, timestamp, step, is_nan FROM {table} WHERE run_uuid = ? ORDER BY key, step"
            found = [database.execute(query, (run,)).fetchall() for run in (at_once, by_mlflow)]
            assert found[0] == found[1]
            assert len(found[0]) == (6 if table == "metrics" else 2)
    assert client.get_run(at_once).data.metrics == client.get_run(by_mlflow).data.metrics
    assert len(client.get_metric_history(at_once, "seed_1/loss")) == 3
