"""Support vector machines against C, the price of a point on the wrong side of its margin."""

from collections.abc import Sequence
from dataclasses import dataclass

from rdfia.analyse.curves import Band, Record, band
from rdfia.analyse.results import PERCENT, ChapterResult


@dataclass(frozen=True)
class PathOfC:
    """A run's validation accuracy in percent and its number of support vectors, both as bands with C for the epoch."""

    run: str
    accuracy: Band
    support_vectors: Band

    @property
    def top(self) -> float:
        """The highest mean accuracy."""
        return float(self.accuracy.mean.max())

    @property
    def best_C(self) -> float:
        """The smallest C that has it."""
        return float(self.accuracy.epochs[self.accuracy.mean.argmax()])


def paths_of_C(chapter: ChapterResult) -> list[PathOfC]:
    """Return the paths of the runs whose history is one of several C."""
    records = {run.name: run.history for run in chapter.runs}
    return [_path(name, rows) for name, rows in records.items() if len({row.get("C") for row in rows}) > 1]


def _path(name: str, records: Sequence[Record]) -> PathOfC:
    by_C = [{**record, "epoch": record["C"]} for record in records]
    C, *accuracies = band(by_C, "validation_accuracy")
    return PathOfC(name, Band(C, *(PERCENT * values for values in accuracies)), band(by_C, "support_vectors"))
