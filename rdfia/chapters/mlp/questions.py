"""Figures on the written questions of part 1: losses, the cost of backpropagation, descent, four implementations."""

import math
from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FormatStrFormatter, LogLocator

from rdfia.analyse.loss_differences import frozen_losses
from rdfia.chapters.mlp.tables import METHODS, ROLES, scientific
from rdfia.report.engine.axes import above
from rdfia.report.engine.context import Arrays, Context, Facts
from rdfia.report.engine.drawing import BLUE, GREEN, INK, MAP_INK, MUTED, ORANGE, PINK, panels
from rdfia.report.engine.lines import plot_lines
from rdfia.report.engine.registry import Numbers, Plot, figure

KINDS = {"cross_entropy": ("cross-entropy", BLUE), "squared_error": ("squared error", ORANGE)}
LOSS_PANELS = {
    "loss": "loss", "on_y_hat": "push on ŷ: −∂L/∂ŷ", "on_y_tilde": "push on ỹ: −∂L/∂ỹ", "flow": "descent on ỹ"
}  # fmt: skip
COST_PANELS = ("multiplications", "multiplications, backpropagation = 1")
FACTORIAL = "n!, as one report claims"
COLOURS = (BLUE, GREEN, ORANGE, PINK)
# A map keeps its colours on a dark screen, so that nothing on it may follow the page: none of these is the theme's.
PATH_COLOURS, GREYS = ("#0065a0", "#007f5c", "#c45500", "#b8608f"), ("#f7f7f7", "#b4b8bf")
HEIGHT = 2.35  # inches of a map, so that it is square
LEVELS = 14
MANY = 200
LOOKS: dict[str, dict[str, Any]] = {  # the later lines are thinner, so that all can be seen
    "by_hand": {"color": BLUE, "linewidth": 7, "alpha": 0.35},
    "autograd": {"color": ORANGE, "linewidth": 4, "alpha": 0.6},
    "nn": {"color": GREEN, "linewidth": 2},
    "optim": {"color": INK, "linewidth": 1, "linestyle": (0, (4, 4))},
}
PRECISIONS = {"float32": "-", "float64": "--"}
COMPARED = {"autograd": ORANGE, "nn": GREEN, "optim": PINK}
IMPLEMENTATION_PANELS = ("loss of seed 0", "weights, apart from by_hand")


@figure("theory_losses")
def losses(context: Context) -> Iterator[Plot]:
    """Plot questions 8 and 9: the losses, what they push on, and descent from a confident mistake."""
    facts, arrays = context.theory("losses")
    if not facts:
        return
    sheet, axes = panels(4, 4, 2.3)
    lines = {
        (title, label): (np.arange(len(y)) if part == "flow" else arrays["p"], y)
        for kind, (label, _) in KINDS.items()
        for part, title in LOSS_PANELS.items()
        for y in [arrays[f"{kind}/{part}"]]
    }
    looks = {label: {"color": colour} for label, colour in KINDS.values()}
    numbers = plot_lines(dict(zip(LOSS_PANELS.values(), axes, strict=True)), lines, looks)
    for axis, title in zip(axes, LOSS_PANELS.values(), strict=True):
        axis.set(title=title, xlabel="ŷ of the true class", xlim=(0, 1), xticks=(0, 0.5, 1))
    axes[0].set_ylim(0, 5)
    axes[1].set(yscale="log")
    axes[2].set_ylim(bottom=0)
    axes[3].set(xlabel="step", ylabel="ŷ of the true class", ylim=(0, 1), xlim=(0, facts["steps"]))
    axes[3].set_xticks(np.linspace(0, facts["steps"], 3).astype(int))
    above(sheet, *axes[0].get_legend_handles_labels())
    yield Plot(sheet, facts, numbers)


