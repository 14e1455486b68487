"""Which of several runs is the best."""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Protocol, TypeVar

from rdfia.record.run import FINISHED, RunRecord


class Candidate(Protocol):
    """A run that may be the best: its record, or a result that holds more than the record."""

    @property
    def status(self) -> str: ...

    @property
    def searching(self) -> bool: ...

    @property
    def validated(self) -> Sequence[float | None]: ...


Chosen = TypeVar("Chosen", bound=Candidate)


def merit(run: Candidate) -> float | None:
    """Return the mean validation accuracy over the seeds; None for a run that diverged, searches, or was not run."""
    known = [value for value in run.validated if value is not None and isfinite(value)]
    if run.status != FINISHED or run.searching or not known or len(known) < len(run.validated):
        return None
    return sum(known) / len(known)


def best(runs: Iterable[Chosen]) -> Chosen | None:
    """Return the run with the highest merit, the first of equals: test data choose nothing."""
    judged = [(value, run) for run in runs if (value := merit(run)) is not None]
    return max(judged, key=lambda pair: pair[0])[1] if judged else None


def best_seed(record: RunRecord) -> int | None:
    """Return the seed with the best validation accuracy; the lowest of equals."""
    found = {int(seed): last.get("validation_accuracy") for seed, last in record.sound_seeds.items()}
    values: dict[int, float] = {seed: value for seed, value in found.items() if value is not None and isfinite(value)}
    return min(values, key=lambda seed: (-values[seed], seed), default=None)
