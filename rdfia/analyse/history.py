"""The records of a run, epoch by epoch, read from its file."""

import csv
from pathlib import Path

from rdfia.analyse.results import RunResult, Study


def history(study: Study, run: RunResult) -> list[dict[str, float | None]]:
    """Return a run's records, one per seed and epoch; an empty cell is None."""
    return read_history(study.folder() / "runs" / run.chapter / run.name / "history.csv")


def read_history(path: Path) -> list[dict[str, float | None]]:
    """Return the records of a file, none if there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return [{key: _number(cell) for key, cell in row.items()} for row in csv.DictReader(lines)]


def _number(cell: str | None) -> float | None:
    """A cell of a history as a number."""
    return float(cell) if cell else None
