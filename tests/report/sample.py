"""A small made-up study with every file of the schema, drawn by a seeded generator."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from rdfia.record.declaration import Declaration
from rdfia.study.declaration import declarations

SEEDS = 3
SCRIPT = "<script>alert(1)</script>"  # which no page, figure or text may run
Arrays = dict[str, npt.NDArray[Any]]

CNN_RUNS: dict[str, Any] = {
    "baseline": {},
    "standardise": {"normalise": "standardise"},
    "crop_flip": {
        "title": "crop and flip",
        "from": "standardise",
        "augment": [{"name": "crop", "size": 24}, "horizontal_flip"],
    },
    "unstable": {"optimiser": {"learning_rate": 2.0}},
    "planned": {"model": {"dropout": 0.5}},
}


# The accuracy that each run comes to; 0.3 is that of any other
LEVELS = {"autograd": 0.94, "wide": 0.93, "narrow": 0.92, "baseline": 0.70, "standardise": 0.755, "crop_flip": 0.79}


def params(profile: str = "full") -> dict[str, Any]:
    """Parameters that declare two chapters, one of them with a run that diverged and one that was never run."""
    return {
        "profile": profile,
        "profiles": {"quick": {"cnn": {"epochs": 2}}, "full": {}},
        "data": {"cifar10": {}, "circles": {}},
        "mlp": {
            "dataset": "circles",
            "base": _base("mlp", 0.07, hidden=10),
            "runs": {
                "autograd": {},
                "wide": {"title": SCRIPT, "model": {"hidden": 100}, "group": "hidden units"},
                "narrow": {"model": {"hidden": 5}, "group": "hidden units"},
            },
        },
        "cnn": {"dataset": "cifar10", "base": _base("cnn", 0.1), "runs": CNN_RUNS},
    }


def _base(model: str, rate: float, **sizes: int) -> dict[str, Any]:
    optimiser = {"name": "sgd", "learning_rate": rate}
    return {"model": {"name": model, **sizes}, "optimiser": optimiser, "epochs": 20, "batch_size": 50, "seeds": SEEDS}


def card(name: str, stands_for: str | None) -> dict[str, Any]:
    """The card of one data set."""
    images = name != "circles"
    return {
        "name": name,
        "source": name if stands_for else "objects",
        "label": f"{name} (sample)" if stands_for else "procedural objects (embedded)",
        "stands_for": stands_for,
        "kind": "images" if images else "points",
        "classes": ["cat", f"dog & {SCRIPT}", "ship"] if images else ["inside", "outside"],
        "shape": [3, 16, 16] if images else [2],
        "counts": {"train": 300, "validation": 60, "test": 90},
        "sha256": "ab" * 32,
        "provenance": "Drawn by a seeded generator.",
    }


def write(root: Path, profile: str = "full", stands_for: bool = True) -> dict[str, Any]:
    """Write the whole study below `root` and return its parameters."""
    declared = params(profile)
    rng = np.random.default_rng(0)
    folder = root / "reports" / profile
    for chapter, name in (("mlp", "circles"), ("cnn", "cifar10")):
        described = card(name, name if stands_for else None)
        _json(folder / "data" / f"{name}.json", described)
        runs = [one for one in declarations(declared) if one.chapter == chapter and one.run != "planned"]
        tests = {one.run: _run(rng, folder / "runs" / chapter / one.run, one, described) for one in runs}
        _json(folder / "test" / f"{chapter}.json", tests)
    _arrays(folder / "probes" / "mlp.safetensors", _points(rng, declared["mlp"]["runs"]))
    _arrays(folder / "probes" / "cnn.safetensors", _images(rng, declared["cnn"]["runs"]))
    _arrays(root / "data" / profile / "cifar10" / "sheets.safetensors", _sheets(rng))
    return declared


def _run(rng: np.random.Generator, folder: Path, declared: Declaration, described: dict[str, Any]) -> dict[str, Any]:
    """One run's files; what `evaluate` would say about it."""
    run, level = declared.run, LEVELS.get(declared.run, 0.3)
    rows: list[list[object]] = []
    metrics: dict[str, Any] = {}
    test: dict[str, Any] = {}
    for seed in range(SEEDS):
        diverged = run == "unstable" and seed > 0
        final = level + rng.normal(0, 0.004)
        rows += _records(rng, seed, 2 if diverged else 8, final)
        metrics[str(seed)] = _seed(diverged, final)
        if not diverged:
            test[str(seed)] = {"accuracy": final - 0.005, "loss": 1 - final}
    _history(folder / "history.csv", rows)
    _json(folder / "metrics.json", _metrics(declared, metrics, described))
    _json(folder / "timing.json", _timing(run))
    names = described["classes"]
    confusion = rng.integers(0, 9, (len(names), len(names))) + 60 * np.eye(len(names), dtype=int)
    return {"seeds": test, "confusion": confusion.tolist(), "classes": names}


