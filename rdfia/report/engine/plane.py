"""The plane [-2, 2]² as a map: the probability of class 1, the line where it is one half, and the examples."""

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from rdfia.report.engine.drawing import MAP_INK

Array = npt.NDArray[Any]
SHADES = LinearSegmentedColormap.from_list("regions", ["#cdc4e3", "#f7f7f7", "#f8cf9f"])  # from class 0 to class 1
POINTS = ("#542788", "#b35806")
LIGHT = "#fefefe"
SIDE = 4.0
SUMMARY = ("lowest probability", "highest probability", "share of the plane in class 1")


def summary(probability: Array) -> tuple[float, ...]:
    """Return the numbers of a map under the headings of `SUMMARY`."""
    return float(probability.min()), float(probability.max()), float((probability > 0.5).mean())


def plot_plane(axis: Axes, probability: Array) -> None:
    """Plot the probability of class 1 and the line where it is one half, on the axes' own scale."""
    shade(axis, probability, -2, -2)
    axis.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal", xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    axis.grid(False)


def shade(axis: Axes, probability: Array, left: float, low: float) -> None:
    """Plot a map with its lower left corner at a place of the axes."""
    extent = (left, left + SIDE, low, low + SIDE)
    axis.imshow(probability, origin="lower", extent=extent, cmap=SHADES, vmin=0, vmax=1)
    if probability.min() < 0.5 < probability.max():
        x, y = (np.linspace(start, start + SIDE, len(probability)) for start in (left, low))
        axis.contour(x, y, probability, levels=[0.5], colors=MAP_INK, linewidths=1)


def plot_examples(axis: Axes, train: Array | None, validation: Array | None = None) -> None:
    """Plot the examples, coloured by class: train full with a light edge, validation as rings."""
    for points, full in ((validation, False), (train, True)):
        if points is not None:
            classes = [points[points[:, 2] > 0.5], points[points[:, 2] <= 0.5]]
            if full:
                _dots(axis, points, LIGHT, 3.6)
            for of_class, colour in zip(classes, reversed(POINTS), strict=True):
                _dots(axis, of_class, colour, 2.9)
            if not full:
                _dots(axis, points, LIGHT, 1.6)


def _dots(axis: Axes, points: Array, colour: str, size: float) -> None:
    """Plot points as one path of strokes without length: with round ends they are dots, at 15 bytes each."""
    path = Path(np.repeat(points[:, :2], 2, axis=0), np.tile([Path.MOVETO, Path.LINETO], len(points)))
    path.should_simplify = False
    axis.add_artist(PathPatch(path, fill=False, edgecolor=colour, linewidth=size, capstyle="round"))  # no new limits