@figure("theory_backprop")
def backprop(context: Context) -> Iterator[Plot]:
    """Plot question 12: multiplications against depth, and how often backpropagation would go into them."""
    facts, _ = context.theory("backprop")
    if not facts:
        return
    sheet, axes = panels(2, 2, 2.6)
    depths, methods = facts["depths"], {label: facts["methods"][name] for name, label in METHODS.items()}
    counts = {label: np.asarray(method["counts"]) for label, method in methods.items()}
    cheapest, top = counts[METHODS["backprop"]], 3 * max(count.max() for count in counts.values())
    lines = {(COST_PANELS[0], label): (depths, count) for label, count in counts.items()}
    lines |= {(COST_PANELS[1], label): (depths, count / cheapest) for label, count in counts.items()}
    lines[COST_PANELS[0], FACTORIAL] = _factorial(depths, counts[METHODS["stored"]][0], top)
    looks: dict[str, dict[str, Any]] = {
        label: {"color": colour, "marker": "o", "markersize": 4} for label, colour in zip(counts, COLOURS, strict=False)
    }
    looks[FACTORIAL] = {"color": MUTED, "linestyle": "--"}
    numbers = plot_lines(dict(zip(COST_PANELS, axes, strict=True)), lines, looks)
    for axis, title in zip(axes, COST_PANELS, strict=True):
        axis.set(xscale="log", yscale="log", xlabel="layers n", title=title)
        axis.set_xticks(depths, [str(depth) for depth in depths])
        axis.minorticks_off()
    axes[0].set_ylim(top=top)
    powers = [f"{label}: n^{method['exponent']:.2f}" for label, method in methods.items()]
    above(sheet, axes[0].lines, [*powers, FACTORIAL])
    dearer = [counts[METHODS[name]][-1] / cheapest[-1] for name in ("stored", "recomputed")]
    yield Plot(sheet, {**facts, "dearer": dearer}, numbers)


def _factorial(depths: list[int], start: float, top: float) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return n! against n, scaled to begin where the others do, as far as it stays below the panel's top."""
    n = np.geomspace(depths[0], depths[-1], 200)
    logs = np.asarray([math.lgamma(depth + 1) for depth in n]) / math.log(10)
    curve = logs - logs[0] + np.log10(start)
    shown = curve <= np.log10(top)
    return n[shown], 10 ** curve[shown]


@figure("theory_descent")
def batch_sizes(context: Context) -> Iterator[Plot]:
    """Plot question 10: full, mini-batch and online descent over the same number of examples."""
    facts, arrays = context.theory("descent")
    if facts:
        names = {facts["examples"]: f"whole set ({facts['examples']})", 1: "online (1)"}
        paths = {key: path for key, path in facts["paths"].items() if key.startswith("batch")}
        sizes = {key: path["batch_size"] for key, path in paths.items()}
        titles = {key: names.get(size, f"mini-batch ({size})") for key, size in sizes.items()}
        times = {key: np.linspace(0, facts["epochs"], len(arrays[f"{key}/losses"])) for key in paths}
        yield _descent(facts, arrays, titles, times, "epochs")


@figure("theory_steps")
def learning_rates(context: Context) -> Iterator[Plot]:
    """Plot question 11: descent on the whole set with small, right and large steps."""
    facts, arrays = context.theory("descent")
    if facts:
        paths = {key: path for key, path in facts["paths"].items() if key.startswith("rate")}
        titles = {key: f"learning rate {path['learning_rate']:g}" for key, path in paths.items()}
        times = {key: np.arange(len(arrays[f"{key}/losses"])) for key in paths}
        yield _descent(facts, arrays, titles, times, "step")


