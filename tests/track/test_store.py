"""The store: where it is, that processes can make it together, and what is said when it cannot be used."""

import multiprocessing
import socket
from pathlib import Path
from typing import Any

import pytest

from rdfia.config import ConfigError
from rdfia.track.client import connect, reachable
from rdfia.track.mirror import publish
from rdfia.track.store import locate
from rdfia.track.ui import runs_table, ui_command
from tests.track.conftest import Study


def test_the_store_lies_in_the_project(tmp_path: Path) -> None:
    store = locate(tmp_path)
    assert store.uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert store.artifacts == f"file://{tmp_path}/mlartifacts"


def test_a_temporary_copy_uses_the_store_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "project"))
    assert locate(tmp_path / "copy") == locate(tmp_path / "project")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///elsewhere/runs.db")
    assert locate(tmp_path / "copy").database == tmp_path / "project/elsewhere/runs.db"


@pytest.mark.parametrize("uri", ["http://127.0.0.1:5000", "https://example.org", "databricks"])
def test_a_server_decides_where_artifacts_go(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert locate(tmp_path).uri == uri
    assert locate(tmp_path).artifacts is None


def _open(root: Path, start: Any, answers: Any) -> None:
    start.wait()
    try:
        answers.put(connect(locate(root), "rdfia/quick")[1])
    except BaseException as error:
        answers.put(repr(error))


def test_eight_processes_make_one_store(tmp_path: Path, empty_store: Path) -> None:
    (tmp_path / "mlflow.db.new").write_bytes(b"what a killed process left")
    context = multiprocessing.get_context("fork")  # MLflow is imported by now; importing it eight times takes a minute
    start, answers = context.Barrier(8), context.Queue()
    processes = [context.Process(target=_open, args=(tmp_path, start, answers)) for _ in range(8)]
    for process in processes:
        process.start()
    found = [answers.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(timeout=10)
    client, experiment = connect(locate(tmp_path), "rdfia/quick")
    assert found == [experiment] * 8
    assert client.get_experiment(experiment).artifact_location == f"file://{tmp_path}/mlartifacts/rdfia/quick"
    assert not (tmp_path / "mlflow.db.new").exists()


def test_an_experiment_deleted_in_the_browser_comes_back(study: Study) -> None:
    publish(study.params, study.root)
    client, experiment = connect(locate(study.root), "rdfia/quick")
    client.delete_experiment(experiment)
    assert publish(study.params, study.root).known == 3


@pytest.mark.parametrize("uri", ["http://127.0.0.1:{port}", "./mlruns", "nothing://x"])
def test_a_store_that_cannot_be_used_is_one_line(
    uri: str, dead_port: int, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(port=dead_port))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(
        ConfigError, match=r"^not in MLflow: 3 of 3 [^\n]+ MLFLOW_TRACKING_URI: found '[^\n]+, allowed: [^\n]+$"
    ):
        publish(study.params, study.root)


def test_a_missing_mlflow_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mlflow.exceptions", None)
    with pytest.raises(ConfigError, match="not installed"), reachable(locate(tmp_path)):
        pass


def test_a_server_has_its_own_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    with pytest.raises(ConfigError, match="open it in a browser"):
        ui_command(tmp_path)


def test_a_port_on_which_somebody_listens_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigError, match=f"--port: {port} on 127.0.0.1: address already in use; try `rdfia ui --p"
        ):
            ui_command(tmp_path, port)
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_cannot_be_is_one_line(tmp_path: Path, port: int) -> None:
    with pytest.raises(ConfigError, match=f"--port: found {port}, allowed: 1 to 65535"):
        ui_command(tmp_path, port)


def test_the_page_is_the_table_of_the_profiles_runs(study: Study) -> None:
    page = runs_table(study.params, study.root, 5001)
    _, experiment = connect(locate(study.root), "rdfia/quick")
    assert page == f"http://127.0.0.1:5001/#/experiments/{experiment}/runs?workflowType=machine_learning"
