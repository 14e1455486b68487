"""Support vector machines: accuracy and support vectors against C, and the margins in the plane."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from rdfia.analyse.history import history
from rdfia.analyse.results import PERCENT, ChapterResult, RunResult, Study
from rdfia.report.curves import DETAILED, Floats, Record, band
from rdfia.report.engine.drawing import BLUE, GREEN, INK, MUTED, ORANGE, PINK, Drawing, finish, listed, panels
from rdfia.report.plane import Array, Arrays, examples, plane

LOOKS = [(colour, dashes) for dashes in ("-", "--") for colour in (BLUE, ORANGE, GREEN, PINK, INK, MUTED)]
ROOM = 8.0  # points below the lowest of the runs' tops: what lies further down is cut off
ON_MAP = "#10131a"  # a map keeps its colours on a dark screen, and so must what is drawn on it
Band = tuple[Floats, Floats, Floats, Floats]  # C, and the lowest, mean and highest value over the seeds
Curves = dict[str, tuple[Band, Band]]  # by run: validation accuracy in percent, and the number of support vectors


def against_C(study: Study, chapter: ChapterResult) -> list[Drawing]:
    """Validation accuracy and the number of support vectors against C, one line a run."""
    found = {run.name: history(study, run) for run in chapter.runs}
    curves = {name: _curves(rows) for name, rows in found.items() if rows and "C" in rows[0]}
    curves = dict(list(curves.items())[: len(LOOKS)])
    if not curves:
        return []
    figure, axes = panels(2, 2, 2.9)
    for (name, bands), (colour, dashes) in zip(curves.items(), LOOKS, strict=False):
        for axis, (C, low, centre, high) in zip(axes, bands, strict=True):
            axis.fill_between(C, low, high, color=colour, alpha=0.15, linewidth=0)
            axis.plot(C, centre, color=colour, linestyle=dashes, marker="o", markersize=3, label=name)
        top, chosen = _top(bands[0])
        axes[0].plot([chosen], [top], "o", color=colour, markersize=9, markerfacecolor="none")
    for axis, label in zip(axes, ("validation accuracy (%)", "support vectors"), strict=True):
        axis.set(xscale="log", xlabel="C", ylabel=label)
        axis.xaxis.set_major_locator(LogLocator(numticks=12))
        axis.xaxis.set_minor_locator(NullLocator())
    axes[0].set_ylim(*_scale(axes[0], curves))
    axes[1].set_ylim(bottom=0)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=min(6, len(curves)))
    return [finish(figure, f"{chapter.name}_C", *_words(curves))]


def _curves(rows: Sequence[Record]) -> tuple[Band, Band]:
    """The history by C in place of the number of the setting."""
    by_C = [{**row, "epoch": row["C"]} for row in rows]
    C, *accuracies = band(by_C, "validation_accuracy")
    low, centre, high = (PERCENT * values for values in accuracies)
    return (C, low, centre, high), band(by_C, "support_vectors")


def _floor(curves: Curves) -> float:
    """Where the scale of the accuracies begins at the lowest, so that runs that learn are told apart."""
    return min(_top(accuracy)[0] for accuracy, _ in curves.values()) - ROOM


def _scale(axis: Axes, curves: Curves) -> tuple[float, float]:
    """From the floor, or where everything is seen above it, to a little above the highest seed."""
    low = max(axis.get_ylim()[0], _floor(curves))
    high = max(float(accuracy[3].max()) for accuracy, _ in curves.values())
    return low, high + 0.06 * (high - low)


def _words(curves: Curves) -> tuple[str, str]:
    """Caption and description: where each run is best, and what C does to the number of support vectors."""
    tops = {name: _top(bands[0]) for name, bands in curves.items()}
    order = sorted(tops, key=lambda name: -tops[name][0])
    told = listed([f"{name} {tops[name][0]:.2f} % at C = {tops[name][1]:g}" for name in order])
    C, _, counts, _ = curves[order[0]][1]
    caption = (
        "Validation accuracy and the number of support vectors against C, the price of a point on the wrong side of "
        "its margin; lines are means over seeds, bands run from the lowest seed to the highest. Look at which lines "
        f"rise to the top at any C, and how wide their plateau is. The highest means, ringed: {told}. From "
        f"C = {C[0]:g} to {C[-1]:g} the boundary of {order[0]} goes from {counts[0]:.0f} support vectors to "
        f"{counts[-1]:.0f}.{_cut(curves)}"
    )
    return caption, f"Line charts of validation accuracy and support vectors against C. The highest means: {told}."


def _cut(curves: Curves) -> str:
    """What the scale leaves out, if anything."""
    floor, lowest = _floor(curves), min(float(accuracy[2].min()) for accuracy, _ in curves.values())
    return f" Means below {floor:.0f} %, down to {lowest:.2f} %, are not shown." if lowest < floor else ""


def _top(accuracy: Band) -> tuple[float, float]:
    """The highest mean, and the smallest C that has it."""
    C, _, centre, _ = accuracy
    return float(centre.max()), float(C[centre.argmax()])


def regions(chapter: ChapterResult, probes: Arrays) -> list[Drawing]:
    """Decision regions with the margins, the points and the support vectors of each run."""
    runs = [run for run in chapter.runs if f"{run.name}/boundary" in probes][:DETAILED]
    if not runs:
        return []
    figure, axes = panels(len(runs), 3, 3.4, sharex=True, sharey=True)
    for axis, run in zip(axes, runs, strict=True):
        plane(axis, probes[f"{run.name}/boundary"])
        _margins(axis, probes[f"{run.name}/boundary"])
        examples(axis, probes.get(f"{run.name}/points"), None)
        _ring(axis, probes.get(f"{run.name}/support"))
        axis.set_title(_title(run, probes))
    for axis in axes[-3:]:  # the last in its column, where the row below is not full
        axis.tick_params(labelbottom=True)
    names = listed([run.name for run in runs])
    alt = f"Decision regions, margins and support vectors of {names}."
    return [finish(figure, f"{chapter.name}_regions", _caption(runs, probes), alt)]


def _margins(axis: Axes, probability: Array) -> None:
    """Where d = log(p / (1 - p)) is -1 and 1."""
    p = np.clip(probability.astype(np.float64), 1e-7, 1 - 1e-7)  # what is nearer to 0 or 1 is far from any margin
    d = np.log(p / (1 - p))
    levels = [level for level in (-1, 1) if d.min() < level < d.max()]
    grid = np.linspace(-2, 2, len(d))
    if levels:
        axis.contour(grid, grid, d, levels=levels, colors=ON_MAP, linewidths=0.9, linestyles="dashed")


def _ring(axis: Axes, support: Array | None) -> None:
    """A ring around every support vector."""
    if support is not None:
        axis.scatter(support[:, 0], support[:, 1], s=34, facecolors="none", edgecolors=ON_MAP, linewidths=0.7)


def _title(run: RunResult, probes: Arrays) -> str:
    """The run, and how many support vectors it has."""
    support = probes.get(f"{run.name}/support")
    return run.name if support is None else f"{run.name} · {len(support)} support vectors"


def _caption(runs: Sequence[RunResult], probes: Arrays) -> str:
    """What the colours, lines and rings are, and which run rests on few points and which on many."""
    classes = runs[0].card.classes
    colours = f" (violet is {classes[0]}, orange {classes[1]})" if len(classes) == 2 else ""
    told = (
        "Decision regions of seed 0 at its chosen C over the plane [-2, 2]², with the points that it was fitted on"
        f"{colours}. The full line is the boundary d = 0, the dashed lines are the margins d = ±1, and rings mark the "
        "support vectors: the points on a margin, between the two or on the wrong side. Look at which kernels close a "
        "ring around the inner class."
    )
    counts = {run.name: len(probes[f"{run.name}/support"]) for run in runs if f"{run.name}/support" in probes}
    few, many = (choose(counts, key=counts.__getitem__, default="") for choose in (min, max))
    if not counts or counts[few] == counts[many]:
        return told
    of = f" of {len(probes[f'{few}/points'])}" if f"{few}/points" in probes else ""
    rest = f" {few} rests on {counts[few]}{of} points, {many} on {counts[many]}: the more the classes stay mixed, the "
    return f"{told}{rest}more points lie between the margins."