def _seed(diverged: bool, final: float) -> dict[str, Any]:
    if diverged:
        return {"status": "diverged", "epochs": 2, "validation_accuracy": None, "train_accuracy": None}
    figures = {"validation_accuracy": final, "validation_loss": 1 - final, "train_accuracy": 0.99, "train_loss": 0.1}
    return {"status": "finished", "epochs": 8, **figures}


def _records(rng: np.random.Generator, seed: int, epochs: int, final: float) -> list[list[object]]:
    """A history that rises to `final`; nothing was trained at epoch 0."""
    rows: list[list[object]] = []
    for epoch in range(epochs + 1):
        up = final * (1 - 0.8 * np.exp(-epoch / 2)) + rng.normal(0, 0.005)
        running: list[object] = [1.1 - up, up - 0.02] if epoch else ["", ""]
        rows.append([seed, epoch, 10 * epoch, 0.1, *running, 1 - up, min(up + 0.03, 1), 1.05 - up, up])
    return rows


def _history(path: Path, rows: list[list[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "seed,epoch,step,learning_rate,train_loss,train_accuracy,frozen_loss,frozen_accuracy"
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow([*head.split(","), "validation_loss", "validation_accuracy"])
        writer.writerows(rows)


def _metrics(declared: Declaration, seeds: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    status = "diverged" if any(record["status"] == "diverged" for record in seeds.values()) else "finished"
    return {
        "chapter": declared.chapter,
        "run": declared.run,
        "kind": declared.kind,
        "status": status,
        "parameters": 1191170 if declared.chapter == "cnn" else 52,
        "seeds": seeds,
        "config": declared.settings,
        "data": described,
        "weights_sha256": "cd" * 32,
        "code_sha256": declared.code_sha256,
        "versions": {"torch": "2.15.0", "python": "3.12"},
    }


def _timing(run: str) -> dict[str, Any]:
    machine = {"processor": "sample", "cores": 2, "device": "cpu", "precision": "fp32", "python": "3.12"}
    return {
        "started": "2026-01-01T00:00:00+00:00",
        "seconds": 12.5 + len(run),
        "training_seconds": 10.0 + len(run),
        "images_per_second": 1200.0,
        "machine": {**machine, "platform": "Linux"},
        "commit": "0123456789abcdef",
    }


def _points(rng: np.random.Generator, runs: dict[str, Any]) -> Arrays:
    axis = np.linspace(-2, 2, 40, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    inside = 1 / (1 + np.exp(4 * (x**2 + y**2 - 1)))
    at = rng.normal(0, 0.9, (80, 2))
    points = np.column_stack([at, (at**2).sum(1) < 1]).astype(np.float32)
    planes = np.stack([np.full_like(inside, 0.5), inside]).astype(np.float16)
    drawn: Arrays = {"points/train": points[:40], "points/validation": points[40:]}
    for run in runs:
        drawn |= {f"{run}/boundary": inside, f"{run}/strip": planes, f"{run}/epochs": np.array([0, 5])}
    return drawn


def _images(rng: np.random.Generator, runs: dict[str, Any]) -> Arrays:
    found: Arrays = {}
    for run in runs:
        found[f"{run}/filters"] = rng.normal(0, 1, (32, 3, 5, 5)).astype(np.float32)
        found[f"{run}/attention"] = rng.random((4, 2, 4, 4)).astype(np.float32)
        found[f"{run}/inputs"] = rng.integers(0, 255, (4, 3, 16, 16), dtype=np.uint8)
    found["crop_flip/mistakes"] = rng.integers(0, 255, (3, 3, 16, 16), dtype=np.uint8)
    found["crop_flip/prediction"] = np.array([[0, 1, 0.9], [2, 1, 0.8], [1, 0, 0.6]], dtype=np.float32)
    return found


def _sheets(rng: np.random.Generator) -> Arrays:
    keys = ("samples", "normalise/none", "normalise/standardise", "normalise/zca", "augment/crop", "augment/flip")
    sheets: Arrays = {key: rng.integers(0, 255, (2, 6, 3, 16, 16), dtype=np.uint8) for key in keys}
    return {**sheets, "spectrum": np.geomspace(10, 1e-4, 768).astype(np.float32)}


def _json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def _arrays(path: Path, value: Arrays) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: np.ascontiguousarray(array, dtype=array.dtype) for key, array in value.items()}, path)
