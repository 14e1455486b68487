"""The kernels of a first layer as images."""

from typing import Any

import numpy.typing as npt
from matplotlib.axes import Axes

from rdfia.report.engine.context import Arrays
from rdfia.report.engine.drawing import montage, picture
from rdfia.report.engine.registry import Numbers


def plot_kernels(axis: Axes, name: str, weights: npt.NDArray[Any], columns: int) -> None:
    """Plot a run's kernels (n, C, h, w), stretched to the smallest and the largest of all their weights."""
    low, high = float(weights.min()), float(weights.max())
    axis.imshow(montage((weights - low) / max(high - low, 1e-12), columns))
    picture(axis, f"{name}: {low:+.2f} to {high:+.2f}")


def kernel_ranges(weights: Arrays) -> Numbers:
    """Return the smallest and the largest weight of each kernel of each run."""
    rows = [
        (run, place, float(kernel.min()), float(kernel.max()))
        for run, kernels in weights.items()
        for place, kernel in enumerate(kernels, 1)
    ]
    return Numbers(("run", "kernel", "low", "high"), rows)
