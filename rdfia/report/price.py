"""What accuracy costs: test accuracy against training time, training FLOPs and weights, with the Pareto front."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Bbox

from rdfia.analyse.metrics import HURTS, Estimate, difference, resolve
from rdfia.analyse.results import FINISHED, ChapterResult, RunResult
from rdfia.report.engine.drawing import BLUE, MUTED, ORANGE, Drawing, finish, listed, panels

SPREAD = 3.0  # the scale begins so many times as far below the highest mean as the median lies
BACKWARD = 2  # a pass backwards costs so many passes forwards: a product for the inputs' gradient, one for the weights'
TRAINED = "training FLOPs a seed"
NAMED = 7  # labels in a panel, at most
# Where a name may stand: to the right and up of its dot, and how many pixels away
SIDES = ((-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0))
DISTANCES = (6, 14, 24)


@dataclass(frozen=True)
class Dot:
    """A run with what it costs."""

    run: RunResult
    accuracy: Estimate
    cost: float


def draw(chapter: ChapterResult) -> list[Drawing]:
    """Accuracy against each price; against FLOPs and weights only where the runs differ in their number."""
    timed = [Dot(run, at, seconds) for run, at in _done(chapter) if (seconds := seconds_a_seed(run)) is not None]
    if len(timed) < 3:
        return []
    counted = [Dot(dot.run, dot.accuracy, float(flops)) for dot in timed if (flops := flops_a_seed(dot.run))]
    sized = [Dot(dot.run, dot.accuracy, float(dot.run.parameters)) for dot in timed if dot.run.parameters]
    parts = [(timed, "training seconds a seed")]
    parts += [part for part in ((counted, TRAINED), (sized, "weights")) if _varied(part[0])]
    figure, axes = panels(len(parts), len(parts), 4.0, sharey=True)
    for axis, (dots, unit) in zip(axes, parts, strict=True):
        _panel(axis, dots, unit)
    axes[0].set_ylabel("test accuracy (%)")
    axes[0].set_ylim(*_scale(timed))
    _legend(axes[0])
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)  # names are placed where the dots will be
    for axis, (dots, _) in zip(axes, parts, strict=True):
        label(axis, dots, best(timed))
    return [finish(figure, f"{chapter.name}_price", _caption(parts), _alt(timed))]


def _done(chapter: ChapterResult) -> list[tuple[RunResult, Estimate]]:
    """The runs all of whose seeds ended well: one that diverged spent no whole training, a range test is none."""
    whole = [run for run in chapter.runs if run.status == FINISHED and not run.searching]
    return [(run, at) for run in whole if (at := run.test_accuracy) is not None]


def _varied(dots: Sequence[Dot]) -> bool:
    """Whether there is something to compare."""
    return len(dots) > 2 and len({dot.cost for dot in dots}) > 1


def seconds_a_seed(run: RunResult) -> float | None:
    """Training time without evaluation and start, divided by the number of seeds; None where it was not taken."""
    seconds = run.timing.get("training_seconds")
    return float(seconds) / run.declared if seconds and run.declared else None


def flops_a_seed(run: RunResult) -> int | None:
    """(1 + backward) · forward FLOPs of an example · examples · epochs; None where one of them is not known.

    Where training may stop early, it is not known after how many epochs a seed did.
    """
    epochs, examples = run.config.get("epochs"), run.config.get("sample") or run.card.counts.get("train")
    if not (run.flops and epochs and examples) or run.config.get("patience"):
        return None
    return (1 + BACKWARD) * run.flops * int(examples) * int(epochs)


def front(dots: Sequence[Dot]) -> list[Dot]:
    """The Pareto front, from the cheapest on: every dot that is more accurate than all that cost no more."""
    found: list[Dot] = []
    for dot in sorted(dots, key=lambda dot: (dot.cost, -dot.accuracy.mean)):
        if not found or dot.accuracy.mean > found[-1].accuracy.mean:
            found.append(dot)
    return found


def best(dots: Sequence[Dot]) -> Dot:
    """The dot with the highest validation accuracy, as the chapter chooses its best run."""
    chosen = ChapterResult("", "", tuple(dot.run for dot in dots)).best
    return next((dot for dot in dots if dot.run is chosen), front(dots)[-1])


def enough(dots: Sequence[Dot]) -> Dot:
    """The cheapest dot whose accuracy is not resolved to be below the best's."""
    goal = list(best(dots).run.test.values())
    near = [dot for dot in dots if resolve(difference(list(dot.run.test.values()), goal)) != HURTS]
    return min(near, key=lambda dot: dot.cost)


