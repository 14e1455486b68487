"""Against a real MLflow server, started by the command behind `make ui` and ended by the test."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import mlflow
import numpy as np
import pytest

from rdfia.track.client import connect
from rdfia.track.live import live
from rdfia.track.mirror import UnpublishedError, publish
from rdfia.track.store import locate
from rdfia.track.ui import ui_command
from tests.processes import linux
from tests.track.conftest import Study
from tests.track.trouble import serving, stopping


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        try:
            urlopen(f"{address}/health", timeout=2).read()
            return
        except (URLError, OSError):
            assert process.poll() is None
            time.sleep(0.25)
    raise AssertionError(f"no answer from {address}")


@pytest.fixture
def server(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    command, environment = ui_command(study.root, port)
    elsewhere: Path = tmp_path_factory.mktemp("elsewhere")  # nothing may depend on where the page was opened
    with (elsewhere / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=elsewhere, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=120)
    assert [path.name for path in elsewhere.iterdir()] == ["log"]


def ask(address: str, call: str, **question: Any) -> Any:
    request = Request(f"{address}/api/2.0/mlflow/{call}", json.dumps(question).encode(), method="POST")
    request.add_header("Content-Type", "application/json")
    return json.load(urlopen(request, timeout=20))


@linux
def test_nobody_else_reaches_the_server(server: str) -> None:
    port = int(server.rpartition(":")[2])
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    listening = {row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    assert listening == {f"0100007F:{port:04X}"}
    stranger = Request(server, headers={"Host": "attacker.example"})  # a page that has its name lead here
    with pytest.raises(HTTPError, match="403"):
        urlopen(stranger, timeout=20)


def test_who_stops_in_the_middle_of_a_question_does_not_keep_the_page_from_ending(server: str) -> None:
    with socket.create_connection(("127.0.0.1", int(server.rpartition(":")[2]))) as talk:
        head = "POST /api/2.0/mlflow/experiments/search HTTP/1.1\r\nHost: localhost\r\n"
        talk.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{".encode())
        time.sleep(0.5)
        talk.detach()  # stays open; the server's end, in the fixture, is what is looked at


def test_the_page_shows_the_mirror_also_after_it_fell_silent(
    server: str, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    study.weights("cnn", "baseline")
    monkeypatch.setenv("RDFIA_LIVE", "1")
    with monkeypatch.context() as patch, serving(stopping(int(server.rpartition(":")[2]), after=55)) as address:
        patch.setenv("MLFLOW_TRACKING_URI", address)
        patch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "3")
        with pytest.raises(UnpublishedError, match=r"not in MLflow: [12] of 3 results.* no answer within 3(\.\d+)? s$"):
            publish(study.params, study.root)  # how many bytes pass at once, and so what it has heard, is chance
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    published = publish(study.params, study.root)
    assert (published.new + published.known, published.store) == (3, server)
    assert published.new in (1, 2)
    assert publish(study.params, study.root).known == 3
    with live("cnn", "zca", "quick", study.root) as tracker:
        tracker.log(0, {"epoch": 1, "train_loss": 0.5})
    names = [found["name"] for found in ask(server, "experiments/search", max_results=10)["experiments"]]
    assert set(names) == {"rdfia/quick", "rdfia/quick/live", "Default"}
    _, experiment = connect(locate(study.root), "rdfia/quick")
    found = ask(server, "runs/search", experiment_ids=[experiment])["runs"]
    assert {run["info"]["run_name"] for run in found} == {"mlp/autograd", "cnn/baseline", "cnn/fast", "report"}
    mlflow.set_tracking_uri(server)
    [run_id] = [run["info"]["run_id"] for run in found if run["info"]["run_name"] == "cnn/baseline"]
    model = mlflow.pyfunc.load_model(f"runs:/{run_id}/cnn-baseline")
    assert model.predict(np.zeros((3, 3, 4, 4), np.uint8)).shape == (3, 3)
