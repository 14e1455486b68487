"""The plane of two numbers: decision regions at the end of training, and how they came about."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from rdfia.analyse.groups import Group, groups
from rdfia.analyse.results import ChapterResult
from rdfia.report.curves import DETAILED
from rdfia.report.style import Drawing, finish, listed, panels

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
REGIONS = ["#cdc4e3", "#f7f7f7", "#f8cf9f"]  # from class 0 to class 1
POINTS = ("#542788", "#b35806")


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
    kept = {name: [*probes[f"{name}/strip"], probes[f"{name}/boundary"]] for name in shown}
    columns = max(len(planes) for planes in kept.values())
    figure, axes = panels(len(kept) * columns, columns, 10 / columns + 0.1)
    ends = {run.name: run.config.get("epochs", "") for run in group.runs}
    for row, (name, planes) in enumerate(kept.items()):
        line = axes[row * columns : (row + 1) * columns]
        epochs = [*probes[f"{name}/epochs"].tolist(), ends[name]]
        for axis, image, epoch in zip(line, planes, epochs, strict=False):
            plane(axis, np.asarray(image, dtype=np.float64))
            axis.set(xticks=(), yticks=())
            axis.set_title(f"epoch {epoch}", fontweight="normal")
        for axis in line[len(planes) :]:
            axis.set_visible(False)
        line[0].set_ylabel(shown[name])
    caption = (
        "How the decision regions of seed 0 come about; every row is a run, and its last picture is the end of its "
        "training. Look for the moment at which the line closes around the inner class."
    )
    names = listed(list(shown.values()))
    return finish(figure, f"{chapter.name}{group.suffix}_strip", caption, f"Decision regions by epoch of {names}.")


def plane(axis: Axes, probability: Array) -> None:
    """The probability of class 1 over [-2, 2]², and the line where it is one half."""
    shades = LinearSegmentedColormap.from_list("regions", REGIONS)
    axis.imshow(probability, origin="lower", extent=(-2, 2, -2, 2), cmap=shades, vmin=0, vmax=1)
    grid = np.linspace(-2, 2, len(probability))
    if probability.min() < 0.5 < probability.max():
        axis.contour(grid, grid, probability, levels=[0.5], colors="#10131a", linewidths=1)
    axis.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal", xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    axis.grid(False)


def examples(axis: Axes, train: Array | None, validation: Array | None) -> None:
    """The points, coloured by class: train full, validation hollow."""
    for points, full in ((validation, False), (train, True)):
        if points is not None:
            colours = np.where(points[:, 2] > 0.5, POINTS[1], POINTS[0])
            look: Any = {"c": colours, "edgecolors": "#fefefe"} if full else {"c": "none", "edgecolors": colours}
            axis.scatter(points[:, 0], points[:, 1], s=8, linewidths=0.4 if full else 0.7, **look)
