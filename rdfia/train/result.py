"""The files of a run: history, weights, timing and metrics, each put in place whole, metrics last."""

import csv
import hashlib
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import load_file

from rdfia import places
from rdfia.data.normalise import needed
from rdfia.data.store import load_split
from rdfia.files import read_json, write_atomically, write_json
from rdfia.revision import commit
from rdfia.train import device
from rdfia.train.run import Data, Record, Run, Snapshot, Trained


@dataclass
class Outcome:
    """What the seeds of a run have reported so far."""

    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    history: dict[int, list[Record]] = field(default_factory=dict)
    snapshots: dict[int, list[Snapshot]] = field(default_factory=dict)
    trained: dict[int, Trained] = field(default_factory=dict)

    def add(self, seed: int, report: Record | Snapshot | Trained) -> None:
        if isinstance(report, Trained):
            self.trained[seed] = report
        elif isinstance(report, Snapshot):
            self.snapshots.setdefault(seed, []).append(report)
        else:
            self.history.setdefault(seed, []).append(report)


def load_data(profile: str, dataset: str) -> Data:
    """Train and validation splits and statistics of a prepared data set; the test split is not touched."""
    folder = places.data(profile, dataset)
    card = read_json(places.card(profile, dataset), f"`dvc repro prepare@{profile}-{dataset}` prepares the data set")
    train, validation = (load_split(folder / f"{name}.safetensors") for name in ("train", "validation"))
    statistics = load_file(folder / "statistics.safetensors")
    return Data(card, statistics, (train.x, train.y), (validation.x, validation.y))


def write(outcome: Outcome, profile: str, chapter: str, name: str, run: Run, data: Data) -> None:
    """Write everything that is known of a run that has ended."""
    folder, weights = places.run(profile, chapter, name), places.weights(profile, chapter, name)
    family = places.code(chapter)
    code = family.read_text(encoding="utf-8").strip() if family.exists() else ""
    write_atomically(weights, lambda path: _save_weights(outcome, run, data, path))
    write_atomically(folder / "history.csv", lambda path: path.write_text(_history(outcome), encoding="utf-8"))
    write_json(_timing(outcome, run, len(data.train[1])), folder / "timing.json")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    write_json(_metrics(outcome, chapter, name, run, data, code, digest), folder / "metrics.json")


def leave_out(profile: str, chapter: str, name: str) -> None:
    """The files of a run that the profile leaves out: there, as the pipeline expects them, and empty."""
    folder = places.run(profile, chapter, name)
    write_atomically(places.weights(profile, chapter, name), lambda path: save_file({}, path))
    write_atomically(folder / "history.csv", lambda path: path.write_text("seed,epoch\n", encoding="utf-8"))
    write_json({}, folder / "timing.json")
    write_json({"chapter": chapter, "run": name, "status": "left out"}, folder / "metrics.json")


def _save_weights(outcome: Outcome, run: Run, data: Data, path: Path) -> None:
    """Every seed's network, those of its snapshots, and the statistics that the normaliser is built from, once."""
    tensors = {f"statistics/{key}": value.numpy() for key, value in needed(run.normalise, data.statistics).items()}
    for seed, trained in sorted(outcome.trained.items()):
        kept = {f"seed{seed}": trained.weights}
        kept |= {f"seed{seed}@{shot.epoch}": shot.weights for shot in outcome.snapshots.get(seed, ())}
        tensors |= {f"{name}/{key}": value for name, weights in kept.items() for key, value in weights.items()}
        also = {"steps": trained.steps, "pictures": trained.pictures}
        tensors |= {f"{name}/{seed}": part for name, part in also.items() if part is not None}
    save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, path)


def _history(outcome: Outcome) -> str:
    """One row a record; what is no number stays empty."""
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for seed, records in sorted(outcome.history.items()):
        if not text.tell():
            rows.writerow(["seed", *asdict(records[0])])  # type: ignore[call-overload]
        for record in records:
            rows.writerow([seed, *(_cell(value) for value in asdict(record).values())])  # type: ignore[call-overload]
    return text.getvalue()


def _cell(value: float) -> str:
    return "" if not isfinite(value) else f"{value:.8g}"


def _metrics(
    outcome: Outcome, chapter: str, name: str, run: Run, data: Data, code: str, weights: str
) -> dict[str, Any]:
    """The figures of a run and all that they depend on; nothing here changes from one repetition to the next."""
    seeds = {str(seed): _last(outcome, seed) for seed in sorted(outcome.history)}
    finished = all(seed["status"] == "finished" for seed in seeds.values())
    return {
        "chapter": chapter,
        "run": name,
        "status": "finished" if finished else "diverged",
        "parameters": parameters(next(iter(outcome.trained.values()))),
        "flops": run.flops(data),
        "seeds": seeds,
        "config": run.model_dump(mode="json"),
        "data": dict(data.card),
        "weights_sha256": weights,
        "code_sha256": code,
        "versions": {package: version(package) for package in run.libraries},
    }


def _last(outcome: Outcome, seed: int) -> dict[str, Any]:
    """What remains of a seed: its last record, or that of the epoch whose weights were kept."""
    kept, records = outcome.trained[seed].epoch, outcome.history[seed]
    until = [record for record in records if kept is None or record.epoch <= kept]
    return until[-1].last(until)


def parameters(trained: Trained) -> int:
    """The weights that training finds: not the running statistics of batch norm, nor the examples that an SVM keeps."""
    buffers = ("running_mean", "running_var", "num_batches_tracked", "support", "gamma")
    return sum(value.size for key, value in trained.weights.items() if not key.endswith(buffers))


def _timing(outcome: Outcome, run: Run, images: int) -> dict[str, Any]:
    """When, how long, where: what differs every time stands apart from the figures."""
    training = sum(trained.seconds for trained in outcome.trained.values())
    epochs = sum(records[-1].epoch for records in outcome.history.values())
    where, precision = device.device(), getattr(run, "precision", "float64")
    return {
        "started": outcome.started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - outcome.started).total_seconds(), 3),
        "training_seconds": round(training, 3),
        "images_per_second": round(images * epochs / training, 1),
        "machine": device.machine(where, device.resolve_precision(precision, where)) | {"torch": torch.__version__},
        "commit": commit(Path()),
        "experiment": os.environ.get("DVC_EXP_NAME", ""),
    }
