"""Made-up runs whose accuracy grows with the logarithm of what they cost."""

from dataclasses import replace

import numpy as np

from rdfia.analyse.metrics import interval
from rdfia.analyse.pareto import Point
from rdfia.analyse.results import FINISHED, Card, ChapterResult, RunResult

CARD = Card("objects")
WEIGHTS = (4_810, 23_860, 79_510, 311_290, 1_191_170)


def run(name: str, tests: tuple[float, ...], seconds: float, parameters: int | None = 100) -> RunResult:
    """Return a run whose seeds took `seconds` together."""
    seeds = {str(seed): accuracy for seed, accuracy in enumerate(tests)}
    record = RunResult("cnn", name, name, "baseline", "", CARD, status=FINISHED, parameters=parameters)
    return replace(record, declared=len(tests), test=seeds, validation=seeds, timing={"training_seconds": seconds})


def chapter(count: int = 70) -> ChapterResult:
    """Return runs whose accuracy grows with the logarithm of their cost, one in ten of them far below the others."""
    rng = np.random.default_rng(0)
    runs = []
    for i in range(count):
        weights = WEIGHTS[i % len(WEIGHTS)]
        seconds = float(3 * (weights / 1000) ** 0.5 * rng.lognormal(0, 0.7))
        level = 70 + 4 * np.log10(weights / 1000) + 5 * np.log10(seconds) + rng.normal(0, 2) - 40 * (i % 10 == 7)
        tests = tuple(float(level + rng.normal(0, 0.5)) for _ in range(3))
        runs.append(run(f"{('wide', 'deep', 'smooth', 'plain')[i % 4]}_{i}", tests, 3 * seconds, weights))
    return ChapterResult("cnn", "objects", tuple(runs))


def point(name: str, accuracy: float, cost: float) -> Point:
    """Return a run of two seeds around an accuracy."""
    tests = (accuracy - 0.1, accuracy + 0.1)
    return Point(run(name, tests, cost), interval(list(tests)), cost)
