"""What accuracy costs: test accuracy against training time, training FLOPs and weights, with the Pareto front."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from rdfia.analyse.pareto import (
    BACKWARD,
    FLOPS,
    SECONDS,
    Point,
    best_point,
    by_price,
    cheapest_unresolved,
    machine_kinds,
    pareto_front,
    timed_points,
)
from rdfia.analyse.results import RunResult
from rdfia.report.engine.axes import error_bar, interval_cells, legend, scale_floor
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, MUTED, ORANGE, panels
from rdfia.report.engine.registry import Numbers, Plot, figure

NAMED = 7  # labels in a panel, at most
# Where a name may stand: to the right and up of its dot, and how many pixels away
SIDES = ((-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0))
DISTANCES = (6, 14, 24)


@figure("{chapter}_price")
def price(context: Context) -> Iterator[Plot]:
    """Plot accuracy against each price; against FLOPs and weights only where the runs differ in their number."""
    timed = timed_points(context.chapter)
    if len(timed) < 3:
        return
    parts = by_price(timed)
    plot, axes = panels(len(parts), len(parts), 4.0, sharey=True)
    for axis, (label, points) in zip(axes, parts.items(), strict=True):
        _panel(axis, points, label)
    axes[0].set_ylabel("test accuracy (%)")
    axes[0].set_ylim(*_scale(timed))
    legend(axes[0], {"mean and 95 % interval": BLUE, "Pareto front: nothing cheaper is as accurate": ORANGE})
    engine = plot.get_layout_engine()
    if engine is not None:
        engine.execute(plot)  # names are placed where the dots will be
    for axis, points in zip(axes, parts.values(), strict=True):
        write_names(axis, points, best_point(timed))
    columns = ("against", "run", "cost", "test accuracy (%)", "low", "high")
    rows = [(by, p.run.name, p.cost, *interval_cells(p.accuracy)) for by, points in parts.items() for p in points]
    yield Plot(plot, _facts(parts), Numbers(columns, rows))


def _facts(parts: dict[str, list[Point]]) -> dict[str, Any]:
    """Return what more accuracy costs in seconds, on how many machines, and what lies below the scale."""
    points, floor = parts[SECONDS], _floor(parts[SECONDS])
    top, near = best_point(points), cheapest_unresolved(points)
    return {
        "count": len(points),
        "prices": [f"the {label}" for label in parts],
        "best": top,
        "near": None if near is top else near,
        "front": pareto_front(points),
        "machines": machine_kinds([point.run for point in points]),
        "counted": len(parts.get(FLOPS, ())),
        "backward": BACKWARD,
        "below": sum(point.accuracy.mean < floor for point in points),
    }


def _floor(points: Sequence[Point]) -> float:
    return scale_floor([point.accuracy.mean for point in points])


def _scale(points: Sequence[Point]) -> tuple[float, float]:
    """Return the lowest mean above the floor and the highest, with some room at both ends."""
    floor = _floor(points)
    shown = [point.accuracy.mean for point in points if point.accuracy.mean >= floor]
    room = max(max(shown) - min(shown), 0.1)
    return min(shown) - 0.12 * room, max(shown) + 0.16 * room


def _panel(axis: Axes, points: Sequence[Point], label: str) -> None:
    """Plot the dots with their intervals, the front as steps; what lies below the scale is a mark at its foot."""
    axis.set(xscale="log", xlabel=label)
    _ticks(axis, [point.cost for point in points])
    axis.margins(x=0.18)  # names of the cheapest stand to the left of their dots
    floor, front = _floor(points), pareto_front(points)
    shown = [point for point in points if point.accuracy.mean >= floor]
    for point in shown:
        error_bar(axis, point.cost, point.accuracy, color=MUTED, alpha=0.35, linewidth=1, zorder=1)
    axis.plot([p.cost for p in shown], [p.accuracy.mean for p in shown], "o", color=BLUE, markersize=4.5)
    far = [point.cost for point in points if point.accuracy.mean < floor]
    axis.plot(far, [0.015] * len(far), "v", color=MUTED, markersize=5, transform=axis.get_xaxis_transform())
    costs, means = [point.cost for point in front], [point.accuracy.mean for point in front]
    axis.plot(costs, means, color=ORANGE, drawstyle="steps-post", linewidth=1.2, zorder=2.5)
    axis.plot(costs, means, "o", color=ORANGE, markersize=6, zorder=3)


def _ticks(axis: Axes, costs: Sequence[float]) -> None:
    """Write few labels with short numbers, as 50 T: one a decade where there are several."""
    span = max(costs) / min(costs)
    few = LogLocator(subs=(1,) if span > 20 else (1, 2, 5))
    axis.xaxis.set_major_locator(few if span > 3 else MaxNLocator(4))
    large = EngFormatter(sep=" ")
    axis.xaxis.set_major_formatter(lambda value, _: large(value) if value >= 1000 else f"{value:g}")
    axis.xaxis.set_minor_locator(NullLocator())


def _named(points: Sequence[Point], chosen: RunResult) -> list[Point]:
    """Return the points to label, the most wanted first: the best run, both ends of the front, some between."""
    front = pareto_front(points)
    inner = front[1:-1]
    at = np.linspace(0, len(inner) - 1, min(len(inner), NAMED - 3)).round().astype(int)
    spread = [inner[i] for i in np.unique(at)]
    wanted = [*(point for point in points if point.run is chosen), front[0], front[-1], *spread]
    return list({point.run.name: point for point in wanted}.values())


def write_names(axis: Axes, points: Sequence[Point], chosen: Point) -> None:
    """Write names beside dots, each at the nearest place that hides neither a dot nor another name, if there is one."""
    taken = [Bbox.from_bounds(x - 5, y - 5, 10, 10) for x, y in (_pixels(axis, point) for point in points)]
    for point in _named(points, chosen.run):
        weight = "bold" if point.run is chosen.run else "normal"
        text = axis.annotate(
            point.run.name, (point.cost, point.accuracy.mean), (0, 0), textcoords="offset pixels", fontsize=8.5,
            fontweight=weight, va="bottom", zorder=6, arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.6},
        )  # fmt: skip
        x, y = _pixels(axis, point)
        box = _free_box(axis, (x, y), Text.get_window_extent(text), taken)
        if box is None:
            text.remove()
            continue
        text.set_position((box.x0 - x, box.y0 - y))
        taken.append(box.padded(4))


def _pixels(axis: Axes, point: Point) -> tuple[float, float]:
    x, y = axis.transData.transform((point.cost, point.accuracy.mean))
    return float(x), float(y)


def _free_box(axis: Axes, at: tuple[float, float], size: Bbox, taken: Sequence[Bbox]) -> Bbox | None:
    """Return the first free box of a size near a place, inside the axes; the upper left is free above the front."""
    window = axis.get_window_extent()
    for distance in DISTANCES:
        for right, up in SIDES:
            left = at[0] + distance * right - size.width * (1 - right) / 2
            low = at[1] + distance * up - size.height * (1 - up) / 2
            box = Bbox.from_bounds(left, low, size.width, size.height)
            inside = window.x0 < box.x0 and box.x1 < window.x1 and window.y0 < box.y0 and box.y1 < window.y1
            if inside and not any(box.overlaps(other) for other in taken):
                return box
    return None
