"""Accuracies and effects with their intervals, published figures as marks; group by group in a large chapter."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from matplotlib.axes import Axes

from rdfia.analyse.effects import Labelled, compared, correction, evaluated, published_effects, resolved
from rdfia.analyse.groups import CROWDED, Group, table_groups
from rdfia.analyse.metrics import Estimate
from rdfia.analyse.published import comparable_figures
from rdfia.analyse.results import RunResult, accuracy
from rdfia.report.engine.axes import dot, effect_colour, interval_cells, legend, published_mark, rows, scale_floor
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, GREEN, INK, MUTED, ORANGE, PAGE, panels
from rdfia.report.engine.registry import Numbers, Plot, figure

ROW = 0.27  # inches for one run
WIDE = 1.5  # times the distance of the means that an interval may reach beyond them
MANY = 8  # runs of which one far below the others would squeeze the rest
Marks = Sequence[Sequence[float]]  # the published figures of each row


@figure("{chapter}_test_accuracy")
def test_accuracy(context: Context) -> Iterable[Plot]:
    """Plot the test accuracy of every evaluated run of a chapter that is not crowded."""
    return () if _crowded(context) else _accuracies(context)


@figure("{chapter}_accuracies{group}")
def accuracies(context: Context) -> Iterable[Plot]:
    """Plot the test accuracy of every evaluated run of a crowded chapter, group by group."""
    return _accuracies(context) if _crowded(context) else ()


def _crowded(context: Context) -> bool:
    return len(context.chapter.runs) > CROWDED


def _accuracies(context: Context) -> Iterator[Plot]:
    """Plot a line for each run: a stroke for each seed below the mean with its interval."""
    for group in table_groups(context.chapter):
        if runs := evaluated(context.chapter, group):
            yield _accuracy_plot(context, group, runs)


def _accuracy_plot(context: Context, group: Group, runs: Labelled) -> Plot:
    plot, (axis,) = panels(1, 1, ROW * len(runs) + 0.6)
    seeds = [list(run.test.values()) for run, _ in runs]
    means = [run.test_accuracy or accuracy(values) for (run, _), values in zip(runs, seeds, strict=True)]
    marks = [[f.number for f in comparable_figures(context.study, run, context.printed)] for run, _ in runs]
    for place, (values, estimate) in enumerate(zip(seeds, means, strict=True)):
        axis.plot(values, [place + 0.28] * len(values), "|", color=MUTED, markersize=5)
        dot(axis, place, estimate, BLUE)
    labels = [label for _, label in runs]
    beyond = _finish(axis, labels, means, [BLUE] * len(runs), marks, "test accuracy (%)")
    published = any(marks)
    legend(axis, {"mean and 95 % interval": BLUE}, *([published_mark()] if published else []))
    ends = [(label, estimate.mean) for label, estimate in zip(labels, means, strict=True)]
    low, high = (choose(ends, key=itemgetter(1)) for choose in (min, max))
    facts = {"count": len(runs), "published": published, "beyond": beyond, "lowest": low, "highest": high}
    return Plot(plot, facts, _numbers("test accuracy (%)", labels, means, marks), group.name)


def _numbers(what: str, labels: Sequence[str], estimates: Sequence[Estimate], marks: Marks) -> Numbers:
    published = ("; ".join(f"{value:g}" for value in values) for values in marks)
    lines = zip(labels, estimates, published, strict=True)
    return Numbers(("run", what, "low", "high", "published"), [(run, *interval_cells(e), p) for run, e, p in lines])


@figure("{chapter}_effects{group}")
def effects(context: Context) -> Iterator[Plot]:
    """Plot each run's difference to its reference: an effect is resolved where its interval leaves out zero."""
    for group in table_groups(context.chapter):
        if effects := compared(context.chapter, group):
            yield _effect_plot(context, group, effects)


def _effect_plot(context: Context, group: Group, effects: Sequence[tuple[RunResult, str, Estimate]]) -> Plot:
    """Plot one line for each effect; where all have one reference, it stands below the axis."""
    plot, (axis,) = panels(1, 1, ROW * len(effects) + 0.6)
    axis.axvline(0, color=INK, linewidth=0.8)
    runs, labels, differences = zip(*effects, strict=True)
    colours = [effect_colour(effect) for effect in differences]
    for place, (effect, colour) in enumerate(zip(differences, colours, strict=True)):
        dot(axis, place, effect, colour)
    marks = [published_effects(context.study, context.chapter, run, context.printed) for run in runs]
    references = {run.reference for run in runs}
    to = f" to {runs[0].reference} in" if len(references) == 1 else " in"
    names = labels if len(references) == 1 else [f"{label} against {run.reference}" for run, label, _ in effects]
    beyond = _finish(axis, names, differences, colours, marks, f"difference{to} test accuracy (points)", (0.0,))
    kinds = {"helps": GREEN, "hurts": ORANGE, "not resolved": MUTED}
    legend(axis, kinds, *([published_mark()] if any(marks) else []))
    facts = {
        "count": len(effects),
        "published": any(marks),
        "beyond": beyond,
        "correction": correction(context.chapter, runs),
        "resolved": resolved(list(zip(labels, differences, strict=True))),
    }
    return Plot(plot, facts, _numbers("difference in test accuracy (points)", names, differences, marks), group.name)


def _finish(
    axis: Axes,
    names: Sequence[str],
    estimates: Sequence[Estimate],
    colours: Sequence[str],
    marks: Marks,
    label: str,
    centres: Sequence[float] = (),
) -> int:
    """Plot published figures as hollow diamonds, name the lines and zoom in; return how many means lie beyond."""
    for place, values in enumerate(marks):
        look: Any = {"color": INK, "markerfacecolor": "none", "markersize": 5, "markeredgewidth": 1}
        axis.plot(values, [place] * len(values), "D", **look)
    rows(axis, names, label)
    return zoom(axis, estimates, colours, [*centres, *chain.from_iterable(marks)])


def zoom(axis: Axes, estimates: Sequence[Estimate], colours: Sequence[str], marks: Sequence[float]) -> int:
    """Zoom in where few runs lie far below the others: arrows with their values; return how many there are.

    Intervals many times as wide as the means lie apart do not set the limits either: they leave the drawing.
    """
    means = [estimate.mean for estimate in estimates]
    floor = scale_floor(means) if len(means) >= MANY else min(means)
    if 4 * sum(mean < floor for mean in means) > len(means):  # these are no exceptions
        return 0
    near = [estimate for estimate in estimates if estimate.mean >= floor]
    centres = [*(estimate.mean for estimate in near), *marks]
    reach = WIDE * max(max(centres) - min(centres), 1.0)
    ends = [end for e in near for end in (e.low, e.high) if end is not None] + centres
    low, high = max(min(ends), min(centres) - reach), min(max(ends), max(centres) + reach)
    if len(near) < len(means) or (low, high) != (min(ends), max(ends)):
        axis.set_xlim(low - 0.12 * (high - low), high + 0.04 * (high - low))
    far = [place for place, mean in enumerate(means) if mean < min(floor, axis.get_xlim()[0])]
    for place in far:
        at: Any = {"transform": axis.get_yaxis_transform(), "color": colours[place]}
        axis.plot([0.01], [place], "<", markersize=5, **at)
        box: Any = {"facecolor": PAGE, "edgecolor": "none", "pad": 1}  # the interval runs beneath
        axis.text(0.02, place, f"{means[place]:.1f}", va="center", fontsize=8.5, bbox=box, zorder=4, **at)
    return len(far)