def _floor(dots: Sequence[Dot]) -> float:
    """Where the scale begins: runs that learnt little would make all the others look alike."""
    means = np.asarray([dot.accuracy.mean for dot in dots])
    high = float(means.max())
    return max(float(means.min()), high - SPREAD * (high - float(np.median(means))))


def _scale(dots: Sequence[Dot]) -> tuple[float, float]:
    """From the lowest mean above the floor to the highest, with some room at both ends."""
    shown = [dot.accuracy.mean for dot in dots if dot.accuracy.mean >= _floor(dots)]
    room = max(max(shown) - min(shown), 0.1)
    return min(shown) - 0.12 * room, max(shown) + 0.16 * room


def _panel(axis: Axes, dots: Sequence[Dot], label: str) -> None:
    """The dots with their intervals, the front as steps; what lies below the scale is a mark at its foot."""
    axis.set(xscale="log", xlabel=label)
    _ticks(axis, [dot.cost for dot in dots])
    axis.margins(x=0.18)  # names of the cheapest stand to the left of their dots
    floor, ahead = _floor(dots), front(dots)
    for dot in dots:
        low, high = dot.accuracy.low, dot.accuracy.high
        if low is not None and high is not None and dot.accuracy.mean >= floor:
            axis.plot([dot.cost, dot.cost], [low, high], color=MUTED, alpha=0.35, linewidth=1, zorder=1)
    shown = [dot for dot in dots if dot.accuracy.mean >= floor]
    axis.plot([dot.cost for dot in shown], [dot.accuracy.mean for dot in shown], "o", color=BLUE, markersize=4.5)
    far = [dot.cost for dot in dots if dot.accuracy.mean < floor]
    axis.plot(far, [0.015] * len(far), "v", color=MUTED, markersize=5, transform=axis.get_xaxis_transform())
    costs, means = [dot.cost for dot in ahead], [dot.accuracy.mean for dot in ahead]
    axis.plot(costs, means, color=ORANGE, drawstyle="steps-post", linewidth=1.2, zorder=2.5)
    axis.plot(costs, means, "o", color=ORANGE, markersize=6, zorder=3)


def _ticks(axis: Axes, costs: Sequence[float]) -> None:
    """Few labels with short numbers, as 50 T: one a decade where there are several."""
    span = max(costs) / min(costs)
    few = LogLocator(subs=(1,) if span > 20 else (1, 2, 5))
    axis.xaxis.set_major_locator(few if span > 3 else MaxNLocator(4))
    large = EngFormatter(sep=" ")
    axis.xaxis.set_major_formatter(lambda value, _: large(value) if value >= 1000 else f"{value:g}")
    axis.xaxis.set_minor_locator(NullLocator())


def _legend(axis: Axes) -> None:
    """The marks, above the panels."""
    dots = {"mean and 95 % interval": BLUE, "Pareto front: nothing cheaper is as accurate": ORANGE}
    entries = [Line2D([], [], color=colour, marker="o", markersize=5, label=label) for label, colour in dots.items()]
    axis.figure.legend(handles=entries, loc="outside upper left", ncols=len(entries))


def _named(dots: Sequence[Dot], chosen: RunResult) -> list[Dot]:
    """The dots to label, the most wanted first: the best run, both ends of the front, and what lies between."""
    ahead = front(dots)
    inner = ahead[1:-1]
    at = np.linspace(0, len(inner) - 1, min(len(inner), NAMED - 3)).round().astype(int)
    spread = [inner[i] for i in np.unique(at)]
    wanted = [*(dot for dot in dots if dot.run is chosen), ahead[0], ahead[-1], *spread]
    return list({dot.run.name: dot for dot in wanted}.values())


