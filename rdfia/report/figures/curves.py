"""Learning curves: small multiples by run, with bands over seeds; in a large group smaller, beside the reference."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rdfia.analyse.curves import ACCURACY, Band, Curve, curves, ends_above_reference
from rdfia.analyse.groups import Group, groups
from rdfia.report.engine.axes import above, scale_floor
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, GREEN, MUTED, ORANGE, panels
from rdfia.report.engine.registry import Curves, Numbers, Plot, figure

DETAILED = 12  # runs that are plotted one by one; a group of more has smaller panels
ACROSS = 6  # small panels in a row
POINTS, FEW = 50, 25  # epochs of a line, at most, and of one in a small panel
LETTERS = 20  # of a title that fit a small panel
LINES = {
    "train": ("train, running", BLUE),
    "frozen": ("train, frozen weights", GREEN),
    "validation": ("validation", ORANGE),
}
CROWDED = {"loss": ("frozen", "validation"), ACCURACY: ("validation",)}


@figure("{chapter}{group}_loss")
def loss(context: Context) -> Iterator[Plot]:
    """Plot the loss over the epochs, group by group."""
    return _plots(context, "loss")


@figure("{chapter}{group}_accuracy")
def accuracy(context: Context) -> Iterator[Plot]:
    """Plot the accuracy over the epochs, group by group."""
    return _plots(context, ACCURACY)


def _plots(context: Context, measure: str) -> Iterator[Plot]:
    for group in groups(context.chapter):
        if shown := curves(context.study, group, measure):
            yield _small(group, shown, measure) if len(shown) > DETAILED else _large(group, shown, measure)


def _large(group: Group, shown: Sequence[Curve], measure: str) -> Plot:
    """Plot one panel for each run."""
    plot, axes = panels(len(shown), 4, 1.75, sharey=True)
    lines = _lines(shown, LINES, POINTS)
    for axis, curve in zip(axes, shown, strict=True):
        for part, band in lines[curve.label].items():
            _line(axis, band, part)
        axis.set_title(curve.label)
        axis.set_xlabel("epoch")
    axes[0].set_ylabel(_unit(measure))
    _limit(axes[0], shown, measure)
    above(plot, *axes[0].get_legend_handles_labels())
    return Plot(plot, _facts(shown, measure), _numbers(lines), group.name, curves=_curves(shown, measure))


def _curves(shown: Sequence[Curve], measure: str) -> Curves:
    return Curves(measure, {curve.run.key: curve.label for curve in shown})


def _lines(shown: Sequence[Curve], parts: Sequence[str] | Mapping[str, Any], most: int) -> dict[str, dict[str, Band]]:
    """Return what is plotted: fewer epochs of the bands, because a page holds dozens of such figures."""
    return {curve.label: {part: curve.bands[part].thinned(most, curve.scale) for part in parts} for curve in shown}


def _line(axis: Axes, band: Band, part: str) -> None:
    """Plot a mean over seeds in its band."""
    label, colour = LINES[part]
    axis.fill_between(band.epochs, band.low, band.high, color=colour, alpha=0.2, linewidth=0)
    axis.plot(band.epochs, band.mean, color=colour, label=label)


def _unit(measure: str) -> str:
    return "accuracy (%)" if measure == ACCURACY else "loss"


def _limit(axis: Axes, shown: Sequence[Curve], measure: str) -> None:
    """Keep one run that diverges from flattening the others: the loss axis ends at three times the first loss."""
    if measure == ACCURACY:
        axis.set_ylim(0, 101)
        return
    top, start = axis.get_ylim()[1], max((curve.start for curve in shown if curve.start is not None), default=None)
    axis.set_ylim(0, top if start is None else float(np.clip(top, 1.05 * start, 3 * start)))


def _numbers(lines: Mapping[str, Mapping[str, Band]]) -> Numbers:
    """Return the bands as they are plotted, one row for each epoch."""
    rows = [
        (run, part, *map(float, values))
        for run, bands in lines.items()
        for part, band in bands.items()
        for values in zip(*band, strict=True)
    ]
    return Numbers(("run", "data", "epoch", "low", "mean", "high"), rows)


def _facts(shown: Sequence[Curve], measure: str) -> dict[str, Any]:
    """Return the run in which validation parts most from the train set, towards over-fitting."""
    sign = 1 if measure == ACCURACY else -1
    widest = max(shown, key=lambda curve: sign * curve.gap)
    facts = {"measure": measure, "labels": [curve.label for curve in shown], "small": False}
    return facts | {"widest": widest.label, "gap": sign * widest.gap, "unit": " points" if measure == ACCURACY else ""}


def _small(group: Group, shown: Sequence[Curve], measure: str) -> Plot:
    """Plot a small panel for each run, before the validation line of what it is measured against."""
    plot, axes = panels(len(shown), ACROSS, 1.2, sharex=True, sharey=True)
    references = {curve.run.name: curve for curve in shown}
    lines = _lines(shown, CROWDED[measure], FEW)
    for axis, curve in zip(axes, shown, strict=True):
        if curve.run.reference in references and curve.run.reference != curve.run.name:
            before = references[curve.run.reference].bands["validation"].thinned(FEW, curve.scale)
            axis.plot(before.epochs, before.mean, color=MUTED, linewidth=1, label="validation of the reference")
        for part, band in lines[curve.label].items():
            _line(axis, band, part)
        axis.set_title(curve.label, fontsize=min(8.5, 8.5 * LETTERS / len(curve.label)))
    _edges(axes, measure)
    if measure == ACCURACY:
        floor = _zoom(axes[0], shown)
    else:
        floor = None
        _limit(axes[0], shown, measure)
    _notes(axes, shown, floor)
    _share_ticks(axes[0])
    entries = {label: line for axis in axes for line, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    above(plot, list(entries.values()), list(entries))
    facts = _facts(shown, measure) | {"small": True, "ends": ends_above_reference(shown)}
    return Plot(plot, facts, _numbers(lines), group.name, curves=_curves(shown, measure))


def _share_ticks(axis: Axes) -> None:
    """Choose the ticks that all panels share once."""
    for along in (axis.xaxis, axis.yaxis):
        low, high = sorted(along.get_view_interval())
        along.set_ticks([tick for tick in along.get_ticklocs() if low <= tick <= high])


def _notes(axes: Sequence[Axes], shown: Sequence[Curve], floor: float | None) -> None:
    """Write what a small panel cannot show: seeds that diverged, and an end below it."""
    for axis, curve in zip(axes, shown, strict=True):
        words = [f"{curve.run.diverged} of {curve.run.declared} diverged"] if curve.run.diverged else []
        if floor is not None and curve.end is not None and curve.end < floor:
            words.append(f"ends at {curve.end:.1f} %")
        if words:
            axis.text(0.97, 0.05, "\n".join(words), transform=axis.transAxes, ha="right", color=MUTED, fontsize=8)


def _edges(axes: Sequence[Axes], measure: str) -> None:
    """Write epochs below the last panel of each column, the measure beside the first of each row."""
    for place, axis in enumerate(axes):
        axis.tick_params(labelsize=8.5)
        if place + ACROSS >= len(axes):
            axis.tick_params(labelbottom=True)
            axis.set_xlabel("epoch", fontsize=8.5)
        if place % ACROSS == 0:
            axis.set_ylabel(_unit(measure), fontsize=8.5)


def _zoom(axis: Axes, shown: Sequence[Curve]) -> float | None:
    """Zoom in to where most runs end; return where the scale begins."""
    ends = [curve.end for curve in shown if curve.end is not None]
    if not ends:
        return None
    floor = scale_floor(ends, least=1.0)
    top = max(curve.scale * float(curve.bands["validation"].high.max()) for curve in shown if curve.end is not None)
    room = max(top - floor, 1.0)
    low = floor - 0.5 * room  # some of the way up is seen too
    axis.set_ylim(low, top + 0.06 * room)
    return low
