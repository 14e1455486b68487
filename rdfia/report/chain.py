"""The chain of a chapter: each run adds one thing to the run before it, up to where the published reports end."""

from collections import Counter
from collections.abc import Mapping, Sequence
from textwrap import fill

from matplotlib.axes import Axes

from rdfia.analyse.metrics import resolve
from rdfia.analyse.published import Published, comparable_figures
from rdfia.analyse.results import FINISHED, ChapterResult, RunResult, Study
from rdfia.report.contents import status
from rdfia.report.effects import corrected, resolved
from rdfia.report.engine.drawing import BLUE, GREEN, INK, MUTED, ORANGE, PAGE, PINK, Drawing, finish, listed, panels

STEPS = 4  # runs that make a chain, at least
LETTERS = 110  # of the labels below all steps, in one line
MARKS = (("D", ORANGE), ("s", GREEN), ("^", PINK), ("v", INK), ("P", MUTED))
Line = Mapping[int, float]  # the published figures of one report, by the step that they repeat


def draw(study: Study, chapter: ChapterResult, figures: Sequence[Published]) -> list[Drawing]:
    """Accuracy at each step of the chapter's longest chain, the published chains beside it."""
    steps = path(chapter)
    done = [place for place, run in enumerate(steps) if run.status == FINISHED and run.test]
    if len(done) < STEPS:
        return []
    figure, (axis,) = panels(1, 1, 3.8)
    theirs = published(study, steps, figures)
    for (report, line), (marker, colour) in zip(theirs.items(), MARKS, strict=False):
        look = {"color": colour, "marker": marker, "markerfacecolor": "none", "markersize": 6.5, "linewidth": 0.8}
        axis.plot(list(line), list(line.values()), label=report, **look)  # type: ignore[arg-type]
    _ours(axis, steps, done)
    _labels(axis, steps)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside upper left", ncols=len(theirs) + 1)
    alt = f"Line chart of the test accuracy at {len(steps)} steps: {listed([run.name for run in steps])}."
    return [finish(figure, f"{chapter.name}_chain", _caption(chapter, steps, done, theirs), alt)]


def path(chapter: ChapterResult) -> list[RunResult]:
    """From the first run along references to the end of the longest chain; of equally long ones that declared first.

    A run with others of its group beside it, measured against the same run, is a variant and ends no chain.
    """
    beside = Counter((run.group, run.reference) for run in chapter.runs if run.group)
    ends = [run for run in chapter.runs if not run.searching and beside[run.group, run.reference] < 2]
    return max((_back(chapter, run) for run in ends), key=len, default=[])


def _back(chapter: ChapterResult, run: RunResult) -> list[RunResult]:
    """The run and all that it builds on, the chapter's first run in front; nothing where references lead elsewhere."""
    steps = [run]
    while steps[-1] is not chapter.runs[0]:
        before = chapter.run(steps[-1].reference)
        if before is None or before in steps:
            return []
        steps.append(before)
    return steps[::-1]


def published(study: Study, steps: Sequence[RunResult], figures: Sequence[Published]) -> dict[str, Line]:
    """The figures of each report that may stand beside ours; the last one printed for a step is the report's own."""
    lines: dict[str, dict[int, float]] = {}
    for place, run in enumerate(steps):
        for figure in comparable_figures(study, run, figures):
            lines.setdefault(figure.report, {})[place] = figure.number
    return dict(sorted(lines.items()))


def _ours(axis: Axes, steps: Sequence[RunResult], done: Sequence[int]) -> None:
    """Means with their intervals, and the mean as a number."""
    found = [(place, at) for place in done if (at := steps[place].test_accuracy) is not None]
    means = [at.mean for _, at in found]
    axis.plot(
        [place for place, _ in found], means, "o-", color=BLUE, markersize=6, linewidth=1.8, label="ours", zorder=4
    )
    for place, at in found:
        if at.low is not None and at.high is not None:
            axis.plot([place, place], [at.low, at.high], color=BLUE, linewidth=2.4, zorder=4)
        axis.annotate(
            f"{at.mean:.1f}", (place, at.high or at.mean), (0, 6), textcoords="offset points", ha="center", color=BLUE,
            fontweight="bold", zorder=5, bbox={"facecolor": PAGE, "edgecolor": "none", "pad": 0.8, "alpha": 0.8},
        )  # fmt: skip


def _labels(axis: Axes, steps: Sequence[RunResult]) -> None:
    """What each step is, below it; a run that did not end well says so."""
    width = LETTERS // len(steps)
    said = [run.title or run.name for run in steps]
    said = [
        text if run.status == FINISHED else f"{text} ({status(run)})" for text, run in zip(said, steps, strict=True)
    ]
    axis.set_xticks(range(len(steps)), [fill(text, width) for text in said])
    axis.set_xlim(-0.4, len(steps) - 0.6)
    axis.margins(y=0.12)
    axis.set_ylabel("test accuracy (%)")


def _caption(
    chapter: ChapterResult, steps: Sequence[RunResult], done: Sequence[int], theirs: Mapping[str, Line]
) -> str:
    """From where to where the chain goes, which steps are resolved, and how the published ones go."""
    first, last = (steps[place] for place in (done[0], done[-1]))
    start, end = (run.test_accuracy.mean if run.test_accuracy else 0.0 for run in (first, last))
    effects = [(run, effect) for run in steps[1:] if (effect := chapter.effect(run)) is not None]
    most, gain = max(effects, key=lambda each: each[1].mean) if effects else (last, None)
    look = f" Look at the largest step, {most.name}: {gain.mean:+.2f} points, {resolve(gain)}." if gain else ""
    apart = corrected([chapter.comparisons(run) for run, _ in effects]) if effects else ""
    told = resolved([(run.name, effect) for run, effect in effects])
    return (
        f"Test accuracy of a chain of {len(steps)} runs, each with one thing more than the run before it; means with "
        f"their 95 % intervals, from {start:.2f} % ({first.name}) to {end:.2f} % ({last.name}).{look} {told} A step is "
        f"judged by Welch's interval of the difference{apart}. {_beside(theirs)}"
    )


def _beside(theirs: Mapping[str, Line]) -> str:
    """How far each report's chain goes."""
    if not theirs:
        return "No published figure is drawn, because none can be compared with these runs."
    ends = [f"{report} {_span(list(line.values()))}" for report, line in theirs.items()]
    return f"Hollow marks are figures that the reports print, one run each: {listed(ends)}."


def _span(values: Sequence[float]) -> str:
    return f"from {values[0]:g} to {values[-1]:g} %" if len(values) > 1 else f"{values[0]:g} % alone"
