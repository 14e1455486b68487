"""The learning-rate range test: the loss while the rate rises step by step, and the rates that the runs train with."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from rdfia.analyse.range_test import RangeTest, geometric_mean, range_tests, rates_in_use
from rdfia.report.engine.axes import above
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, GREEN, INK, ORANGE, panels
from rdfia.report.engine.registry import Numbers, Plot, figure


@figure("{chapter}_range_test")
def range_test(context: Context) -> Iterator[Plot]:
    """Plot one panel for each range test of the chapter."""
    tests = range_tests(context.chapter, context.probes)
    if not tests:
        return
    plot, axes = panels(len(tests), min(2, len(tests)), 3.4)
    rates = [rates_in_use(context.chapter, test.run) for test in tests]
    for axis, test, used in zip(axes, tests, rates, strict=True):
        _panel(axis, test, used)
        axis.set_title(test.run.name)
    axes[0].set_ylabel("train loss of a step")
    above(plot, *axes[0].get_legend_handles_labels())
    facts = {
        "windows": sorted({str(test.window) for test in tests}),
        "tests": [_facts(test, used) for test, used in zip(tests, rates, strict=True)],
    }
    yield Plot(plot, facts, _numbers(tests))


def _numbers(tests: Sequence[RangeTest]) -> Numbers:
    rows = [
        (test.run.name, seed, float(rate), float(loss))
        for test in tests
        for seed, line in enumerate(test.lines)
        for rate, loss in zip(*line, strict=True)
    ]
    return Numbers(("run", "seed", "learning rate", "smoothed train loss"), rows)


def _facts(test: RangeTest, used: Mapping[str, float]) -> dict[str, Any]:
    """Return what the seeds suggest, and how far from it the runs train."""
    suggested = test.suggested
    facts = {"run": test.run.name, "seeds": len(test.rates), "suggested": suggested, "used": used}
    return facts | {"middle": geometric_mean(suggested) if suggested else None}


def _panel(axis: Axes, test: RangeTest, used: Mapping[str, float]) -> None:
    """Plot a thin line for each seed; the suggested rate with its range."""
    for place, (rates, loss) in enumerate(test.lines):
        label = "one seed, smoothed" if place == 0 else None
        axis.plot(rates, loss, color=BLUE, linewidth=0.9, alpha=0.8, label=label)
    axis.set(xscale="log", xlabel="learning rate")
    losses = [loss for _, loss in test.lines if len(loss)]
    if losses:
        start, least = max(loss[0] for loss in losses), min(loss.min() for loss in losses)
        room = max(start - least, 0.05)
        axis.set_ylim(least - 0.25 * room, start + 0.5 * room)  # what diverges leaves the drawing
    suggested = test.suggested
    if suggested:
        axis.axvspan(min(suggested), max(suggested), color=ORANGE, alpha=0.18, linewidth=0)
        middle = geometric_mean(suggested)
        axis.axvline(middle, color=ORANGE, linewidth=1.6, label="suggested, and its range over seeds")
    _ticks(axis, used)


def _ticks(axis: Axes, used: Mapping[str, float]) -> None:
    """Plot what the runs use as ticks at the foot, named to the left, where no rate has lowered the loss yet."""
    look: Any = {"linewidth": 2.6, "transform": axis.get_xaxis_transform(), "solid_capstyle": "butt"}
    marks = [
        axis.plot([rate, rate], [0, 0.14 - 0.05 * place], color=colour, zorder=3 + place, **look)[0]
        for place, (rate, colour) in enumerate(zip(used.values(), (GREEN, INK), strict=False))
    ]
    if marks:
        names = [f"{label}: {rate:g}" for label, rate in used.items()]
        axis.legend(marks, names, loc="lower left", title="ticks: the runs train with", alignment="left", fontsize=8.5)
