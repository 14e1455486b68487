"""Grids over two settings as heat maps of the mean test accuracy, with the rule that a rate grows with the batch."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from rdfia.analyse.grid import Grid, Place, Value, equal_ratios, rate_rule
from rdfia.analyse.grid import grid as grid_of
from rdfia.analyse.groups import groups
from rdfia.analyse.metrics import mean
from rdfia.analyse.results import RunResult
from rdfia.report.engine.axes import scale_floor
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import GRID, INK, ORANGE, WIDTH, panels
from rdfia.report.engine.registry import Numbers, Plot, figure

BRIGHT, DARK = "#fefefe", "#10131a"  # on a cell, which keeps its colour on a dark screen


@figure("{chapter}{group}_grid")
def grid(context: Context) -> Iterator[Plot]:
    """Plot one heat map for each group that is a grid over two settings."""
    for group in groups(context.chapter):
        found = grid_of(group)
        if found and found.means:
            low = scale_floor(list(found.means.values())) - 0.1
            across, down = _setting(found.across), _setting(found.down)
            cells = [
                (_label(found.rows[row]), _label(found.columns[column]), found.means.get((row, column)), run.diverged)
                for (row, column), run in found.runs.items()
            ]
            numbers = Numbers((down, across, "mean test accuracy (%)", "seeds that diverged"), cells)
            yield Plot(_plot(found, low), _facts(found, low), numbers, group.name)


def _label(value: Value) -> str:
    """Return a number in its shortest form, a word without underscores."""
    return value.replace("_", " ") if isinstance(value, str) else f"{value:g}"


def _setting(key: str) -> str:
    """Return the last part of a dotted key in words."""
    return _label(key.rpartition(".")[2])


def _facts(grid: Grid, low: float) -> dict[str, Any]:
    means = grid.means
    row, column = max(means, key=lambda place: means[place])
    return {
        "across": _setting(grid.across),
        "down": _setting(grid.down),
        "highest": {"mean": means[row, column], "across": _label(grid.columns[column]), "down": _label(grid.rows[row])},
        "runs": len(grid.runs),
        "diverged": sum(run.diverged > 0 for run in grid.runs.values()),
        "low": low,
        "below": sum(value < low for value in means.values()),
        "rule": rate_rule(grid),
    }


def _plot(grid: Grid, low: float) -> Any:
    """Plot the cells with their numbers, the best of each row framed where the rows are batch sizes."""
    width = min(WIDTH, max(6.0, 1.4 + 0.9 * len(grid.columns)))
    plot, (axis,) = panels(1, 1, 0.48 * len(grid.rows) + 0.55, width)
    means = grid.means
    for place, run in grid.runs.items():
        _cell(axis, place, run, (means.get(place, low) - low) / (max(means.values()) - low))
    if grid.is_rates_by_batches:
        for row, column in grid.best.values():
            axis.add_patch(_square(row, column, 0.98, fill=False, edgecolor=ORANGE, linewidth=2.2))
        for line in equal_ratios(grid):
            axis.plot(*line, color=ORANGE, linewidth=1.1, linestyle=(0, (4, 3)), zorder=4)
    _axes(axis, grid)
    return plot


def _square(row: int, column: int, side: float, **look: Any) -> Rectangle:
    return Rectangle((column - side / 2, row - side / 2), side, side, **look)


def _cell(axis: Axes, place: Place, run: RunResult, share: float) -> None:
    """Plot one run: its mean on a colour, and below it a cross with the number of seeds that diverged."""
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


def _axes(axis: Axes, grid: Grid) -> None:
    """Write the values beside the cells, the smallest at the top left."""
    axis.set_xticks(range(len(grid.columns)), [_label(value) for value in grid.columns])
    axis.set_yticks(range(len(grid.rows)), [_label(value) for value in grid.rows])
    axis.set(xlim=(-0.5, len(grid.columns) - 0.5), ylim=(len(grid.rows) - 0.5, -0.5))
    axis.set(xlabel=_setting(grid.across), ylabel=_setting(grid.down))
    axis.tick_params(length=0)
    axis.grid(False)
    axis.spines[:].set_visible(False)
