"""Drawings of the computed answers: two losses, the cost of backpropagation, and paths of descent."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator

from rdfia.report.engine.drawing import BLUE, GREEN, MUTED, ORANGE, PINK, Drawing, finish, listed, panels
from rdfia.report.evidence import Arrays

Facts = Mapping[str, Any]
KINDS = {"cross_entropy": ("cross-entropy", BLUE), "squared_error": ("squared error", ORANGE)}
METHODS = {
    "backprop": "backpropagation",
    "stored": "naive, activations kept",
    "recomputed": "naive, nothing kept",
}
COLOURS = (BLUE, GREEN, ORANGE, PINK)
# A map keeps its colours on a dark screen, so that nothing on it may follow the page: none of these is the theme's.
ON_MAP = ("#0065a0", "#007f5c", "#c45500", "#b8608f")
GREYS, DARK_INK = ("#f7f7f7", "#b4b8bf"), "#10131a"
HEIGHT = 2.35  # inches of a map, so that it is square
LEVELS = 14
MANY = 200


def losses(facts: Facts, arrays: Arrays) -> Drawing:
    """Questions 8 and 9: the losses, what they push on, and descent from a confident mistake."""
    figure, axes = panels(4, 4, 2.3)
    p = arrays["p"]
    for kind, (label, colour) in KINDS.items():
        for axis, part in zip(axes, ("loss", "on_y_hat", "on_y_tilde"), strict=False):
            axis.plot(p, arrays[f"{kind}/{part}"], color=colour, label=label)
        flow = arrays[f"{kind}/flow"]
        axes[3].plot(np.arange(len(flow)), flow, color=colour)
    for axis, title in zip(axes, ("loss", "push on ŷ: −∂L/∂ŷ", "push on ỹ: −∂L/∂ỹ", "descent on ỹ"), strict=True):
        axis.set(title=title, xlabel="ŷ of the true class", xlim=(0, 1), xticks=(0, 0.5, 1))
    axes[0].set_ylim(0, 5)
    axes[1].set(yscale="log")
    axes[2].set_ylim(bottom=0)
    axes[3].set(xlabel="step", ylabel="ŷ of the true class", ylim=(0, 1), xlim=(0, facts["steps"]))
    axes[3].set_xticks(np.linspace(0, facts["steps"], 3).astype(int))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
    alt = "Line charts of two losses against ŷ, the gradients on ŷ and on ỹ, and ŷ over the steps of descent."
    return finish(figure, "theory_losses", _losses_words(facts), alt)


def _losses_words(facts: Facts) -> str:
    """What to look at, with the numbers of the start and of the steps."""
    ours, theirs = facts["cross_entropy"], facts["squared_error"]
    return (
        "Two classes, one example. Both losses push ŷ of the true class up (second panel; the scale is logarithmic). "
        "But descent moves ỹ, and softmax stands between (third panel): cross-entropy pushes the harder the more "
        f"wrong the network is, squared error pushes hardest at ŷ = {theirs['strongest_at']:.2f} and hardly at all "
        f"near 0. At ŷ = {facts['start']:g}, a confident mistake, the pushes are {ours['at_start']:.3f} and "
        f"{theirs['at_start']:.3f}. Last panel: from there, with steps of {facts['learning_rate']:g}, ŷ is above "
        f"one half {_when(ours)} with cross-entropy and {_when(theirs)} with squared error."
    )


def _when(kind: Facts) -> str:
    step = kind["steps_to"]["0.5"]
    return "never" if step is None else f"after {step} steps"


def backprop(facts: Facts, arrays: Arrays) -> Drawing:
    """Question 12: multiplications against depth, and how often backpropagation would go into them."""
    figure, (left, right) = panels(2, 2, 2.6)
    depths, cheapest = facts["depths"], np.asarray(facts["methods"]["backprop"]["counts"], dtype=np.float64)
    for (name, label), colour in zip(METHODS.items(), COLOURS, strict=False):
        method = facts["methods"][name]
        left.plot(
            depths,
            method["counts"],
            "o-",
            color=colour,
            markersize=4,
            label=f"{label}: $n^{{{method['exponent']:.2f}}}$",
        )
        right.plot(depths, method["counts"] / cheapest, "o-", color=colour, markersize=4)
    for axis in (left, right):
        axis.set(xscale="log", yscale="log", xlabel="layers n")
        axis.set_xticks(depths, [str(depth) for depth in depths])
        axis.minorticks_off()
    _factorial(left, facts)
    left.set_title("multiplications")
    right.set_title("multiplications, backpropagation = 1")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=4)
    alt = "Multiplications against depth on logarithmic axes: three straight lines of different slope, and n! above."
    return finish(figure, "theory_backprop", _backprop_words(facts), alt)


def _factorial(axis: Axes, facts: Facts) -> None:
    """n!, scaled to begin where the others do; it leaves the panel."""
    start = facts["methods"]["stored"]["counts"][0]
    depths = np.geomspace(facts["depths"][0], facts["depths"][-1], 200)
    logs = np.asarray([math.lgamma(depth + 1) for depth in depths]) / math.log(10)
    curve = logs - logs[0] + np.log10(start)
    top = 3 * max(max(method["counts"]) for method in facts["methods"].values())
    shown = curve <= np.log10(top)
    axis.plot(depths[shown], 10 ** curve[shown], "--", color=MUTED, label="n!, as one report claims")
    axis.set_ylim(top=top)


def _backprop_words(facts: Facts) -> str:
    """What to look at: a power is a straight line here, and how much the naive ways cost in the end."""
    counts = [facts["methods"][name]["counts"][-1] for name in METHODS]
    deepest, fitted = facts["depths"][-1], listed([str(depth) for depth in facts["fitted_on"]])
    return (
        f"Multiplications for all gradients of a chain of n layers of width {facts['width']}, counted while they are "
        "done. On these axes nᵏ is a straight line of slope k (the exponents in the legend are fitted over "
        f"n = {fitted}), and n!, drawn from the same start, bends upwards: none of the three ways follows it. At "
        f"{deepest} layers the naive ways take {counts[1] / counts[0]:.0f} and {counts[2] / counts[0]:.0f} times what "
        "backpropagation takes."
    )


def batches(facts: Facts, arrays: Arrays) -> Drawing:
    """Question 10: full, mini-batch and online descent over the same number of examples."""
    keys = [key for key in facts["paths"] if key.startswith("batch")]
    paths = {key: facts["paths"][key] for key in keys}
    figure, axes = _maps(facts, arrays, {key: _batch(paths[key], facts["examples"]) for key in keys})
    for key, colour in zip(keys, COLOURS * len(keys), strict=False):
        values = arrays[f"{key}/losses"]
        axes[-1].plot(np.linspace(0, facts["epochs"], len(values)), values, color=colour, linewidth=1)
    _loss(axes[-1], "epochs")
    rate = paths[keys[0]]["learning_rate"]
    told = [
        f"{_batch(path, facts['examples'])}: {path['steps']:,} steps, loss {path['final_loss']:.2f}{_scattered(path)}"
        for path in paths.values()
    ]
    caption = (
        f"{_landscape(facts)} Each path sees every example {facts['epochs']} times, with learning rate {rate:g}. "
        "Smaller batches take more and noisier steps for the same examples: look how far each path comes, and how it "
        f"wanders at its end (scatter: the typical distance from its centre over the last 1/{facts['tail']} of it). "
        f"{'; '.join(told).capitalize()}."
    )
    alt = f"Loss landscape with the paths of {len(keys)} batch sizes, and their losses over the epochs."
    return finish(figure, "theory_descent", caption, alt)


def _batch(path: Facts, examples: int) -> str:
    """The usual name of descent with such batches."""
    names = {examples: f"whole set ({examples})", 1: "online (1)"}
    return names.get(path["batch_size"], f"mini-batch ({path['batch_size']})")


def _scattered(path: Facts) -> str:
    """How far around its end a path wanders, where it has arrived."""
    return f", scatter {path['scatter']:.2f}" if path["converged"] else ", still on its way"


def rates(facts: Facts, arrays: Arrays) -> Drawing:
    """Question 11: the whole set with small, right and large steps."""
    keys = [key for key in facts["paths"] if key.startswith("rate")]
    paths = {key: facts["paths"][key] for key in keys}
    figure, axes = _maps(
        facts, arrays, {key: f"learning rate {path['learning_rate']:g}" for key, path in paths.items()}
    )
    for key, colour in zip(keys, COLOURS * len(keys), strict=False):
        axes[-1].plot(arrays[f"{key}/losses"], color=colour, linewidth=1)
    _loss(axes[-1], "step")
    told = [
        f"with {path['learning_rate']:g} the loss ends at {path['final_loss']:.2f} and rises in {path['rises']} steps"
        for path in paths.values()
    ]
    limit = facts["stable_below"]
    theory = (
        f" With λ the curvature at the star, a learning rate above 2/λ = {limit:.2f} cannot settle there."
        if limit
        else ""
    )
    caption = (
        f"{_landscape(facts)} Descent on the whole set, {paths[keys[0]]['steps']} steps each: "
        f"{', '.join(told)}. Too small a step is slow, too large a step jumps across the valley.{theory}"
    )
    alt = f"Loss landscape with the paths of {len(keys)} learning rates, and their losses over the steps."
    return finish(figure, "theory_steps", caption, alt)


def _landscape(facts: Facts) -> str:
    units = listed([str(unit + 1) for unit, _ in facts["weights"]])
    return (
        "The loss over two weights of the trained network, those from its last input to hidden units "
        f"{units} of {facts['hidden']}, all others held; a line joins points of equal loss. Paths begin at the dot "
        f"(loss {facts['start']['loss']:.2f}); the star is the lowest point ({facts['lowest']['loss']:.2f})."
    )


def _maps(facts: Facts, arrays: Arrays, titles: Mapping[str, str]) -> tuple[Figure, Sequence[Axes]]:
    """The landscape once for each path, and an empty panel behind."""
    figure, axes = panels(len(titles) + 1, 4, HEIGHT)
    first, second = (f"weight of unit {unit + 1}" for unit, _ in facts["weights"])
    for axis, (key, title), colour in zip(axes, titles.items(), ON_MAP * len(titles), strict=False):
        _map(axis, arrays, facts)
        _path(axis, arrays[f"{key}/points"], colour)
        axis.set(title=title, xlabel=first, ylabel=second if axis is axes[0] else "")
    return figure, axes


def _loss(axis: Axes, label: str) -> None:
    """The panel behind the maps: losses on a logarithmic axis with plain numbers."""
    axis.set(title="loss", xlabel=label, yscale="log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axis.minorticks_off()


def _map(axis: Axes, arrays: Arrays, facts: Facts) -> None:
    """Lines of equal loss in equal ratios, the darker the higher, and where paths begin and should end."""
    grid, surface = arrays["grid"], arrays["surface"]
    extent = (grid[0], grid[-1], grid[0], grid[-1])
    greys = LinearSegmentedColormap.from_list("landscape", GREYS)
    axis.imshow(np.log(surface), origin="lower", extent=extent, cmap=greys, interpolation="bilinear")
    levels = np.geomspace(1.05 * surface.min(), surface.max(), LEVELS)
    axis.contour(grid, grid, surface, levels=levels, colors="#8a8f99", linewidths=0.5)
    axis.plot(*facts["start"]["point"], "o", color=DARK_INK, markersize=4, zorder=4)
    axis.plot(*facts["lowest"]["point"], "*", color=DARK_INK, markersize=8, zorder=4)
    axis.set(xlim=extent[:2], ylim=extent[2:], aspect="equal")
    axis.grid(False)


def _path(axis: Axes, points: npt.NDArray[Any], colour: str) -> None:
    """The points of a path; with many of them the line alone, or the page would carry each."""
    many = len(points) > MANY
    axis.plot(*points.T, "-" if many else ".-", color=colour, linewidth=0.8 if many else 1.1, markersize=3)
