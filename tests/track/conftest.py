"""A small finished study on disk, an empty store to copy, and the address of nothing."""

import csv
import json
import math
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rdfia.record import layout
from rdfia.record.run import RunRecord
from rdfia.track.client import create
from rdfia.track.store import DEFAULTS, locate, quieten

KINDS = ("train", "frozen", "validation")
COLUMNS = ("learning_rate", *(f"{kind}_{figure}" for kind in KINDS for figure in ("loss", "accuracy")))
IMAGES: dict[str, Any] = {
    "name": "cifar10",
    "label": "made-up images",
    "kind": "images",
    "shape": [3, 4, 4],
    "classes": ["a", "b", "c"],
}
POINTS: dict[str, Any] = {
    "name": "circles",
    "label": "circles",
    "kind": "points",
    "shape": [2],
    "classes": ["in", "out"],
}
STARTED, SECONDS = "2026-01-02T03:04:05+00:00", 40.0


class Linear(nn.Module):
    """Stands for a trained classifier: raw examples in, logits out."""

    weight: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)  # (D, classes)

    def forward(self, raw: Tensor) -> Tensor:
        x = raw.flatten(1).float() / (255 if raw.dtype == torch.uint8 else 1)
        return torch.relu(x @ self.weight)


def linear(record: RunRecord, seed: int) -> nn.Module:
    """Stand for `rdfia.record.predictor.predictor`, which builds the real networks."""
    return Linear(load_file(record.weights)[f"seed{seed}/weight"])


@dataclass
class Study:
    """A project folder with results in it, and the means to change them."""

    root: Path
    params: dict[str, Any] = field(default_factory=lambda: {"profile": "quick", "profiles": {"quick": {}}})

    def add(
        self, chapter: str, run: str, epochs: int = 4, losses: tuple[float, ...] = (1.0, 3.0), **config: Any
    ) -> None:
        """A run whose seed i ends with loss i of `losses`; a loss that is no number makes that seed diverge."""
        self.params.setdefault(chapter, {"base": {}, "runs": {}})["runs"][run] = {"title": f"the {run}"}
        folder = self.root / layout.recorded("quick", chapter, run)
        folder.mkdir(parents=True)
        seeds = {str(seed): self._seed(loss) for seed, loss in enumerate(losses)}
        card = (POINTS if chapter == "mlp" else IMAGES) | {"source": "test", "sha256": "d" * 64, "provenance": "drawn"}
        status = "finished" if all(map(math.isfinite, losses)) else "diverged"
        config = {"model": {"name": "cnn", "channels": [8, 16]}, "epochs": epochs} | config
        metrics = {"chapter": chapter, "run": run, "status": status, "parameters": 7, "seeds": seeds, "config": config}
        write(folder / "metrics.json", metrics | {"data": card})
        write(folder / "timing.json", {"started": STARTED, "seconds": SECONDS, "commit": "c0ffee"})
        with (folder / "history.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("seed", "epoch", "step", *COLUMNS), *self._rows(epochs, losses)])
        self.test(chapter, run, {s: {"accuracy": 0.5 + 0.1 * int(s), "loss": 2.0} for s in seeds})

    def test(self, chapter: str, run: str, seeds: dict[str, Any]) -> None:
        """Put a run's figures on the test split into its chapter's file."""
        path = self.root / layout.test("quick", chapter)
        found = json.loads(path.read_text()) if path.exists() else {}
        write(path, found | {run: {"seeds": seeds, "confusion": [[1, 0], [0, 1]]}})

    def weights(self, chapter: str, run: str, classes: int = 3) -> dict[str, Tensor]:
        """Give a run its weights."""
        path = self.root / layout.weights("quick", chapter, run)
        path.parent.mkdir(parents=True, exist_ok=True)
        size = math.prod((POINTS if chapter == "mlp" else IMAGES)["shape"])
        generator = torch.Generator().manual_seed(0)
        tensors = {f"seed{s}/weight": torch.randn(size, classes, generator=generator) for s in range(2)}
        save_file(tensors, path)
        return tensors

    @staticmethod
    def _seed(loss: float) -> dict[str, Any]:
        status = "finished" if math.isfinite(loss) else "diverged"
        return {"status": status, "validation_accuracy": 1 / (1 + loss) if status == "finished" else None}

    @staticmethod
    def _rows(epochs: int, losses: tuple[float, ...]) -> Iterator[tuple[Any, ...]]:
        for seed, loss in enumerate(losses):
            for epoch in range(epochs + 1):
                train = ("", "") if epoch == 0 else (loss / epoch, 0.5)
                figures = (*train, loss, 0.25, loss, 1 / (1 + loss))
                yield seed, epoch, epoch * 10, 0.1, *("" if figure != figure else figure for figure in figures)


def write(path: Path, found: dict[str, Any]) -> None:
    """A JSON file, its folders made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine that runs the tests; nothing that a test makes MLflow set outlives it."""
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_EXP_NAME", "RDFIA_LIVE", *DEFAULTS):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr("rdfia.record.predictor.predictor", linear)
    quieten()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh store's file; its migrations take seconds, so tests copy it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT"):
            patch.delenv(name, raising=False)
        quieten()
        store = locate(tmp_path_factory.mktemp("store"))
    create(store)
    assert store.database is not None
    return store.database


@pytest.fixture
def study(tmp_path: Path, empty_store: Path) -> Study:
    """Three results of two chapters, one of which diverged in part, and one run that has no files."""
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    study = Study(tmp_path)
    study.add("mlp", "autograd")
    study.add("cnn", "baseline")
    study.add("cnn", "fast", losses=(2.0, math.nan))
    study.test("cnn", "fast", {"0": {"accuracy": 0.5, "loss": 2.0}})
    study.params["cnn"]["runs"]["later"] = {}
    (tmp_path / "reports/quick/figures").mkdir()
    (tmp_path / "reports/quick/figures/cnn_effects.svg").write_bytes(b"a figure")
    (tmp_path / "reports/quick/figures/cnn_mnist_effects.svg").write_bytes(b"another")
    return study


@pytest.fixture
def dead_port() -> int:
    """A port of this machine where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
