"""Grids over two settings as heat maps of the mean test accuracy, with the rule that a rate grows with the batch."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from rdfia.analyse.changes import phrase
from rdfia.analyse.groups import Group, groups
from rdfia.analyse.metrics import mean
from rdfia.analyse.results import FINISHED, ChapterResult, RunResult
from rdfia.report.curves import Floats
from rdfia.report.engine.drawing import GRID, INK, ORANGE, WIDTH, Drawing, finish, panels

Value = float | str
Place = tuple[int, int]  # row and column
RATE, BATCH = "learning_rate", "batch_size"
LINES = 7  # lines of equal ratio, at most
SPREAD = 3.0  # the colours begin so many times as far below the highest mean as the median lies
BRIGHT, DARK = "#fefefe", "#10131a"  # on a cell, which keeps its colour on a dark screen


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


def _whole(run: RunResult) -> bool:
    return run.status == FINISHED and bool(run.test) and bool(run.validation)


def draw(chapter: ChapterResult) -> list[Drawing]:
    """One heat map for each group that is a grid over two settings."""
    found = ((group, grid(group)) for group in groups(chapter))
    return [_figure(f"{chapter.name}{group.suffix}_grid", over) for group, over in found if over and over.means]


def grid(group: Group) -> Grid | None:
    """The group as a grid: its runs write two settings between them, each a number or a word, and fill half the cells.

    A reference that changes more than these two is no part of it.
    """
    keys = list(dict.fromkeys(key for run in group.runs if run.group == group.name for key in run.delta))
    if len(keys) != 2 or not any(set(run.delta) == set(keys) for run in group.runs):
        return None
    down, across = sorted(keys, key=lambda key: (key.endswith(RATE), not key.endswith(BATCH)))
    inside = [run for run in group.runs if run.ran and set(run.delta) <= set(keys)]
    pairs = [(_value(run, down), _value(run, across)) for run in inside]
    cells = {(row, column): run for run, (row, column) in zip(inside, pairs, strict=True) if row != "" != column}
    rows, columns = (tuple(sorted({pair[side] for pair in cells}, key=_order)) for side in (0, 1))
    if min(len(rows), len(columns)) < 2 or 2 * len(cells) < len(rows) * len(columns):
        return None
    places = {(rows.index(row), columns.index(column)): run for (row, column), run in cells.items()}
    return Grid(across, down, columns, rows, places)


def _value(run: RunResult, key: str) -> Value:
    """The number or word at a dotted key of the run's settings, the empty word for anything else."""
    node: object = run.config
    for step in key.split("."):
        node = node.get(step) if isinstance(node, Mapping) else None
    if isinstance(node, bool):
        return phrase(node)
    return node if isinstance(node, int | float | str) else ""


def _order(value: Value) -> tuple[bool, float, str]:
    """Numbers by size, then words."""
    return (True, 0.0, value) if isinstance(value, str) else (False, float(value), "")


def _figure(name: str, over: Grid) -> Drawing:
    """The cells with their numbers, the best of each row framed where the rows are batch sizes."""
    width = min(WIDTH, max(6.0, 1.4 + 0.9 * len(over.columns)))
    figure, (axis,) = panels(1, 1, 0.48 * len(over.rows) + 0.55, width)
    low, high = _scale(over)
    for place, run in over.runs.items():
        _cell(axis, place, run, (over.means.get(place, low) - low) / (high - low))
    for row, column in over.best.values() if _ruled(over) else ():
        axis.add_patch(_square(row, column, 0.98, fill=False, edgecolor=ORANGE, linewidth=2.2))
    if _ruled(over):
        _lines(axis, over)
    _axes(axis, over)
    means, runs = over.means, over.runs
    top = max(means, key=lambda place: means[place])
    at = (f"{_said(over.across)} {_written(over.columns[top[1]])}", f"{_said(over.down)} {_written(over.rows[top[0]])}")
    end = f"{means[top]:.2f} % at {' and '.join(at)}"
    alt = f"Heat map of {len(runs)} runs over {_said(over.across)} and {_said(over.down)}; the highest is {end}."
    return finish(figure, name, _caption(over, end), alt)


def _scale(over: Grid) -> tuple[float, float]:
    """From where the colours begin to where they end: runs that failed would make all the others look alike."""
    means = np.asarray(list(over.means.values()))
    high = float(means.max())
    return max(float(means.min()), high - SPREAD * (high - float(np.median(means)))) - 0.1, high


def _square(row: int, column: int, side: float, **look: Any) -> Rectangle:
    return Rectangle((column - side / 2, row - side / 2), side, side, **look)


def _cell(axis: Axes, place: Place, run: RunResult, share: float) -> None:
    """One run: its mean on a colour, and below it a cross with the number of seeds that diverged."""
    row, column = place
    shade = 0.12 + 0.78 * float(np.clip(share, 0, 1))
    colour, ink = (colormaps["Blues"](shade), BRIGHT if shade > 0.6 else DARK) if run.test else ("none", INK)
    axis.add_patch(_square(row, column, 0.94, facecolor=colour, edgecolor=GRID if colour == "none" else "none"))
    lines = [f"{mean(list(run.test.values())):.1f}"] if run.test else []
    lines += [f"× {run.diverged} of {run.declared}"] if run.diverged else []
    box = {"facecolor": colour, "edgecolor": "none", "pad": 1.2}
    size = 9.5 if len(lines) == 1 else 8
    text = "\n".join(lines)
    axis.text(column, row, text, ha="center", va="center", color=ink, fontsize=size, bbox=box, zorder=5, linespacing=1)


