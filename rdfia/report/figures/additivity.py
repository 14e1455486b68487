"""Improvements by themselves, their sum, and all of them together."""

from collections.abc import Iterator

from rdfia.analyse.additivity import additivity
from rdfia.report.engine.axes import dot, effect_colour, interval_cells, legend, rows
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import GREEN, INK, MUTED, ORANGE, panels
from rdfia.report.engine.registry import Numbers, Plot, figure
from rdfia.report.tables.additivity import facts, lines

ROW = 0.3  # inches for one line


@figure("{chapter}_additive")
def additive(context: Context) -> Iterator[Plot]:
    """Plot a line for each improvement, and below these their sum, all together, and what lies between."""
    found = additivity(context.chapter)
    if found is None:
        return
    names, _, effects, _ = zip(*lines(found), strict=True)
    plot, (axis,) = panels(1, 1, ROW * len(names) + 0.6)
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.axhline(len(found.alone) - 0.5, color=MUTED, linewidth=0.8, linestyle=":")
    for place, effect in enumerate(effects):
        dot(axis, place, effect, effect_colour(effect))
    rows(axis, names, f"difference to {found.reference.name} in test accuracy (points)")
    legend(axis, {"helps, or more than the sum": GREEN, "hurts, or less": ORANGE, "not resolved": MUTED})
    numbers = [(name, *interval_cells(effect)) for name, effect in zip(names, effects, strict=True)]
    yield Plot(plot, facts(found), Numbers(("what", "effect (points)", "low", "high"), numbers))
