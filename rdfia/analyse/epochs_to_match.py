"""After how many of our epochs a run is where a published figure lies.

A(e) is the mean validation accuracy of the seeds at the end of a recorded epoch e, over the epochs that all of them
have; a figure is matched at min {e ≥ 1: A(e) ≥ figure}.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rdfia.analyse.metrics import mean
from rdfia.analyse.published import Published
from rdfia.analyse.results import PERCENT, RunResult

METRIC = "test_accuracy"
Curve = list[tuple[float, float]]


@dataclass(frozen=True)
class Match:
    """A published accuracy and where the run was when it came by, with None where it did not."""

    run: RunResult
    figure: Published
    epoch: float | None
    accuracy: float | None  # at that epoch
    before: float | None  # at the recorded epoch before
    last_epoch: float
    last_accuracy: float


def matches(run: RunResult, figures: Sequence[Published]) -> list[Match]:
    """Return where the run's curve comes by each published accuracy, none where it has no history."""
    accuracies = [figure for figure in figures if figure.metric == METRIC]
    recorded = curve(run) if accuracies else []
    return [_match(run, figure, recorded) for figure in accuracies if recorded]


def curve(run: RunResult) -> Curve:
    """Return recorded epochs from the first step on, with the mean validation accuracy of the seeds, in percent."""
    seeds: dict[float | None, dict[float, float]] = {}
    for row in run.history:
        epoch, accuracy = row.get("epoch"), row.get("validation_accuracy")
        if epoch and accuracy is not None:
            seeds.setdefault(row["seed"], {})[epoch] = PERCENT * accuracy
    common = set.intersection(*(set(values) for values in seeds.values())) if seeds else set()
    return [(epoch, mean([values[epoch] for values in seeds.values()])) for epoch in sorted(common)]


def _match(run: RunResult, figure: Published, recorded: Curve) -> Match:
    place = next((place for place, (_, value) in enumerate(recorded) if value >= figure.number), None)
    epoch, accuracy = (None, None) if place is None else recorded[place]
    before = recorded[place - 1][1] if place else None
    return Match(run, figure, epoch, accuracy, before, *recorded[-1])
