"""A made-up grid over learning rates and batch sizes."""

import math
from dataclasses import replace

import numpy as np

from rdfia.analyse.results import DIVERGED, FINISHED, Card, ChapterResult, RunResult

RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
BATCHES = (8, 32, 128, 512, "all")
CARD = Card("objects", counts={"train": 4000})
KEYS = ("optimiser.learning_rate", "batch_size")


def made(rate: float, batch: int | str, power: float) -> RunResult:
    """Return a run whose accuracy falls with the logarithmic distance from the rate 0.05 · (batch / 32)^power."""
    size = 4000 if batch == "all" else int(batch)
    away = math.log10(rate / 0.05) - power * math.log10(size / 32)
    rng = np.random.default_rng([int(1000 * rate), size])
    lost = 3 if away > 1.7 else 1 if away > 1.4 else 0
    seeds = {str(seed): 90 - 6 * away**2 + float(rng.normal(0, 0.2)) for seed in range(3 - lost)}
    name = f"rate_{rate}_batch_{batch}"
    config = {"optimiser": {"learning_rate": rate}, "batch_size": batch}
    run = RunResult("cnn", name, name, "baseline", "", CARD, group="rate and batch", delta=KEYS, config=config)
    status = DIVERGED if lost else FINISHED
    return replace(run, status=status, diverged=lost, declared=3, test=seeds, validation=seeds)


def chapter(power: float = 0.6) -> ChapterResult:
    """Return a grid with a reference of its own cell, runs that change one setting alone, and cells left out."""
    runs = {(rate, batch): made(rate, batch, power) for rate in RATES for batch in BATCHES}
    del runs[0.003, "all"], runs[3.0, 8]
    runs[0.1, 32] = replace(runs[0.1, 32], name="baseline", group="", delta=())
    runs[0.1, 128] = replace(runs[0.1, 128], delta=("batch_size",))
    runs[0.3, 32] = replace(runs[0.3, 32], delta=("optimiser.learning_rate",))
    return ChapterResult("cnn", "objects", (runs.pop((0.1, 32)), *runs.values()))