def label(axis: Axes, dots: Sequence[Dot], chosen: Dot) -> None:
    """Names beside dots, each at the nearest place that hides neither a dot nor another name; without one, no name."""
    taken = [Bbox.from_bounds(x - 5, y - 5, 10, 10) for x, y in (_at(axis, dot) for dot in dots)]
    for dot in _named(dots, chosen.run):
        weight = "bold" if dot.run is chosen.run else "normal"
        text = axis.annotate(
            dot.run.name, (dot.cost, dot.accuracy.mean), (0, 0), textcoords="offset pixels", fontsize=8.5,
            fontweight=weight, va="bottom", zorder=6, arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.6},
        )  # fmt: skip
        box = _room(axis, _at(axis, dot), Text.get_window_extent(text), taken)
        if box is None:
            text.remove()
            continue
        text.set_position((box.x0 - _at(axis, dot)[0], box.y0 - _at(axis, dot)[1]))
        taken.append(box.padded(4))


def _at(axis: Axes, dot: Dot) -> tuple[float, float]:
    """Where a dot lies, in pixels."""
    x, y = axis.transData.transform((dot.cost, dot.accuracy.mean))
    return float(x), float(y)


def _room(axis: Axes, at: tuple[float, float], size: Bbox, taken: Sequence[Bbox]) -> Bbox | None:
    """The first free box of a size near a place, inside the axes; above and to the left of the front is nothing."""
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


def _caption(parts: Sequence[tuple[Sequence[Dot], str]]) -> str:
    """What more accuracy costs in seconds, on which machines, and what lies below the scale."""
    dots = parts[0][0]
    top, near, cheap = best(dots), enough(dots), front(dots)[0]
    lost = sum(dot.accuracy.mean < _floor(dots) for dot in dots)
    below = f" Triangles at the foot: runs below the scale, {lost} of them." if lost else ""
    prices = listed([f"the {label}" for _, label in parts])
    return (
        f"Test accuracy of {len(dots)} runs against {prices}, on logarithmic scales. Look at where the orange "
        f"front grows flat. The best run by validation, {top.run.name} in bold, has {_told(top)}; the cheapest, "
        f"{cheap.run.name}, {_told(cheap)}. {_saving(top, near)}{_machines(dots)}{_counted(parts)}{below}"
    )


def _counted(parts: Sequence[tuple[Sequence[Dot], str]]) -> str:
    """How operations are counted."""
    told = (
        f" Training FLOPs are {1 + BACKWARD} times the forward FLOPs of an example, as a pass backwards costs "
        f"{BACKWARD} times one forwards, times examples and epochs; {{}} of these runs have a count."
    )
    return "".join(told.format(len(dots)) for dots, label in parts if label == TRAINED)


def _told(dot: Dot) -> str:
    return f"{dot.accuracy.mean:.2f} % for {dot.cost:.3g} seconds"


def _saving(top: Dot, near: Dot) -> str:
    """The cheapest run that the seeds do not tell from the best."""
    if near is top:
        return "Nothing cheaper is as good, as far as these seeds can tell."
    share = f"{top.cost / near.cost:.1f} times less"
    return f"The cheapest that the seeds do not tell from the best is {near.run.name}: {_told(near)}, {share}."


def _machines(dots: Sequence[Dot]) -> str:
    """On how many kinds of machine the seconds were taken."""
    machines = [dot.run.timing.get("machine", {}) for dot in dots]
    kinds = {tuple(machine.get(key) for key in ("processor", "device", "precision")) for machine in machines}
    return f" Seconds come from {len(kinds)} kinds of machine or precision: compare with care." * (len(kinds) > 1)


def _alt(dots: Sequence[Dot]) -> str:
    names = listed([dot.run.name for dot in front(dots)])
    return f"Scatter plot of test accuracy against training time for {len(dots)} runs; the Pareto front is {names}."
