"""The logged model: raw examples in, logits out, loaded where this project is not installed."""

import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
import torch
import yaml

from rdfia.parallel import Message, cores
from rdfia.record import layout
from rdfia.record.predictor import predictor
from rdfia.record.select import best_seed
from rdfia.track import mirror
from rdfia.track.mirror import publish
from rdfia.track.model import _states, example
from rdfia.track.result import read
from tests.processes import Touch
from tests.record.making import written
from tests.track.conftest import IMAGES, POINTS, Linear, Study
from tests.track.test_mirror import opened, runs


@pytest.fixture
def logged(study: Study) -> tuple[Study, dict[str, torch.Tensor]]:
    weights = study.weights("cnn", "baseline")
    study.weights("mlp", "autograd", classes=2)
    publish(study.params, study.root, models=True)
    return study, weights


def test_a_model_loads_without_the_project(logged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    study, weights = logged
    images = np.random.default_rng(1).integers(0, 256, (8, 3, 4, 4), dtype=np.uint8)
    run_id = runs(study)["cnn/baseline"].info.run_id
    expected = Linear(weights["seed0/weight"])(torch.from_numpy(images))  # seed 0 has the better validation accuracy
    for name in [name for name in sys.modules if name.split(".")[0] in ("rdfia", "tests")]:
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    mlflow.set_tracking_uri(f"sqlite:///{study.root}/mlflow.db")
    model = mlflow.pyfunc.load_model(f"runs:/{run_id}/cnn-baseline")
    for some in (images, images[:1]):
        np.testing.assert_allclose(model.predict(some), expected[: len(some)].numpy(), rtol=1e-5)


def test_a_model_is_read_where_pickle_is_forbidden_and_one_that_was_tampered_with_is_not(
    logged: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    study, _ = logged
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    mlflow.set_tracking_uri(f"sqlite:///{study.root}/mlflow.db")
    address, touched = f"runs:/{runs(study)['cnn/baseline'].info.run_id}/cnn-baseline", tmp_path / "touched"
    folder = Path(mlflow.artifacts.download_artifacts(address, dst_path=str(tmp_path / "model")))
    images = np.zeros((3, 3, 4, 4), np.uint8)
    assert mlflow.pyfunc.load_model(str(folder)).predict(images).shape == (3, 3)
    described = yaml.safe_load((folder / "MLmodel").read_text())
    assert described["flavors"]["python_function"]["loader_module"] == "mlflow.pytorch"
    assert described["flavors"]["pytorch"]["code"] is None
    replace_member(folder / "data" / "model.pt2", "sample_inputs/model.pt", Touch(str(touched)))
    with pytest.raises(mlflow.MlflowException, match="not a pickle-free payload"):
        mlflow.pyfunc.load_model(str(folder))
    assert not touched.exists()
    monkeypatch.delenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION")
    with suppress(Exception):
        mlflow.pyfunc.load_model(str(folder))
    assert touched.exists()  # so the variable is what protects


def replace_member(path: Path, name: str, content: object) -> None:
    """Put another object into an archive of PyTorch, as `torch.save` writes it."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    (found,) = [member for member in members if member.endswith(name)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for member, old in (members | {found: buffer.getvalue()}).items():
            archive.writestr(member, old)


def test_a_model_of_points_takes_points(logged: Any) -> None:
    study, _ = logged
    mlflow.set_tracking_uri(f"sqlite:///{study.root}/mlflow.db")
    model = mlflow.pyfunc.load_model(f"runs:/{runs(study)['mlp/autograd'].info.run_id}/mlp-autograd")
    assert model.predict(np.zeros((5, 2), np.float32)).shape == (5, 2)


def test_the_run_says_what_became_of_its_model(logged: Any) -> None:
    study, _ = logged
    found = {name: run.data.tags["rdfia.model"] for name, run in runs(study).items()}
    missing = "missing: weights are not on this machine"
    assert found == {"cnn/baseline": "seed 0", "cnn/fast": missing, "mlp/autograd": "seed 0"}


def test_a_run_tells_how_to_load_its_model_or_get_one(logged: Any) -> None:
    study, _ = logged
    notes = {name: run.data.tags["mlflow.note.content"] for name, run in runs(study).items()}
    assert notes["cnn/fast"].startswith("the fast\n\nModel: missing")
    command = notes["cnn/baseline"].split("`")[1]
    mlflow.set_tracking_uri(f"sqlite:///{study.root}/mlflow.db")
    model = eval(command, {"mlflow": mlflow})
    assert model.predict(np.zeros((2, 3, 4, 4), np.uint8)).shape == (2, 3)


def test_models_are_named_after_their_runs(logged: Any) -> None:
    study, _ = logged
    client, experiment = opened(study)
    assert {model.name for model in client.search_logged_models([experiment])} == {"cnn-baseline", "mlp-autograd"}


@pytest.mark.parametrize("changed", [True, False])
def test_a_model_that_a_kill_left_pending_is_mended(
    changed: bool, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    study.weights("cnn", "baseline")
    client, experiment = opened(study)
    with monkeypatch.context() as patch:
        patch.setattr(mlflow.MlflowClient, "finalize_logged_model", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(study.params, study.root)
    assert [str(model.status) for model in client.search_logged_models([experiment])] == ["PENDING"]
    if changed:
        study.test("cnn", "baseline", {"0": {"accuracy": 0.9, "loss": 1.0}})
    publish(study.params, study.root)
    assert [str(model.status) for model in client.search_logged_models([experiment])] == ["READY"]
    assert {run.info.status for run in runs(study).values()} == {"FINISHED"}


def test_weights_that_arrive_later_bring_the_model(logged: Any) -> None:
    study, _ = logged
    study.weights("cnn", "fast")
    assert publish(study.params, study.root).new == 0  # neither the first of its chapter nor the best
    again = publish(study.params, study.root, models=True)
    assert (again.new, again.known) == (1, 2)
    assert runs(study)["cnn/fast"].data.tags["rdfia.model"] == "seed 0"
    assert publish(study.params, study.root, models=True).new == 0


def test_the_first_and_the_best_of_a_chapter_have_their_model(tmp_path: Path) -> None:
    study = Study(tmp_path)
    names = [f"r{number}" for number in range(5)]
    for number, name in enumerate(names):
        study.add("cnn", name, losses=(2.0, 3.0 - 0.01 * number))
    found = [read(study.params, study.root, "cnn")[name] for name in names]
    results = [result for result in found if result]
    means = [sum(s["validation_accuracy"] for s in r.record.seeds.values()) for r in results]
    best = names[max(range(1, 5), key=lambda place: means[place])]
    assert mirror.chosen(study.params, results) == {"cnn/r0", f"cnn/{best}"}


class Fixed(Linear):
    """A model whose graph would hold the size of the example's batch."""

    def forward(self, raw: torch.Tensor) -> torch.Tensor:
        return super().forward(raw) + torch.zeros(len(raw), 1)


def broken(*_: Any) -> None:
    raise RuntimeError("no such\nlayer")


def fixed(*_: Any) -> torch.nn.Module:
    return Fixed(torch.ones(48, 3))


@pytest.mark.parametrize(
    ("build", "reason"),
    [(broken, "RuntimeError: no such layer"), (fixed, "ValueError: its graph takes batches of one size")],
)
def test_a_model_that_cannot_be_exported_costs_a_warning(
    build: Any, reason: str, study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rdfia.record.predictor.predictor", build)
    study.weights("cnn", "baseline")
    assert publish(study.params, study.root).new == 3
    assert re.match(f"failed: ({reason})", runs(study)["cnn/baseline"].data.tags["rdfia.model"])
    [line] = capsys.readouterr().err.splitlines()
    assert re.match(f"cnn/baseline: logged without its model: ({reason})", line)


BESIDE = """
import json, sys
from pathlib import Path
from rdfia.track import publish

print(publish(json.loads(sys.argv[1]), Path(), models=True))
print("torch" in sys.modules)
"""


def test_models_are_exported_by_a_process_beside(study: Study) -> None:
    for name in ("baseline", "fast"):  # records of the real class: no other process knows the stand-in
        folder = study.root / layout.recorded("quick", "cnn", name)
        made = written(folder)
        weights = study.root / layout.weights("quick", "cnn", name)
        weights.parent.mkdir(parents=True)
        shutil.copyfile(made.record.weights, weights)
    command = [sys.executable, "-c", BESIDE, json.dumps(study.params)]
    said = subprocess.run(command, cwd=study.root, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[0].startswith("3 new, 0 known, 1 not run")
    assert said.stdout.splitlines()[1] == str(cores() < 2)
    assert said.stderr == ""
    found = runs(study)
    states = {name: run.data.tags["rdfia.model"].split()[0] for name, run in found.items()}
    assert states == {"cnn/baseline": "seed", "cnn/fast": "seed", "mlp/autograd": "missing:"}
    mlflow.set_tracking_uri(f"sqlite:///{study.root}/mlflow.db")
    x, _ = made.data.validation
    for name in ("baseline", "fast"):
        model = mlflow.pytorch.load_model(f"runs:/{found[f'cnn/{name}'].info.run_id}/cnn-{name}")
        torch.testing.assert_close(model(x), predictor(made.record, best_seed(made.record) or 0)(x))


def test_of_a_process_that_is_killed_the_models_are_failures() -> None:
    said = [Message(0, "seed 1"), Message(-1), Message(0, ended=True, error=RuntimeError("ended by signal 9"))]
    assert list(islice(_states(iter(said)), 3)) == ["seed 1", *["failed: ended by signal 9"] * 2]


def test_examples_look_like_the_data() -> None:
    images, points = example(IMAGES), example(POINTS)
    assert (images.shape, images.dtype.name) == ((2, 3, 4, 4), "uint8")
    assert (points.shape, points.dtype.name) == ((2, 2), "float32")