def _axes(axis: Axes, over: Grid) -> None:
    """The values beside the cells, the smallest at the top left."""
    axis.set_xticks(range(len(over.columns)), [_written(value) for value in over.columns])
    axis.set_yticks(range(len(over.rows)), [_written(value) for value in over.rows])
    axis.set(xlim=(-0.5, len(over.columns) - 0.5), ylim=(len(over.rows) - 0.5, -0.5))
    axis.set(xlabel=_said(over.across), ylabel=_said(over.down))
    axis.tick_params(length=0)
    axis.grid(False)
    axis.spines[:].set_visible(False)


def _written(value: Value) -> str:
    """A number in its shortest form, a word without underscores."""
    return value.replace("_", " ") if isinstance(value, str) else f"{value:g}"


def _said(key: str) -> str:
    """The last part of a dotted key in words."""
    return key.rpartition(".")[2].replace("_", " ")


def _ruled(over: Grid) -> bool:
    """Whether the rule can be looked for: learning rates across, three batch sizes or more down, all numbers."""
    named = over.across.endswith(RATE) and over.down.endswith(BATCH) and len(over.best) > 2
    return named and bool(np.isfinite(np.concatenate(_logarithms(over))).all())


def _logarithms(over: Grid) -> tuple[Floats, Floats]:
    """log of the columns and of the rows; the batch of `all` is the whole train set."""
    whole = next((run.card.counts.get("train", 0) for run in over.runs.values()), 0)
    rows = [whole if row == "all" else row for row in over.rows]
    columns, down = (np.asarray([_size(value) for value in side]) for side in (over.columns, rows))
    return np.log(columns), np.log(down)


def _size(value: Value) -> float:
    """A positive number as it is; for anything else a number that is none."""
    return float(value) if isinstance(value, int | float) and value > 0 else float("nan")


def _lines(axis: Axes, over: Grid) -> None:
    """Lines of equal rate / batch through the cells: log rate = log batch + c, bent as the steps of the grid are."""
    columns, rows = _logarithms(over)
    shared = Counter(round(float(columns[column] - rows[row]), 6) for row, column in over.runs)
    several = sorted(c for c, cells in shared.items() if cells > 1)
    if len(several) < 3:  # rates and batches go up in different steps: no line meets the cells, so any will do
        several = np.linspace(min(shared), max(shared), LINES)[1:-1].tolist()
    x, y = _stretched(columns), _stretched(rows)
    batch = np.linspace(float(y[0]), float(y[-1]), 200)
    for c in several[:: -(-len(several) // LINES)]:
        rate = batch + c
        inside = (rate >= x[0]) & (rate <= x[-1])
        at = (np.interp(logs[inside], ends, _edges(ends)) for logs, ends in ((rate, x), (batch, y)))
        axis.plot(*at, color=ORANGE, linewidth=1.1, linestyle=(0, (4, 3)), zorder=4)


def _stretched(logs: Floats) -> Floats:
    """The logarithms with half a step more at both ends."""
    before, after = logs[0] - (logs[1] - logs[0]) / 2, logs[-1] + (logs[-1] - logs[-2]) / 2
    return np.concatenate(([before], logs, [after]))


def _edges(ends: Floats) -> Floats:
    """Where stretched logarithms lie among the cells."""
    count = len(ends) - 2
    return np.concatenate(([-0.5], np.arange(count), [count - 0.5]))


def _caption(over: Grid, end: str) -> str:
    """What the cells are, the highest, what diverged, and what becomes of the rule."""
    whole = sum(run.diverged > 0 for run in over.runs.values())
    crosses = f" A cross counts the seeds that diverged, in {whole} of {len(over.runs)} runs." if whole else ""
    low = _scale(over)[0]
    below = sum(value < low for value in over.means.values())
    cut = f" Below {low:.1f} % the colour changes no more." if below else ""
    what = f"Mean test accuracy in percent by {_said(over.across)} and {_said(over.down)}; a darker cell is better"
    return f"{what}, and an empty place is no run. The highest is {end}.{crosses}{cut}{_rule(over)}"


def _rule(over: Grid) -> str:
    """The slope and correlation of log best rate with log batch, where the rule of thumb has slope 1."""
    places = list(over.best.values())
    if not _ruled(over):
        return ""
    columns, rows = _logarithms(over)
    rates = np.asarray([columns[column] for _, column in places])
    batches = np.asarray([rows[row] for row, _ in places])
    told = (
        " Dashed lines follow equal ratios of learning rate and batch size, along which the rule of thumb moves the "
        "best rate, as batch to the power 1. Framed is the best rate of each batch size by validation: over "
        f"{len(places)} "
    )
    if np.ptp(rates) == 0:
        return f"{told}batch sizes it is one and the same."
    slope, r = float(np.polyfit(batches, rates, 1)[0]), float(np.corrcoef(batches, rates)[0, 1])
    edge = sum(column in (0, len(columns) - 1) for _, column in places)
    ends = f"; {edge} of them lie at an end of the grid, and might lie beyond" if edge else ""
    return f"{told}batch sizes it goes as batch to the power {slope:.2f}, with correlation {r:.2f} of logarithms{ends}."
