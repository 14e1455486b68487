"""Grids over two settings, and the rule of thumb that the best learning rate grows with the batch size."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rdfia.analyse.changes import get_path, phrase
from rdfia.analyse.curves import Floats
from rdfia.analyse.groups import Group
from rdfia.analyse.metrics import mean
from rdfia.analyse.results import FINISHED, RunResult

Value = float | str
Place = tuple[int, int]  # row and column
RATE, BATCH = "learning_rate", "batch_size"
LINES = 7  # of equal ratio, at most


@dataclass(frozen=True)
class Grid:
    """Runs by row and column, from the values of two settings: `across` from left to right, `down` below each other."""

    across: str
    down: str
    columns: tuple[Value, ...]
    rows: tuple[Value, ...]
    runs: Mapping[Place, RunResult]

    @property
    def means(self) -> dict[Place, float]:
        """The mean test accuracy of each cell that has one."""
        return {place: mean(list(run.test.values())) for place, run in self.runs.items() if run.test}

    @property
    def best(self) -> dict[int, Place]:
        """In each row the place with the highest mean validation accuracy; a run with a seed that diverged is none."""
        known = {p: mean(list(r.validation.values())) for p, r in self.runs.items() if _whole(r)}
        rows = sorted({row for row, _ in known})
        return {row: max((p for p in known if p[0] == row), key=lambda place: known[place]) for row in rows}

    @property
    def logarithms(self) -> tuple[Floats, Floats]:
        """The logarithms of the columns and of the rows; the batch of `all` is the whole train set."""
        whole = next((run.card.counts.get("train", 0) for run in self.runs.values()), 0)
        rows = [whole if row == "all" else row for row in self.rows]
        columns, down = (np.asarray([_size(value) for value in side]) for side in (self.columns, rows))
        return np.log(columns), np.log(down)

    @property
    def is_rates_by_batches(self) -> bool:
        """Whether the rule can be tested: learning rates across, three batch sizes or more down, all numbers."""
        named = self.across.endswith(RATE) and self.down.endswith(BATCH) and len(self.best) > 2
        return named and bool(np.isfinite(np.concatenate(self.logarithms)).all())


@dataclass(frozen=True)
class RateRule:
    """The fit of log best rate to log batch, where the rule of thumb has slope 1; no slope where one rate is best."""

    batches: int
    slope: float | None
    correlation: float
    at_an_end: int  # of the best rates, which might lie beyond the grid


def _whole(run: RunResult) -> bool:
    return run.status == FINISHED and bool(run.test) and bool(run.validation)


def _size(value: Value) -> float:
    """Return a positive number as it is; for anything else NaN."""
    return float(value) if isinstance(value, int | float) and value > 0 else float("nan")


def grid(group: Group) -> Grid | None:
    """Return the group as a grid: its runs change two settings, each a number or a word, and fill half the cells.

    A reference from outside is part of it if most runs are measured against it and it changes these two at most.
    """
    own = [run for run in group.runs if run.group == group.name]
    keys = list(dict.fromkeys(key for run in own for key in run.delta))
    if len(keys) != 2 or not any(set(run.delta) == set(keys) for run in group.runs):
        return None
    down, across = sorted(keys, key=lambda key: (key.endswith(RATE), not key.endswith(BATCH)))
    centre = Counter(run.reference for run in own).most_common(1)[0][0]
    inside = [r for r in group.runs if r.ran and set(r.delta) <= set(keys) and (r in own or r.name == centre)]
    pairs = [(_value(run, down), _value(run, across)) for run in inside]
    cells = {(row, column): run for run, (row, column) in zip(inside, pairs, strict=True) if row != "" != column}
    rows, columns = (tuple(sorted({pair[side] for pair in cells}, key=_order)) for side in (0, 1))
    if min(len(rows), len(columns)) < 2 or 2 * len(cells) < len(rows) * len(columns):
        return None
    places = {(rows.index(row), columns.index(column)): run for (row, column), run in cells.items()}
    return Grid(across, down, columns, rows, places)


def _value(run: RunResult, key: str) -> Value:
    """Return the number or word at a dotted key of the run's settings, the empty word for anything else."""
    value = get_path(run.config, key)
    return phrase(value) if isinstance(value, bool) else value if isinstance(value, int | float | str) else ""


def _order(value: Value) -> tuple[bool, float, str]:
    """Return a key that sorts numbers by size, then words."""
    return (True, 0.0, value) if isinstance(value, str) else (False, float(value), "")


def rate_rule(grid: Grid) -> RateRule | None:
    """Return how the best rate goes with the batch size, None for a grid over other settings."""
    if not grid.is_rates_by_batches:
        return None
    places = list(grid.best.values())
    columns, rows = grid.logarithms
    rates, batches = columns[[column for _, column in places]], rows[[row for row, _ in places]]
    ends = sum(column in (0, len(columns) - 1) for _, column in places)
    if np.ptp(rates) == 0:
        return RateRule(len(places), None, 0.0, ends)
    slope, r = float(np.polyfit(batches, rates, 1)[0]), float(np.corrcoef(batches, rates)[0, 1])
    return RateRule(len(places), slope, r, ends)


def equal_ratios(grid: Grid) -> list[tuple[Floats, Floats]]:
    """Return lines of equal rate / batch among the cells: log rate = log batch + c, bent as the grid's steps are."""
    columns, rows = grid.logarithms
    shared = Counter(round(float(columns[column] - rows[row]), 6) for row, column in grid.runs)
    several = sorted(c for c, cells in shared.items() if cells > 1)
    if len(several) < 3:  # rates and batches go up in different steps: no line meets the cells, so any will do
        several = np.linspace(min(shared), max(shared), LINES)[1:-1].tolist()
    x, y = _stretched(columns), _stretched(rows)
    batch = np.linspace(float(y[0]), float(y[-1]), 200)
    lines = []
    for c in several[:: -(-len(several) // LINES)]:
        inside = (batch + c >= x[0]) & (batch + c <= x[-1])
        across, down = (np.interp(logs[inside], ends, _edges(ends)) for logs, ends in ((batch + c, x), (batch, y)))
        lines.append((across, down))
    return lines


def _stretched(logs: Floats) -> Floats:
    """Return the logarithms with half a step more at both ends."""
    before, after = logs[0] - (logs[1] - logs[0]) / 2, logs[-1] + (logs[-1] - logs[-2]) / 2
    return np.concatenate(([before], logs, [after]))


def _edges(ends: Floats) -> Floats:
    """Return where stretched logarithms lie among the cells."""
    count = len(ends) - 2
    return np.concatenate(([-0.5], np.arange(count), [count - 0.5]))
