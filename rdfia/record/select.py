"""Which of several runs is the best."""

from collections.abc import Iterable
from math import isfinite

from rdfia.record.run import FINISHED, RunRecord


def merit(record: RunRecord) -> float | None:
    """Return the mean validation accuracy over the seeds; None for a run that diverged, searches, or was not run."""
    values = [last.get("validation_accuracy") for last in record.seeds.values()]
    known = [value for value in values if value is not None and isfinite(value)]
    if record.status != FINISHED or record.searching or not known or len(known) < len(values):
        return None
    return float(sum(known) / len(known))


def best(records: Iterable[RunRecord]) -> RunRecord | None:
    """Return the run with the highest merit, the first of equals: test data choose nothing."""
    judged = [(value, record) for record in records if (value := merit(record)) is not None]
    return max(judged, key=lambda pair: pair[0], default=(0.0, None))[1]


def best_seed(record: RunRecord) -> int | None:
    """Return the seed with the best validation accuracy; the lowest of equals."""
    found = {int(seed): last.get("validation_accuracy") for seed, last in record.sound_seeds.items()}
    values: dict[int, float] = {seed: value for seed, value in found.items() if value is not None and isfinite(value)}
    return min(values, key=lambda seed: (-values[seed], seed), default=None)
