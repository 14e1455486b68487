"""Figures of lines: one mapping holds what is plotted and what is written as the figure's numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from rdfia.report.engine.registry import Numbers

Lines = Mapping[tuple[str, str], tuple[npt.ArrayLike, npt.ArrayLike]]  # x and y of each line, by panel and label


def plot_lines(axes: Mapping[str, Axes], lines: Lines, looks: Mapping[str, Mapping[str, Any]]) -> Numbers:
    """Plot each line in its panel with the look of its label, and return the points that are seen, a row each."""
    rows: list[tuple[object, ...]] = []
    for (panel, label), (x, y) in lines.items():
        axes[panel].plot(x, y, label=label, **looks[label])
        points = zip(np.asarray(x).tolist(), np.asarray(y).tolist(), strict=True)
        rows += [(panel, label, *point) for point in points if np.isfinite(point).all()]
    return Numbers(("panel", "line", "x", "y"), rows)
