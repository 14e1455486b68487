"""The plane of two numbers: decision regions at the end of training, and how they came about."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from rdfia.analyse.groups import Group, groups
from rdfia.analyse.results import ChapterResult
from rdfia.report.curves import DETAILED
from rdfia.report.engine.drawing import Drawing, finish, listed, panels

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
REGIONS = ["#cdc4e3", "#f7f7f7", "#f8cf9f"]  # from class 0 to class 1
POINTS = ("#542788", "#b35806")
SIDE, GAP = 4.0, 0.2  # of a plane, and between two in a strip
STEP = SIDE + GAP


def regions(chapter: ChapterResult, probes: Arrays) -> list[Drawing]:
    """Decision regions with the points, group by group: the line is where both classes are equally likely."""
    found = ((group, _with(group, probes, "boundary")) for group in groups(chapter))
    return [_regions(chapter, group, shown, probes) for group, shown in found if shown]


def _with(group: Group, probes: Arrays, key: str) -> dict[str, str]:
    """The names of the group's runs that have an array, with their labels."""
    named = zip(group.runs, group.labels, strict=True)
    return dict([(run.name, label) for run, label in named if f"{run.name}/{key}" in probes][:DETAILED])


def _regions(chapter: ChapterResult, group: Group, shown: Mapping[str, str], probes: Arrays) -> Drawing:
    """One plane for each run of a group."""
    figure, axes = panels(len(shown), 4, 2.25, sharex=True, sharey=True)
    for axis, (name, label) in zip(axes, shown.items(), strict=True):
        plane(axis, probes[f"{name}/boundary"])
        examples(axis, probes.get("points/train"), probes.get("points/validation"))
        axis.set_title(label)
    caption = (
        "Probability of class 1 over the plane [-2, 2]² for seed 0; the line is where both classes are equally "
        "likely. Full points are the train set, hollow ones validation. Look at its shape: a network that has learnt "
        "the ring closes it, one that learns single points bends towards them."
    )
    names = listed(list(shown.values()))
    return finish(figure, f"{chapter.name}{group.suffix}_regions", caption, f"Decision regions of {names}.")


def strips(chapter: ChapterResult, probes: Arrays) -> list[Drawing]:
    """How the regions come about: one row for each run of a group, one column for each epoch that was kept."""
    found = ((group, _with(group, probes, "strip")) for group in groups(chapter))
    return [_strip(chapter, group, shown, probes) for group, shown in found if shown]


def _strip(chapter: ChapterResult, group: Group, shown: Mapping[str, str], probes: Arrays) -> Drawing:
    """The strip of one group, each row ending with the boundary after training."""
    ends = {run.name: run.config.get("epochs", "") for run in group.runs}
    longest = max(len(probes[f"{name}/strip"]) for name in shown) + 1
    figure, axes = panels(len(shown), 1, 10 / longest)
    for axis, (name, label) in zip(axes, shown.items(), strict=True):
        epochs = [*probes[f"{name}/epochs"].tolist(), ends[name]]
        _row(axis, [*probes[f"{name}/strip"], probes[f"{name}/boundary"]], epochs)
        axis.set(xlim=(0, longest * STEP - GAP), ylim=(0, SIDE), aspect="equal", xticks=(), yticks=())
        axis.set_ylabel(label)
    caption = (
        "How the decision regions of seed 0 come about; every row is a run, and its last picture is the end of its "
        "training. Look for the moment at which the line closes around the inner class."
    )
    names = listed(list(shown.values()))
    return finish(figure, f"{chapter.name}{group.suffix}_strip", caption, f"Decision regions by epoch of {names}.")


def _row(axis: Axes, planes: Sequence[Array], epochs: Sequence[Any]) -> None:
    """Planes side by side in one axes, which is drawn faster than one for each."""
    for place, (probability, epoch) in enumerate(zip(planes, epochs, strict=True)):
        left = place * STEP
        _shaded(axis, np.asarray(probability, dtype=np.float64), left, 0.0, SIDE)
        axis.text(left, SIDE * 1.03, f"epoch {epoch}", fontsize=9, va="bottom")
    axis.spines[:].set_visible(False)
    axis.grid(False)


def plane(axis: Axes, probability: Array) -> None:
    """The probability of class 1 over [-2, 2]², and the line where it is one half."""
    _shaded(axis, probability, -2, -2, SIDE)
    axis.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal", xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    axis.grid(False)


def _shaded(axis: Axes, probability: Array, left: float, low: float, side: float) -> None:
    """One plane with its lower left corner at a place of the axes."""
    shades = LinearSegmentedColormap.from_list("regions", REGIONS)
    extent = (left, left + side, low, low + side)
    axis.imshow(probability, origin="lower", extent=extent, cmap=shades, vmin=0, vmax=1)
    if probability.min() < 0.5 < probability.max():
        x, y = (np.linspace(start, start + side, len(probability)) for start in (left, low))
        axis.contour(x, y, probability, levels=[0.5], colors="#10131a", linewidths=1)


def examples(axis: Axes, train: Array | None, validation: Array | None) -> None:
    """The points, coloured by class: train full, validation hollow."""
    for points, full in ((validation, False), (train, True)):
        if points is not None:
            colours = np.where(points[:, 2] > 0.5, POINTS[1], POINTS[0])
            look: Any = {"c": colours, "edgecolors": "#fefefe"} if full else {"c": "none", "edgecolors": colours}
            axis.scatter(points[:, 0], points[:, 1], s=8, linewidths=0.4 if full else 0.7, **look)
