"""A made-up chapter of about a hundred runs in a dozen groups, drawn by a seeded generator."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rdfia.analyse.results import FINISHED, Card, ChapterResult, RunResult, Study
from rdfia.record.run import RunRecord
from tests.record.making import history

SEEDS, EPOCHS = 4, 40
CARD = Card("cifar10", label="CIFAR-10", stands_for="cifar10", counts={"train": 45000, "validation": 5000})
HEAD = "seed,epoch,step,learning_rate,train_loss,train_accuracy,frozen_loss,frozen_accuracy"
# Each run of the chain with the run before it and its accuracy
CHAIN = {
    "baseline": ("baseline", 70.0, "the course's network"),
    "standardise": ("baseline", 75.5, "mean and std per channel"),
    "crop_flip": ("standardise", 79.5, "standardised + crop and flip"),
    "exponential": ("crop_flip", 80.6, "crop and flip + a rate that falls exponentially"),
    "chain_dropout": ("exponential", 81.4, "all this + dropout of the hidden layer"),
    "chain_batch_norm": ("chain_dropout", 84.2, "all this + batch norm"),
}
# Groups with the number of their runs, what they are measured against, and how far they spread
GROUPS = {
    "augmentation": (25, "standardise", 4.0),
    "optimiser": (9, "standardise", 2.0),
    "schedule": (14, "standardise", 1.0),
    "normaliser": (8, "baseline", 3.0),
    "regularisation": (9, "crop_flip", 1.0),
}
ALONE = {"alone_standardise": 5.5, "alone_crop_flip": 6.0, "alone_schedule": 1.5, "alone_batch_norm": 7.0}
SCHEDULES: tuple[dict[str, Any], ...] = (
    *({"name": "exponential", "gamma": gamma} for gamma in (0.9, 0.95, 0.98)),
    *({"name": "step", "at": [share], "gamma": 0.1} for share in (0.3, 0.5, 0.7)),
    *({"name": "cosine", "warmup": warmup} for warmup in (0.0, 1.0, 5.0)),
    *({"name": "cyclical", "cycles": cycles} for cycles in (4.0, 8.0)),
    {"name": "polynomial", "power": 2.0},
    {"name": "one_cycle"},
    {"name": "inverse_time", "gamma": 0.1},
)
RATES, BATCHES = (0.01, 0.05, 0.1, 0.5), (32, 64, 128, 256, 512)


def run(name: str, level: float, reference: str = "baseline", **own: Any) -> RunResult:
    """A run whose seeds scatter around `level`; `own` are fields of the result."""
    rng = np.random.default_rng([ord(letter) for letter in name])
    tests = {str(seed): float(level + rng.normal(0, 0.4)) for seed in range(SEEDS)}
    config = {"epochs": EPOCHS, "batch_size": 256, "optimiser": {"name": "sgd", "learning_rate": 0.1}}
    config |= {"schedule": {"name": "constant"}} | own.pop("config", {})
    timing = {"training_seconds": SEEDS * float(60 * rng.lognormal(0, 0.4))}
    result = RunResult("cnn", name, name.replace("_", " "), reference, "", CARD, FINISHED, 1_191_170, 0, SEEDS)
    spread: dict[str, Any] = {"train": tests, "validation": tests, "test": tests, "timing": timing, "flops": 24_600_000}
    return replace(result, **(spread | {"config": config} | own))


def chapter() -> ChapterResult:
    """The chain, groups of variants, a grid, improvements alone and together, two range tests."""
    runs = [run(name, level, before, title=title) for name, (before, level, title) in CHAIN.items()]
    for group, (count, reference, spread) in GROUPS.items():
        rng, level = np.random.default_rng(count), CHAIN[reference][1]
        for i in range(count):
            config = {"schedule": SCHEDULES[i]} if group == "schedule" else {}
            wide = {"parameters": 40_000 * (i + 1), "flops": 3_000_000 * (i + 1)} if group == "regularisation" else {}
            at = 10.0 if (group, i) == ("augmentation", 7) else level + float(rng.normal(0, spread))
            runs.append(run(f"{group}_variant_{i}", at, reference, group=group, config=config, **wide))
    runs += [_cell(rate, batch) for batch in BATCHES for rate in RATES if (rate, batch) != (0.1, 256)]
    runs += [run(name, 70 + gain, group="alone") for name, gain in ALONE.items()]
    runs.append(run("everything", 84.0, group="together"))
    runs.append(run("range_test", 10.0, group="range test", config={"schedule": {"name": "range_test"}}))
    return ChapterResult("cnn", "cifar10", tuple(runs))


def _cell(rate: float, batch: int) -> RunResult:
    """One cell of the grid; the largest rate with the smallest batch diverges."""
    config = {"batch_size": batch, "optimiser": {"name": "sgd", "learning_rate": rate}}
    level = 70 - 5 * (np.log10(rate / 0.1) - np.log10(batch / 256)) ** 2
    keys = ("optimiser.learning_rate", "batch_size")
    found = run(f"lr_{rate}_batch_{batch}", float(level), group="rate and batch", delta=keys, config=config)
    if (rate, batch) != (0.5, 32):
        return found
    return replace(found, status="diverged", diverged=SEEDS, train={}, validation={}, test={})


def study(root: Path, *names: str) -> Study:
    """The chapter, or the chain and the groups of these names, with a history of every run below `root`."""
    whole = chapter()
    chosen = [run for run in whole.runs if not names or run.name in CHAIN or run.group in names]
    kept = tuple(replace(run, record=_record(root, run)) for run in chosen)
    return Study(root, "full", (replace(whole, runs=kept),), {"cifar10": CARD})


def _record(root: Path, result: RunResult) -> RunRecord:
    """Accuracies that rise to the run's own, losses that fall and rise again; a run that diverged ends early."""
    rng = np.random.default_rng([ord(letter) for letter in result.name])
    lines = [f"{HEAD},validation_loss,validation_accuracy"]
    for seed in range(SEEDS):
        end = result.test.get(str(seed), 10.0) / 100
        for epoch in range(3 if result.diverged else EPOCHS + 1):
            up = end - (end - 0.1) * float(np.exp(-epoch / 6)) + rng.normal(0, 0.01) * (epoch > 0)
            frozen, held = 2.3 * (1 - up) ** 1.5 + 0.05, 2.4 * (1 - up) + 0.015 * epoch
            running = (frozen + 0.1, up - 0.02) if epoch else ("", "")
            row = (seed, epoch, epoch, 0.1, *running, frozen, min(1.0, up + 0.004 * epoch), held, up)
            lines.append(",".join(str(cell) for cell in row))
    return history(root, "cnn", result.name, lines)


def traces(steps: int = 300) -> Mapping[str, npt.NDArray[np.float32]]:
    """What the range test leaves: a loss that falls around 0.1, and after 10 is no number (seeds, 2, steps)."""
    rng, rates = np.random.default_rng(0), np.geomspace(1e-4, 100, steps)
    found = []
    for _ in range(SEEDS):
        losses = 2.3 - 1.1 / (1 + (0.1 / rates) ** 1.5) + 0.4 * rates**1.3 + rng.normal(0, 0.06, steps)
        losses[rates > 10 * rng.uniform(0.6, 1.4)] = np.nan
        found.append(np.stack([rates, losses]))
    return {"range_test/trace": np.asarray(found, dtype=np.float32), "baseline/filters": np.zeros((2, 3, 5, 5), "f4")}
