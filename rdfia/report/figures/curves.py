"""Learning curves: small multiples by run, with bands over seeds; in a large group smaller, beside the reference."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from rdfia.analyse.curves import ACCURACY, Band, Curve, curves, ends_above_reference
from rdfia.analyse.groups import Group, groups
from rdfia.report.engine.axes import scale_floor
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, GREEN, MUTED, ORANGE
from rdfia.report.engine.multiples import Multiples, Panel, Stroke
from rdfia.report.engine.registry import Curves, Numbers, Plot, figure

DETAILED = 12  # runs that are plotted one by one; a group of more has smaller panels
ACROSS = 6  # small panels in a row
POINTS, FEW = 50, 25  # epochs of a line, at most, and of one in a small panel
ROOM = 0.05  # of the range, above its highest value
LINES = {
    "train": ("train, running", BLUE),
    "frozen": ("train, frozen weights", GREEN),
    "validation": ("validation", ORANGE),
}
BEHIND = Stroke("validation of the reference", MUTED, 1.0)
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
        if shown := curves(group, measure):
            yield _small(group, shown, measure) if len(shown) > DETAILED else _large(group, shown, measure)


def _large(group: Group, shown: Sequence[Curve], measure: str) -> Plot:
    """Plot one panel for each run."""
    lines = _lines(shown, LINES, POINTS)
    panels = [Panel(curve.label, _strokes(lines[curve.label])) for curve in shown]
    scale = (0.0, 101.0) if measure == ACCURACY else (0.0, _top(panels, shown))
    plot = Multiples(panels, 4, 1.75, "epoch", _unit(measure), scale, apart=True, size=9.5)
    return Plot(plot.figure(), _facts(shown, measure), _numbers(lines), group.name, curves=_curves(shown, measure))


def _curves(shown: Sequence[Curve], measure: str) -> Curves:
    return Curves(measure, {curve.run.key: curve.label for curve in shown})


def _lines(shown: Sequence[Curve], parts: Sequence[str] | Mapping[str, Any], most: int) -> dict[str, dict[str, Band]]:
    """Return what is plotted: fewer epochs of the bands, because a page holds dozens of such figures."""
    return {curve.label: {part: curve.bands[part].thinned(most, curve.scale) for part in parts} for curve in shown}


def _strokes(bands: Mapping[str, Band]) -> list[tuple[Stroke, Band]]:
    return [(Stroke(*LINES[part]), band) for part, band in bands.items()]


def _unit(measure: str) -> str:
    return "accuracy (%)" if measure == ACCURACY else "loss"


def _top(panels: Sequence[Panel], shown: Sequence[Curve]) -> float:
    """Keep one run that diverges from flattening the others: the loss axis ends at three times the first loss."""
    values = np.concatenate([values for panel in panels for _, band in panel.lines for values in (band.low, band.high)])
    values = values[np.isfinite(values)]
    top = float(values.max() + ROOM * np.ptp(values)) if len(values) else 1.0
    start = max((curve.start for curve in shown if curve.start is not None), default=None)
    return top if start is None else float(np.clip(top, 1.05 * start, 3 * start))


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
    references = {curve.run.name: curve for curve in shown}
    lines = _lines(shown, CROWDED[measure], FEW)
    zoom = _zoom(shown) if measure == ACCURACY else None
    panels = []
    for curve in shown:
        before = references.get(curve.run.reference)
        behind = [(BEHIND, _mean(before))] if before and before is not curve else []
        panels.append(Panel(curve.label, [*behind, *_strokes(lines[curve.label])], _note(curve, zoom)))
    scale = zoom or ((0.0, 101.0) if measure == ACCURACY else (0.0, _top(panels, shown)))
    plot = Multiples(panels, ACROSS, 1.2, "epoch", _unit(measure), scale, apart=False, size=8.5)
    facts = _facts(shown, measure) | {"small": True, "ends": ends_above_reference(shown)}
    return Plot(plot.figure(), facts, _numbers(lines), group.name, curves=_curves(shown, measure))


def _mean(curve: Curve) -> Band:
    """Return the mean of validation as a band without width."""
    band = curve.bands["validation"].thinned(FEW, curve.scale)
    return Band(band.epochs, band.mean, band.mean, band.mean)


def _note(curve: Curve, zoom: tuple[float, float] | None) -> str:
    """Return what a small panel cannot show: seeds that diverged, and an end below it."""
    words = [f"{curve.run.diverged} of {curve.run.declared} diverged"] if curve.run.diverged else []
    if zoom and curve.end is not None and curve.end < zoom[0]:
        words.append(f"ends at {curve.end:.1f} %")
    return "\n".join(words)


def _zoom(shown: Sequence[Curve]) -> tuple[float, float] | None:
    """Return a scale of where most runs end, with some of the way up."""
    ends = [curve.end for curve in shown if curve.end is not None]
    if not ends:
        return None
    floor = scale_floor(ends, least=1.0)
    top = max(curve.scale * float(curve.bands["validation"].high.max()) for curve in shown if curve.end is not None)
    room = max(top - floor, 1.0)
    return floor - 0.5 * room, top + 0.06 * room
