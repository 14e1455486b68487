"""What each schedule multiplies the learning rate by over the epochs, as small multiples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from pydantic import TypeAdapter

from rdfia.analyse.results import ChapterResult, RunResult
from rdfia.data.batches import per_epoch
from rdfia.report.curves import Floats
from rdfia.report.engine.drawing import BLUE, MUTED, Drawing, finish, listed, panels
from rdfia.train.schedule import Schedule

POINTS = 600  # of a line, at most
FEW = 8  # schedules that can be told apart in one panel
LETTERS = 24  # of a title that fit a panel
DECADES = 100.0  # a schedule whose factors lie further apart has a logarithmic scale
SCHEDULES: TypeAdapter[Schedule] = TypeAdapter(Schedule)


@dataclass(frozen=True)
class Line:
    """A schedule over the epochs, as the first of the runs that declare it for so many epochs goes through it."""

    runs: tuple[str, ...]
    epochs: Floats
    factors: Floats
    average: float  # over all steps

    @property
    def title(self) -> str:
        """The first run, and how many more."""
        return self.runs[0] + (f" +{len(self.runs) - 1}" if len(self.runs) > 1 else "")

    @property
    def wide(self) -> bool:
        """Whether the factors need a logarithmic scale: some stand above 1, and others far below them."""
        return bool(self.factors.max() > 1.05 and self.factors.max() > DECADES * self.factors.min() > 0)


def draw(chapter: ChapterResult) -> list[Drawing]:
    """One panel for each schedule of the chapter that changes the rate."""
    found = lines(chapter.runs)
    if not found:
        return []
    figure, axes = panels(len(found), min(4, len(found)), 1.6)
    for axis, line in zip(axes, found, strict=True):
        _panel(axis, line, found)
    for axis in axes[:: min(4, len(found))]:
        axis.set_ylabel("factor")
    names = listed([line.title for line in found])
    alt = f"Line charts of the factor on the learning rate by epoch for {names}."
    return [finish(figure, f"{chapter.name}_schedules", _caption(found), alt)]


def lines(runs: Sequence[RunResult]) -> list[Line]:
    """The schedules that are no constant, each once for all runs that share it and the number of epochs."""
    shared: dict[tuple[Schedule, int], list[RunResult]] = {}
    for run in runs:
        if "schedule" in run.config:
            schedule = SCHEDULES.validate_python(run.config["schedule"])
            if schedule.name != "constant" or schedule.warmup:
                shared.setdefault((schedule, run.config["epochs"]), []).append(run)
    return [_line(schedule, epochs, together) for (schedule, epochs), together in shared.items()]


def _line(schedule: Schedule, epochs: int, runs: Sequence[RunResult]) -> Line:
    """The factor at steps evenly spread over the training, first and last among them."""
    count = steps(runs[0].config["batch_size"], runs[0].card.counts)
    every = np.asarray([schedule(step, count, epochs) for step in range(count * epochs)], dtype=np.float64)
    at = np.unique(np.linspace(0, len(every) - 1, POINTS).round().astype(int))
    return Line(tuple(run.name for run in runs), at / count, every[at], float(every.mean()))


def steps(batch_size: int | str, counts: Mapping[str, int]) -> int:
    """Steps in an epoch: ⌈examples / batch size⌉, one where a batch is the whole train set."""
    return 1 if isinstance(batch_size, str) else per_epoch(counts["train"], batch_size)


def _panel(axis: Axes, line: Line, others: Sequence[Line]) -> None:
    """One schedule before those that share its scale and length, in grey, if these are few."""
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


def _caption(found: Sequence[Line]) -> str:
    """What the lines are, and which schedules spend most and least of the rate."""
    plain = [line for line in found if not line.wide] or found
    most, least = (choose(plain, key=lambda line: line.average) for choose in (max, min))
    grey = ": the blue line is the run above it, the grey ones are the others on the same scale"
    what = (
        f"The factor on the learning rate at each step, by epoch{grey if 1 < len(found) <= FEW else ''}. Look at where "
        "the rate is high and at how it ends; the mean factor says how far the steps would reach in all"
    )
    ends = (
        f", from {least.average:.2g} ({least.runs[0]}) to {most.average:.2g} ({most.runs[0]})"
        if most is not least
        else ""
    )
    shared = " A plus counts further runs with the same schedule for as many epochs." if _several(found) else ""
    scale = [line.runs[0] for line in found if line.wide]
    apart = f" The scale of {listed(scale)} is logarithmic, with a dotted line at 1." if scale else ""
    return f"{what}{ends}.{shared}{apart}"


def _several(found: Sequence[Line]) -> bool:
    return any(len(line.runs) > 1 for line in found)
