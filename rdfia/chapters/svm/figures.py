"""Support vector machines: accuracy and support vectors against C, and the margins in the plane."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from rdfia.analyse.regularisation import PathOfC, paths_of_C
from rdfia.report.engine.axes import above
from rdfia.report.engine.context import Arrays, Context
from rdfia.report.engine.drawing import BLUE, GREEN, INK, MAP_INK, MOST_PANELS, MUTED, ORANGE, PINK, panels
from rdfia.report.engine.plane import SUMMARY, Array, plot_examples, plot_plane, summary
from rdfia.report.engine.registry import Numbers, Plot, figure

LOOKS = [(colour, dashes) for dashes in ("-", "--") for colour in (BLUE, ORANGE, GREEN, PINK, INK, MUTED)]
ROOM = 8.0  # points below the lowest of the runs' tops: what lies further down is cut off
LABELS = ("validation accuracy (%)", "support vectors")


@figure("{chapter}_C")
def against_C(context: Context) -> Iterator[Plot]:
    """Plot validation accuracy and the number of support vectors against C, one line a run."""
    paths = paths_of_C(context.chapter)[: len(LOOKS)]
    if not paths:
        return
    sheet, axes = panels(2, 2, 2.9)
    rows: list[tuple[object, ...]] = []
    for path, (colour, dashes) in zip(paths, LOOKS, strict=False):
        for axis, label, (C, low, mean, high) in zip(axes, LABELS, (path.accuracy, path.support_vectors), strict=True):
            axis.fill_between(C, low, high, color=colour, alpha=0.15, linewidth=0)
            axis.plot(C, mean, color=colour, linestyle=dashes, marker="o", markersize=3, label=path.run)
            rows += [(label, path.run, *map(float, point)) for point in zip(C, low, mean, high, strict=True)]
        axes[0].plot([path.best_C], [path.top], "o", color=colour, markersize=9, markerfacecolor="none")
    for axis, label in zip(axes, LABELS, strict=True):
        axis.set(xscale="log", xlabel="C", ylabel=label)
        axis.xaxis.set_major_locator(LogLocator(numticks=12))
        axis.xaxis.set_minor_locator(NullLocator())
    floor = min(path.top for path in paths) - ROOM
    axes[0].set_ylim(*_scale(axes[0], floor, paths))
    axes[1].set_ylim(bottom=0)
    above(sheet, *axes[0].get_legend_handles_labels())
    facts = {
        "paths": sorted(paths, key=lambda path: -path.top),
        "floor": floor,
        "lowest": min(float(path.accuracy.mean.min()) for path in paths),
    }
    yield Plot(sheet, facts, Numbers(("panel", "run", "C", "lowest", "mean", "highest"), rows))


def _scale(axis: Axes, floor: float, paths: Sequence[PathOfC]) -> tuple[float, float]:
    """Return the accuracies from the floor, or where all is seen above it, to a little above the highest seed."""
    low = max(axis.get_ylim()[0], floor)
    high = max(float(path.accuracy.high.max()) for path in paths)
    return low, high + 0.06 * (high - low)


@figure("{chapter}_regions", picture=True)
def margins(context: Context) -> Iterator[Plot]:
    """Plot the decision regions with the margins, the points and the support vectors of each run."""
    probes = context.probes
    runs = [run.name for run in context.chapter.runs if f"{run.name}/boundary" in probes][:MOST_PANELS]
    if not runs:
        return
    sheet, axes = panels(len(runs), 3, 3.4, sharex=True, sharey=True)
    counts = {run: len(probes[f"{run}/support"]) for run in runs if f"{run}/support" in probes}
    for axis, run in zip(axes, runs, strict=True):
        plot_plane(axis, probes[f"{run}/boundary"])
        _plot_margins(axis, probes[f"{run}/boundary"])
        plot_examples(axis, probes.get(f"{run}/points"))
        _plot_rings(axis, probes.get(f"{run}/support"))
        axis.set_title(f"{run} · {counts[run]} support vectors" if run in counts else run)
    for axis in axes[-3:]:  # the last in its column, where the row below is not full
        axis.tick_params(labelbottom=True)
    rows = [(run, *summary(probes[f"{run}/boundary"]), counts.get(run)) for run in runs]
    facts = {"runs": runs, "classes": context.chapter.runs[0].card.classes, **_extremes(counts, probes)}
    yield Plot(sheet, facts, Numbers(("run", *SUMMARY, "support vectors"), rows))


def _plot_margins(axis: Axes, probability: Array) -> None:
    """Plot where d = log(p / (1 - p)) is -1 and 1."""
    p = np.clip(probability.astype(np.float64), 1e-7, 1 - 1e-7)  # what is nearer to 0 or 1 is far from any margin
    d = np.log(p / (1 - p))
    levels = [level for level in (-1, 1) if d.min() < level < d.max()]
    grid = np.linspace(-2, 2, len(d))
    if levels:
        axis.contour(grid, grid, d, levels=levels, colors=MAP_INK, linewidths=0.9, linestyles="dashed")


def _plot_rings(axis: Axes, support: Array | None) -> None:
    """Plot a ring around every support vector."""
    if support is not None:
        axis.scatter(support[:, 0], support[:, 1], s=34, facecolors="none", edgecolors=MAP_INK, linewidths=0.7)


def _extremes(counts: dict[str, int], probes: Arrays) -> dict[str, Any]:
    """Return which run rests on the fewest support vectors, of how many points, and which on the most."""
    ends = [(run, counts[run]) for choose in (min, max) if counts for run in [choose(counts, key=counts.__getitem__)]]
    points = len(probes.get(f"{ends[0][0]}/points", ())) if ends else 0
    return {"ends": ends, "points": points}
