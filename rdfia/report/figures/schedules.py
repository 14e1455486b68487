"""What each schedule multiplies the learning rate by over the epochs, as small multiples."""

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from rdfia.analyse.schedules import ScheduleLine, schedule_lines
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, MUTED, panels
from rdfia.report.engine.registry import Numbers, Plot, figure

FEW = 8  # schedules that can be told apart in one panel
LETTERS = 24  # of a title that fit a panel


@figure("{chapter}_schedules")
def schedules(context: Context) -> Iterator[Plot]:
    """Plot one panel for each schedule of the chapter that changes the rate."""
    lines = schedule_lines(context.chapter.runs)
    if not lines:
        return
    columns = min(4, len(lines))
    plot, axes = panels(len(lines), columns, 1.6)
    for axis, line in zip(axes, lines, strict=True):
        _panel(axis, line, lines)
    for axis in axes[::columns]:
        axis.set_ylabel("factor")
    rows = [(x.title, *map(float, at)) for x in lines for at in zip(x.epochs, x.factors, strict=True)]
    yield Plot(plot, _facts(lines), Numbers(("schedule of", "epoch", "factor"), rows))


def _panel(axis: Axes, line: ScheduleLine, others: Sequence[ScheduleLine]) -> None:
    """Plot one schedule before those that share its scale and length, in grey, if these are few."""
    for other in others if len(others) <= FEW else ():
        if not (line.wide or other.wide) and other.epochs[-1] <= 1.01 * line.epochs[-1]:
            axis.plot(other.epochs, other.factors, color=MUTED, alpha=0.35, linewidth=0.8)
    axis.plot(line.epochs, line.factors, color=BLUE, linewidth=1.8)
    axis.set_title(line.title, fontsize=min(9.5, 9.5 * LETTERS / len(line.title)))
    axis.set_xlabel(f"epoch, mean factor {line.average:.2g}")
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if line.wide:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(numticks=5))
        axis.yaxis.set_minor_locator(NullLocator())
        axis.axhline(1, color=MUTED, linewidth=0.8, linestyle=":")
    else:
        axis.set_ylim(-0.03, max(1.06, 1.06 * float(line.factors.max())))


def _facts(lines: Sequence[ScheduleLine]) -> dict[str, Any]:
    """Return the schedules that spend most and least of the rate, and what is special."""
    narrow = [line for line in lines if not line.wide] or lines
    most, least = (choose(narrow, key=lambda line: line.average) for choose in (max, min))
    return {
        "titles": [line.title for line in lines],
        "others": 1 < len(lines) <= FEW,
        "ends": [(line.runs[0], line.average) for line in (least, most)] if most is not least else [],
        "shared": any(len(line.runs) > 1 for line in lines),
        "wide": [line.runs[0] for line in lines if line.wide],
    }