def _descent(
    facts: Facts, arrays: Arrays, titles: Mapping[str, str], times: Mapping[str, npt.NDArray[Any]], unit: str
) -> Plot:
    """Plot the landscape once for each path, and behind the maps the losses of all paths over time."""
    sheet, (*maps, last) = panels(len(titles) + 1, 4, HEIGHT)
    first, second = (f"weight of unit {index + 1}" for index, _ in facts["weights"])
    rows: list[tuple[object, ...]] = []
    styles = cycle(zip(PATH_COLOURS, COLOURS, strict=True))
    for axis, (key, title), (colour, line_colour) in zip(maps, titles.items(), styles, strict=False):
        points, values = arrays[f"{key}/points"], arrays[f"{key}/losses"]
        _landscape(axis, arrays, facts)
        _path(axis, points, colour)
        axis.set(title=title, xlabel=first, ylabel=second if axis is maps[0] else "")
        last.plot(times[key], values, color=line_colour, linewidth=1)
        numbers = zip(times[key].tolist(), points.tolist(), values.tolist(), strict=True)
        rows += [(title, time, *point, loss) for time, point, loss in numbers]
    last.set(title="loss", xlabel=unit, yscale="log")
    last.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    last.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    last.minorticks_off()
    shown = [{**facts["paths"][key], "title": title} for key, title in titles.items()]
    units = [str(index + 1) for index, _ in facts["weights"]]
    return Plot(sheet, {**facts, "shown": shown, "units": units}, Numbers(("path", unit, first, second, "loss"), rows))


def _landscape(axis: Axes, arrays: Arrays, facts: Facts) -> None:
    """Plot lines of equal loss in equal ratios, the darker the higher, and where paths begin and should end."""
    grid, surface = arrays["grid"], arrays["surface"]
    extent = (grid[0], grid[-1], grid[0], grid[-1])
    greys = LinearSegmentedColormap.from_list("landscape", GREYS)
    axis.imshow(np.log(surface), origin="lower", extent=extent, cmap=greys, interpolation="bilinear")
    levels = np.geomspace(1.05 * surface.min(), surface.max(), LEVELS)
    axis.contour(grid, grid, surface, levels=levels, colors="#8a8f99", linewidths=0.5)
    axis.plot(*facts["start"]["point"], "o", color=MAP_INK, markersize=4, zorder=4)
    axis.plot(*facts["lowest"]["point"], "*", color=MAP_INK, markersize=8, zorder=4)
    axis.set(xlim=extent[:2], ylim=extent[2:], aspect="equal")
    axis.grid(False)


def _path(axis: Axes, points: npt.NDArray[Any], colour: str) -> None:
    """Plot the points of a path; with many of them the line alone, or the page would carry each."""
    many = len(points) > MANY
    axis.plot(*points.T, "-" if many else ".-", color=colour, linewidth=0.8 if many else 1.1, markersize=3)


@figure("implementations")
def implementation_losses(context: Context) -> Iterator[Plot]:
    """Plot the loss curves of the four implementations on each other, and how far their weights part."""
    facts, arrays = context.theory("implementations")
    runs = [run for name in ROLES if (run := context.study.run(f"mlp/{name}")) is not None and run.test]
    if not facts or not runs:
        return
    sheet, axes = panels(2, 2, 2.9)
    lines: dict[tuple[str, str], tuple[npt.ArrayLike, npt.ArrayLike]] = {}
    for run in runs:
        curve = {epoch: loss for (seed, epoch), loss in frozen_losses(run).items() if seed == 0}
        lines[IMPLEMENTATION_PANELS[0], run.name] = (list(curve), list(curve.values()))
    looks = dict(LOOKS)
    for (precision, dashes), (name, colour) in ((p, c) for p in PRECISIONS.items() for c in COMPARED.items()):
        apart, label = arrays[f"{precision}/{name}"], f"{name}, {precision}"
        lines[IMPLEMENTATION_PANELS[1], label] = (np.arange(len(apart)), np.where(apart > 0, apart, np.nan))
        looks[label] = {"color": colour, "linestyle": dashes}
    numbers = plot_lines(dict(zip(IMPLEMENTATION_PANELS, axes, strict=True)), lines, looks)
    axes[0].set(xlabel="epoch", ylabel="train loss", title=IMPLEMENTATION_PANELS[0])
    axes[0].legend()
    axes[1].set(xlabel="epoch", ylabel="largest difference", title=IMPLEMENTATION_PANELS[1], yscale="log")
    axes[1].legend(ncols=2, fontsize=8)
    most = {name: scientific(max(facts["largest_difference"][name].values())) for name in PRECISIONS}
    yield Plot(sheet, most, numbers)
