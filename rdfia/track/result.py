"""One run's files, read back: what the mirror knows of a result before MLflow is imported."""

import csv
import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rdfia import places
from rdfia.analyse.metrics import interval
from rdfia.config import profile
from rdfia.files import find_json

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
    """A run of a chapter under a profile: its files' contents and their digest."""

    chapter: str
    run: str
    profile: str
    title: str
    metrics: dict[str, Any]
    history: list[dict[str, str]]
    timing: dict[str, Any]
    test: dict[str, Any]
    content: str
    files: tuple[Path, ...]
    figures: tuple[Path, ...]
    weights: Path

    @property
    def name(self) -> str:
        """The run's name in the store."""
        return f"{self.chapter}/{self.run}"

    @property
    def last_epoch(self) -> int:
        """The last epoch that any seed reached."""
        return max((int(row["epoch"]) for row in self.history), default=0)

    def moment(self, epoch: int | None) -> int:
        """When an epoch ended, in milliseconds since 1970: its share of the run's time; None is the end of the run."""
        started = datetime.fromisoformat(self.timing["started"]).timestamp()
        share = 1.0 if epoch is None else epoch / max(self.last_epoch, 1)
        return round(1000 * (started + share * float(self.timing["seconds"])))


def read(params: Mapping[str, Any], root: Path, chapter: str, run: str) -> Result | None:
    """A run's files, or None where it has not been run."""
    chosen = profile(params)
    folder = root / places.run(chosen, chapter, run)
    files = (folder / "metrics.json", folder / "history.csv")
    if not all(path.is_file() for path in files):
        return None
    test = find_json(root / places.test(chosen, chapter)).get(run) or {}
    written = datetime.fromtimestamp(files[0].stat().st_mtime).astimezone().isoformat()
    return Result(
        chapter=chapter,
        run=run,
        profile=chosen,
        title=str((params[chapter]["runs"][run] or {}).get("title", "")),
        metrics=find_json(files[0]),
        history=list(csv.DictReader(files[1].read_text(encoding="utf-8").splitlines())),
        timing={"started": written, "seconds": 0.0, **find_json(folder / "timing.json")},
        test=test,
        content=_digest(files, test),
        files=files,
        figures=tuple(sorted((root / "reports" / chosen / "figures").glob(f"{chapter}*.png"))),
        weights=root / places.weights(chosen, chapter, run),
    )


def _digest(files: tuple[Path, ...], test: Mapping[str, Any]) -> str:
    """SHA-256 over what the run found; how long it took is left out, for the same work is the same result."""
    digest = hashlib.sha256()
    for part in (*(path.read_bytes() for path in files), json.dumps(test, sort_keys=True).encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def points(result: Result) -> Iterator[Point]:
    """Every finite value of the result; one that diverged or was not taken is left out."""
    finals = (Point(key, value, result.last_epoch, final=True) for key, value in _finals(result).items())
    for point in (*_curves(result), *finals):
        if math.isfinite(point.value):
            yield point


def _curves(result: Result) -> Iterator[Point]:
    """Each column of the history by seed, and its mean over the seeds that have a finite value in that epoch."""
    values: dict[tuple[str, int], list[float]] = defaultdict(list)
    for row in result.history:
        for column in (name for name, text in row.items() if name not in AXES and text):
            point = Point(f"seed_{row['seed']}/{column}", float(row[column]), int(row["epoch"]))
            yield point
            if math.isfinite(point.value):
                values[column, point.epoch].append(point.value)
    for (column, epoch), finite in values.items():
        yield Point(column, sum(finite) / len(finite), epoch)


def _finals(result: Result) -> dict[str, float]:
    """The figures of the finished run: validation and test over its sound seeds, size and time."""
    trained = {seed: found for seed, found in _seeds(result.metrics) if found.get("status") != "diverged"}
    tested = dict(_seeds(result.test))
    numbers = {
        "parameters": result.metrics.get("parameters"),
        **{key: result.timing.get(key) for key in ("seconds", "training_seconds", "images_per_second")},
        **{f"seed_{seed}/test_{key}": found.get(key) for seed, found in tested.items() for key in ("accuracy", "loss")},
        **_estimate("final_validation_accuracy", [found.get("validation_accuracy") for found in trained.values()]),
        **_estimate("test_accuracy", [found.get("accuracy") for found in tested.values()]),
        **_estimate("test_loss", [found.get("loss") for found in tested.values()]),
    }
    return {key: float(value) for key, value in numbers.items() if value is not None}


def _seeds(found: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from (found.get("seeds") or {}).items()


def _estimate(key: str, values: list[float | None]) -> dict[str, float | None]:
    """A mean over seeds under its own name, and the ends of its interval beside it."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return {}
    found = interval(finite)
    return {key: found.mean, f"{key}_low": found.low, f"{key}_high": found.high}
