"""The records of a run, epoch by epoch, read from its file."""

import csv

from rdfia.analyse.results import RunResult, Study


def history(study: Study, run: RunResult) -> list[dict[str, float | None]]:
    """A run's records, one per seed and epoch; an empty cell is None."""
    path = study.folder() / "runs" / run.chapter / run.name / "history.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return [{key: _number(cell) for key, cell in row.items()} for row in csv.DictReader(lines)]


def _number(cell: str | None) -> float | None:
    """A cell of a history as a number."""
    return float(cell) if cell else None
