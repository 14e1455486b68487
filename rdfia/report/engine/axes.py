"""Parts that figures share: dots with intervals in rows, marks of published figures, legends, where a scale begins."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rdfia.analyse.metrics import HELPS, HURTS, Estimate, resolve
from rdfia.report.engine.drawing import GREEN, INK, MUTED, ORANGE

SPREAD = 3.0
SEEN, HANDLE, LETTER = 4.6, 0.5, 0.068  # inches of a figure that a phone shows, and of a legend's line and letters


def effect_colour(effect: Estimate) -> str:
    """Return green for an effect that is resolved as helping, orange for hurting, grey for neither."""
    return {HELPS: GREEN, HURTS: ORANGE}.get(resolve(effect), MUTED)


def scale_floor(values: Sequence[float], least: float = 0.0) -> float:
    """Return where a scale begins: max(lowest, high - 3 · max(high - median, least)).

    The few values that lie below would make all the others look alike.
    """
    high = max(values)
    return max(min(values), high - SPREAD * max(high - median(values), least))


def dot(axis: Axes, place: float, estimate: Estimate, colour: str) -> None:
    """Plot a mean with its interval from left to right."""
    if estimate.low is not None and estimate.high is not None:
        axis.plot([estimate.low, estimate.high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
    axis.plot([estimate.mean], [place], "o", color=colour, markersize=5)


def error_bar(axis: Axes, x: float, estimate: Estimate, **look: Any) -> None:
    """Plot an interval upwards."""
    if estimate.low is not None and estimate.high is not None:
        axis.plot([x, x], [estimate.low, estimate.high], **look)


def rows(axis: Axes, names: Sequence[str], label: str) -> None:
    """Give each name a line, the first at the top."""
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(label)


def published_mark(colour: str = INK, size: float = 5) -> Line2D:
    """Return a legend's entry for published figures, a hollow diamond."""
    hollow: Any = {"linestyle": "", "markerfacecolor": "none"}
    return Line2D([], [], color=colour, marker="D", markersize=size, label="published", **hollow)


def legend(axis: Axes, colours: Mapping[str, str], *more: Line2D) -> None:
    """Draw the legend above the panels: a dot on a line for each colour, and further entries."""
    dots = [Line2D([], [], color=colour, marker="o", markersize=5, label=label) for label, colour in colours.items()]
    above(axis.figure, [*dots, *more], [*colours, *(str(entry.get_label()) for entry in more)])


def above(figure: Any, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """Draw a legend above the panels, in so few columns that a phone shows all of it without scrolling."""
    wide = max((HANDLE + LETTER * len(label) for label in labels), default=HANDLE)
    figure.legend(handles, labels, loc="outside upper left", ncols=max(1, min(len(labels), int(SEEN / wide))))


def interval_cells(estimate: Estimate) -> tuple[float, float | None, float | None]:
    """Return a mean and the ends of its interval, for a figure's numbers."""
    return estimate.mean, estimate.low, estimate.high
