"""The chain of a chapter: each run adds one thing to the run before it, up to where the published reports end."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes

from rdfia.analyse.chain import longest_chain, published_chains
from rdfia.analyse.effects import correction, resolved
from rdfia.analyse.metrics import Estimate, resolve
from rdfia.analyse.results import FINISHED, RunResult
from rdfia.report.engine.axes import above, error_bar, interval_cells
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, GREEN, INK, MUTED, ORANGE, PAGE, PINK, panels
from rdfia.report.engine.registry import Numbers, Plot, figure
from rdfia.report.tables.chapter import status

STEPS = 4  # runs that make a chain, at least
LETTERS = 110  # of the labels below all steps, in one line
Line = Mapping[int, float]  # the published figures of one report, by step
MARKS = (("D", ORANGE), ("s", GREEN), ("^", PINK), ("v", INK), ("P", MUTED))


@figure("{chapter}_chain")
def chain(context: Context) -> Iterator[Plot]:
    """Plot the accuracy at each step of the chapter's longest chain, the published chains beside it."""
    steps = longest_chain(context.chapter)
    done = {
        place: accuracy
        for place, run in enumerate(steps)
        if run.status == FINISHED and (accuracy := run.test_accuracy) is not None
    }
    if len(done) < STEPS:
        return
    plot, (axis,) = panels(1, 1, 3.8)
    theirs = published_chains(context.study, steps, context.printed)
    for (report, line), (marker, colour) in zip(theirs.items(), MARKS, strict=False):
        look: Any = {"color": colour, "marker": marker, "markerfacecolor": "none", "markersize": 6.5, "linewidth": 0.8}
        axis.plot(list(line), list(line.values()), label=report, **look)
    _ours(axis, done)
    _labels(axis, steps)
    above(plot, *axis.get_legend_handles_labels())
    columns = ("run", "test accuracy (%)", "low", "high", *theirs)
    lines = [(steps[at].name, *interval_cells(done[at]), *(line.get(at) for line in theirs.values())) for at in done]
    yield Plot(plot, _facts(context, steps, done, theirs), Numbers(columns, lines))


def _ours(axis: Axes, done: Mapping[int, Estimate]) -> None:
    """Plot means with their intervals, and the mean as a number."""
    means = [estimate.mean for estimate in done.values()]
    axis.plot(list(done), means, "o-", color=BLUE, markersize=6, linewidth=1.8, label="ours", zorder=4)
    for place, at in done.items():
        error_bar(axis, place, at, color=BLUE, linewidth=2.4, zorder=4)
        axis.annotate(
            f"{at.mean:.1f}", (place, at.high or at.mean), (0, 6), textcoords="offset points", ha="center", color=BLUE,
            fontweight="bold", zorder=5, bbox={"facecolor": PAGE, "edgecolor": "none", "pad": 0.8, "alpha": 0.8},
        )  # fmt: skip


def _labels(axis: Axes, steps: Sequence[RunResult]) -> None:
    """Write what each step is below it; a run that did not end well shows its status."""
    titles = [(run.title or run.name) + ("" if run.status == FINISHED else f" ({status(run)})") for run in steps]
    axis.set_xticks(range(len(steps)), [fill(title, LETTERS // len(steps)) for title in titles])
    axis.set_xlim(-0.4, len(steps) - 0.6)
    axis.margins(y=0.12)
    axis.set_ylabel("test accuracy (%)")


def _facts(
    context: Context, steps: Sequence[RunResult], done: Mapping[int, Estimate], theirs: Mapping[str, Line]
) -> dict[str, Any]:
    """Return from where to where the chain goes, which steps are resolved, and how far the published ones go."""
    effects = [(run, effect) for run in steps[1:] if (effect := context.chapter.effect(run)) is not None]
    run, gain = max(effects, key=lambda each: each[1].mean, default=(None, None))
    return {
        "steps": [step.name for step in steps],
        "ends": [(steps[place].name, done[place].mean) for place in (min(done), max(done))],
        "largest": {"run": run.name, "gain": gain.mean, "verdict": resolve(gain)} if run and gain else None,
        "resolved": resolved([(step.name, effect) for step, effect in effects]),
        "correction": correction(context.chapter, [step for step, _ in effects]) if effects else None,
        "published": {report: list(line.values()) for report, line in theirs.items()},
    }
