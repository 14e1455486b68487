"""Learning curves: for each run the band over its seeds, epoch by epoch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rdfia.analyse.groups import Group
from rdfia.analyse.results import PERCENT, RunResult

Floats = npt.NDArray[np.float64]
Record = Mapping[str, float | None]
PARTS = ("train", "frozen", "validation")
ACCURACY = "accuracy"


def spread(count: int, most: int) -> npt.NDArray[np.int_]:
    """Return at most so many evenly spread places among `count`, the first and the last among them."""
    return np.unique(np.linspace(0, max(0, count - 1), min(most, count)).round().astype(int))


class Band(NamedTuple):
    """The smallest, mean and largest value over the seeds, by epoch."""

    epochs: Floats
    low: Floats
    mean: Floats
    high: Floats

    def thinned(self, most: int, scale: float = 1.0) -> "Band":
        """Return at most so many evenly spread epochs, the first and the last among them, with values times scale."""
        at = spread(len(self.epochs), most)
        return Band(self.epochs[at], *(scale * values[at] for values in self[1:]))


@dataclass(frozen=True)
class Curve:
    """A run with its bands by the part of the data; `scale` makes percent of accuracies."""

    run: RunResult
    label: str
    bands: Mapping[str, Band]
    scale: float

    @property
    def start(self) -> float | None:
        """The largest value with frozen weights before the first step."""
        frozen = self.bands["frozen"]
        return float(frozen.high[0]) if len(frozen.epochs) and frozen.epochs[0] == 0 else None

    @property
    def end(self) -> float | None:
        """The mean validation value after the last epoch, scaled."""
        values = self.bands["validation"].mean
        return self.scale * float(values[-1]) if len(values) else None

    @property
    def gap(self) -> float:
        """The scaled mean with frozen weights on train data minus that on validation data, after the last epoch."""
        frozen, validation = self.bands["frozen"].mean, self.bands["validation"].mean
        return self.scale * float(frozen[-1] - validation[-1]) if len(frozen) and len(validation) else 0.0


def has_curves(run: RunResult) -> bool:
    """Return whether a run has a history of epochs to show; that of a range test is one of rates."""
    return run.ran and not run.searching and bool(run.history) and "frozen_loss" in run.history[0]


def curves(group: Group, measure: str) -> list[Curve]:
    """Return the curves of a group's runs, none where no run of its own has a history of epochs."""
    named = zip(group.runs, group.labels, strict=True)
    epochs = [(run, label, run.history) for run, label in named if has_curves(run)]
    if not any(run.group == group.name for run, *_ in epochs):
        return []
    scale = PERCENT if measure == ACCURACY else 1.0
    return [
        Curve(run, label, {part: band(records, f"{part}_{measure}") for part in PARTS}, scale)
        for run, label, records in epochs
    ]


def ends_above_reference(curves: Sequence[Curve]) -> dict[str, float]:
    """Return how far above its reference each run's validation ends, by label."""
    by_name = {curve.run.name: curve for curve in curves}
    pairs = [(curve, by_name[curve.run.reference]) for curve in curves if curve.run.reference in by_name]
    return {
        curve.label: curve.end - before.end
        for curve, before in pairs
        if curve is not before and curve.end is not None and before.end is not None
    }


def band(records: Sequence[Record], key: str) -> Band:
    """Return the band of a recorded value over the seeds that reached each epoch."""
    by_epoch: dict[float, list[float]] = defaultdict(list)
    for record in records:
        epoch, value = record.get("epoch"), record.get(key)
        if epoch is not None and value is not None and isfinite(value):
            by_epoch[epoch].append(value)
    epochs = sorted(by_epoch)
    parts = [[reduce(by_epoch[epoch]) for epoch in epochs] for reduce in (min, np.mean, max)]
    return Band(*(np.asarray(values, dtype=np.float64) for values in (epochs, *parts)))
