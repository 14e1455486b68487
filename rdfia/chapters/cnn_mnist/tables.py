"""What a network makes of digits that stand on their heads."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from rdfia.analyse.probe import TURNS
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column

PERCENT = 100


@table("{chapter}_turned")
def turned(context: Context) -> Iterator[Rows]:
    """Give for each class how many are still right when they are turned, and what they are taken for instead."""
    run, probes = context.chapter.runs[0], context.probes
    if (counts := probes.get(f"{run.name}/turned")) is None:
        return
    classes = run.classes or run.card.classes
    columns = (
        Column("digit"),
        *(
            column
            for name in TURNS
            for column in (Column(name, "%", numeric=True), Column("taken for"))[: 1 + bool(TURNS[name])]
        ),
    )
    rows = [(str(name), *_row(counts[:, place], place, list(classes))) for place, name in enumerate(classes)]
    shares = {name: float(np.trace(count) / count.sum()) for name, count in zip(TURNS, counts, strict=True)}
    yield Rows(columns, [*rows, _all(shares)], {"run": run.name, "examples": int(counts[0].sum()), "shares": shares})


def _row(counts: npt.NDArray[np.int64], place: int, classes: list[object]) -> Iterator[Cell]:
    """Yield for each turn the share of a class that is right, and behind it the most frequent wrong answer."""
    for axes, count in zip(TURNS.values(), counts, strict=True):
        total = int(count.sum())
        yield PERCENT * int(count[place]) / total if total else None
        if axes:
            wrong = count.copy()
            wrong[place] = 0
            most = int(wrong.argmax())
            yield f"{classes[most]} ({PERCENT * wrong[most] / total:.0f} %)" if wrong[most] else ""


def _all(shares: dict[str, float]) -> tuple[Cell, ...]:
    cells: list[Cell] = ["all"]
    for name, share in shares.items():
        cells.append(PERCENT * share)
        cells += [""] if TURNS[name] else []
    return tuple(cells)
