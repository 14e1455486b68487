"""Runs that are small enough for a test."""

from pathlib import Path
from typing import Any

from rdfia.chapters import run_class
from rdfia.record.outcome import Outcome, write
from rdfia.record.run import RunRecord
from rdfia.study import train_run
from rdfia.train.descent import DescentRun
from rdfia.train.run import Data, Run


def outcome(data: Data, chosen: Run, jobs: int = 1) -> Outcome:
    """All that the seeds of a run report, one program after the other or side by side."""
    collected = Outcome()
    for seed, report in chosen.events(data) if jobs == 1 else train_run.events(chosen, data, jobs):
        collected.add(seed, report)
    return collected


def written(folder: Path, data: Data, chosen: Run, kind: str, jobs: int = 1) -> RunRecord:
    """The record of a run that was trained and written."""
    return recorded(folder, data, chosen, kind, outcome(data, chosen, jobs))


def recorded(folder: Path, data: Data, chosen: Run, kind: str, collected: Outcome) -> RunRecord:
    """The record of a run that was trained before."""
    write(collected, folder, {"chapter": kind, "run": "tiny", "kind": kind, "code_sha256": "0"}, chosen, data)
    return RunRecord.read(folder)


def run(**settings: Any) -> DescentRun:
    """A tiny run of the chapter `cnn`."""
    base = {
        "model": {"name": "cnn", "channels": (4,), "kernel_size": 3, "hidden": 8},
        "optimiser": {"name": "sgd", "learning_rate": 0.1},
        "epochs": 2,
        "batch_size": 16,
        "seeds": 3,
        "normalise": "standardise",
    }
    return run_class("cnn").model_validate(base | settings)  # type: ignore[return-value]


def perceptron(implementation: str, **settings: Any) -> DescentRun:
    """A tiny run of the chapter `mlp`."""
    base = {
        "model": {"name": "mlp", "implementation": implementation, "hidden": 10},
        "optimiser": {"name": "sgd", "learning_rate": 0.07},
        "epochs": 5,
        "batch_size": 10,
        "seeds": 3,
    }
    return run_class("mlp").model_validate(base | settings)  # type: ignore[return-value]
