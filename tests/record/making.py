"""Records as files, made by hand."""

from collections.abc import Iterable
from pathlib import Path

from rdfia.record.layout import recorded
from rdfia.record.run import HISTORY, RunRecord


def history(root: Path, chapter: str, run: str, lines: Iterable[str]) -> RunRecord:
    """Write the history of a run as evaluation publishes it under the profile `full`, and return its record."""
    folder = root / recorded("full", chapter, run)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HISTORY).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return RunRecord.read(folder)
