"""Runs that are small enough for a test."""

from typing import Any

from rdfia.train.result import Outcome

from rdfia import chapters
from rdfia.train.descent import DescentRun
from rdfia.train.run import Data, Run


def outcome(data: Data, chosen: Run, jobs: int = 1) -> Outcome:
    """All that the seeds of a run report."""
    collected = Outcome()
    for seed, report in chosen.events(data, jobs):
        collected.add(seed, report)
    return collected


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
    return chapters.kind("cnn").model_validate(base | settings)  # type: ignore[return-value]


def perceptron(implementation: str, **settings: Any) -> DescentRun:
    """A tiny run of the chapter `mlp`."""
    base = {
        "model": {"name": "mlp", "implementation": implementation, "hidden": 10},
        "optimiser": {"name": "sgd", "learning_rate": 0.07},
        "epochs": 5,
        "batch_size": 10,
        "seeds": 3,
    }
    return chapters.kind("mlp").model_validate(base | settings)  # type: ignore[return-value]
