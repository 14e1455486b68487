"""One run's files, read back: what the mirror knows of a result before MLflow is imported."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rdfia.analyse.metrics import interval
from rdfia.config import profile
from rdfia.record import layout, shape
from rdfia.record.run import HISTORY, METRICS, RunRecord
from rdfia.study.runs import place, trained

AXES = ("seed", "epoch", "step")  # where a row of the history stands; the other columns are curves


@dataclass(frozen=True)
class Point:
    """One value of one curve; `final` marks the figures of the finished run, which belong to its model too."""

    key: str
    value: float
    epoch: int
    final: bool = False


@dataclass(frozen=True)
class Result:
    """A run of a chapter under a profile: its record, its evaluation, and the digest of both."""

    chapter: str
    run: str
    profile: str
    title: str
    record: RunRecord
    test: Mapping[str, Any]
    content: str
    weights: Path

    @property
    def name(self) -> str:
        """The run's name in the store."""
        return f"{self.chapter}/{self.run}"

    @property
    def experiment(self) -> str:
        """The DVC experiment that trained the run, if one did."""
        return str(self.record.timing.get("experiment") or "")

    @property
    def files(self) -> list[Path]:
        """The files of the record that are stored with the run."""
        return [self.record.folder / name for name in (METRICS, HISTORY)]

    @cached_property
    def last_epoch(self) -> int:
        """The last epoch that any seed reached."""
        return max((int(row["epoch"] or 0) for row in self.record.history), default=0)

    def moment(self, epoch: int | None) -> int:
        """When an epoch ended, in milliseconds since 1970: its share of the run's time; None is the end of the run."""
        share = 1.0 if epoch is None else epoch / max(self.last_epoch, 1)
        seconds = float(self.record.timing.get("seconds", 0.0))
        return round(1000 * (self._started + share * seconds))

    @cached_property
    def _started(self) -> float:
        """When the run was begun, in seconds since 1970."""
        return self.record.started.timestamp()


def read(params: Mapping[str, Any], root: Path, chapter: str) -> dict[str, Result]:
    """Read the results of a chapter's runs, whose evaluation is one file; what has not been run is not among them."""
    tests = shape.find_answers(root / layout.test(profile(params), chapter))
    found = {run: _read(params, root, chapter, run, tests.get(run) or {}) for run in trained(params, chapter)}
    return {run: result for run, result in found.items() if result}


def _read(params: Mapping[str, Any], root: Path, chapter: str, run: str, test: Mapping[str, Any]) -> Result | None:
    """Read a run's record, None where it has not been run."""
    chosen = profile(params)
    record = RunRecord.read(root / layout.recorded(chosen, chapter, run))
    if not record.exists or not record.history:
        return None
    return Result(
        chapter=chapter,
        run=run,
        profile=chosen,
        title=place(params, chapter, run).title,
        record=record,
        test=test,
        content=record.digest(test),
        weights=root / layout.weights(chosen, chapter, run),
    )


def points(result: Result) -> Iterator[Point]:
    """Every finite value of the result; one that diverged or was not taken is left out."""
    finals = (Point(key, value, result.last_epoch, final=True) for key, value in _finals(result).items())
    for point in (*_curves(result), *finals):
        if math.isfinite(point.value):
            yield Point(point.key, in_percent(point.key, point.value), point.epoch, point.final)


def in_percent(key: str, value: float) -> float:
    """An accuracy is a share in the files; in MLflow it is in percent, as in the report."""
    return 100 * value if "accuracy" in key else value


def _curves(result: Result) -> Iterator[Point]:
    """Each column of the history by seed, and its mean over the seeds that have a finite value in that epoch.

    MLflow draws what stands before a slash together, in alphabetical order: the means come before the seeds.
    """
    values: dict[tuple[str, int], list[float]] = defaultdict(list)
    for row in result.record.history:
        seed, epoch = (int(row[axis] or 0) for axis in ("seed", "epoch"))
        for column, value in row.items():
            if column not in AXES and value is not None:
                yield Point(f"seed_{seed}/{column}", value, epoch)
                values[column, epoch].append(value)
    for (column, epoch), finite in values.items():
        yield Point(f"mean/{column}", sum(finite) / len(finite), epoch)


def _finals(result: Result) -> dict[str, float]:
    """The figures of the finished run: validation and test over its sound seeds, size and time."""
    trained, tested = result.record.sound_seeds, result.test.get("seeds") or {}
    numbers = {
        "parameters": result.record.metrics.get("parameters"),
        **{key: result.record.timing.get(key) for key in ("seconds", "training_seconds", "images_per_second")},
        **{f"seed_{seed}/test_{key}": last.get(key) for seed, last in tested.items() for key in ("accuracy", "loss")},
        **_estimate("final_validation_accuracy", [last.get("validation_accuracy") for last in trained.values()]),
        **_estimate("test_accuracy", [last.get("accuracy") for last in tested.values()]),
        **_estimate("test_loss", [last.get("loss") for last in tested.values()]),
    }
    return {key: float(value) for key, value in numbers.items() if value is not None}


def _estimate(key: str, values: list[float | None]) -> dict[str, float | None]:
    """A mean over seeds under its own name, and the ends of its interval beside it."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return {}
    found = interval(finite)
    return {key: found.mean, f"{key}_low": found.low, f"{key}_high": found.high}
