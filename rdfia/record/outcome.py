"""How the record of a run comes to be: what its seeds report, gathered and written."""

import csv
import hashlib
import os
from collections.abc import Mapping
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

from rdfia.data.normalise import required_statistics
from rdfia.files import whole_folder, write_json
from rdfia.record.run import DIVERGED, FINISHED, HISTORY, LEFT_OUT, METRICS, TIMING, WEIGHTS, Row
from rdfia.train import device
from rdfia.train.precision import described
from rdfia.train.run import Data, Record, Run, Snapshot, Trained


@dataclass
class Outcome:
    """What the seeds of a run have reported so far, and the commit whose code trains them."""

    commit: str = ""
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


def write(outcome: Outcome, folder: Path, head: Mapping[str, Any], run: Run, data: Data) -> None:
    """Write everything that is known of a run that has ended, and put its folder in place whole.

    `head` says whose run it is: chapter, run, kind, and the hash of its code.
    """
    with whole_folder(folder) as fresh:
        _save_weights(outcome, run, data, fresh / WEIGHTS)
        (fresh / HISTORY).write_text(_history(outcome), encoding="utf-8")
        write_json(_timing(outcome, run, data), fresh / TIMING)
        digest = hashlib.sha256((fresh / WEIGHTS).read_bytes()).hexdigest()
        write_json(_metrics(outcome, head, run, data, digest), fresh / METRICS)


def leave_out(folder: Path, head: Mapping[str, Any]) -> None:
    """Write the files of a run that the profile leaves out: there, as the pipeline expects them, and empty."""
    with whole_folder(folder) as fresh:
        save_file({}, fresh / WEIGHTS)
        (fresh / HISTORY).write_text("seed,epoch\n", encoding="utf-8")
        write_json({}, fresh / TIMING)
        write_json({**head, "status": LEFT_OUT}, fresh / METRICS)


def _save_weights(outcome: Outcome, run: Run, data: Data, path: Path) -> None:
    """Every seed's network, those of its snapshots, and the statistics that the normaliser is built from, once."""
    statistics = required_statistics(run.normalise, data.statistics)
    tensors = {f"statistics/{key}": value.numpy() for key, value in statistics.items()}
    for seed, trained in sorted(outcome.trained.items()):
        kept = {f"seed{seed}": trained.weights}
        kept |= {f"seed{seed}@{shot.epoch}": shot.weights for shot in outcome.snapshots.get(seed, ())}
        tensors |= {f"{name}/{key}": value for name, weights in kept.items() for key, value in weights.items()}
        also = {"steps": trained.steps, "pictures": trained.pictures}
        tensors |= {f"{name}/{seed}": part for name, part in also.items() if part is not None}
    save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, path)


def _history(outcome: Outcome) -> str:
    """Return one row a record; what is no number stays empty."""
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for seed, records in sorted(outcome.history.items()):
        if not text.tell():
            rows.writerow(["seed", *asdict(records[0])])  # type: ignore[call-overload]
        for record in records:
            rows.writerow([seed, *(_cell(value) for value in asdict(record).values())])  # type: ignore[call-overload]
    return text.getvalue()


def history_row(seed: int, record: Record) -> Row:
    """Return the row of a record as it is read back from the history."""
    cells = {key: _cell(value) for key, value in asdict(record).items()}  # type: ignore[call-overload]
    return {"seed": float(seed), **{key: float(cell) if cell else None for key, cell in cells.items()}}


def _cell(value: float) -> str:
    return "" if not isfinite(value) else f"{value:.8g}"


def _metrics(outcome: Outcome, head: Mapping[str, Any], run: Run, data: Data, weights: str) -> dict[str, Any]:
    """The figures of a run and all that they depend on; nothing here changes from one repetition to the next."""
    seeds = {str(seed): last(outcome, seed) for seed in sorted(outcome.history)}
    finished = all(seed["status"] == FINISHED for seed in seeds.values())
    return {
        "chapter": head["chapter"],
        "run": head["run"],
        "kind": head["kind"],
        "status": FINISHED if finished else DIVERGED,
        "parameters": parameters(next(iter(outcome.trained.values()))),
        "flops": run.flops(data),
        "seeds": seeds,
        "config": run.model_dump(mode="json"),
        "data": dict(data.card),
        "weights_sha256": weights,
        "code_sha256": head["code_sha256"],
        "versions": {package: version(package) for package in run.libraries},
    }


def last(outcome: Outcome, seed: int) -> dict[str, Any]:
    """What remains of a seed: the record of its last epoch, or of that whose weights were kept; and if it diverged."""
    kept, records = outcome.trained[seed].epoch, outcome.history[seed]
    until = [record for record in records if kept is None or record.epoch <= kept]
    figures = until[-1].last(until)
    if records[-1].diverged:
        whole = records[-1].last(records)
        figures |= {key: whole[key] for key in ("status", "epochs", "diverged_at")}
    return figures


def parameters(trained: Trained) -> int:
    """The weights that training finds: not the running statistics of batch norm, nor the examples that an SVM keeps."""
    buffers = ("running_mean", "running_var", "num_batches_tracked", "support", "gamma")
    return sum(value.size for key, value in trained.weights.items() if not key.endswith(buffers))


def _timing(outcome: Outcome, run: Run, data: Data) -> dict[str, Any]:
    """When, how long, where: what differs every time stands apart from the figures."""
    training = sum(trained.seconds for trained in outcome.trained.values())
    epochs = sum(records[-1].epoch for records in outcome.history.values())
    machine = device.machine(device.device()) | described(run, data.card)
    return {
        "started": outcome.started.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - outcome.started).total_seconds(), 3),
        "training_seconds": round(training, 3),
        "images_per_second": round(run.examples(len(data.train[1])) * epochs / training, 1),
        "machine": machine | {"torch": torch.__version__},
        "commit": outcome.commit,
        "experiment": os.environ.get("DVC_EXP_NAME", ""),
    }
