"""Accuracies and effects with their intervals, and the published figures as marks."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rdfia.analyse.metrics import HELPS, HURTS, Estimate, resolve
from rdfia.analyse.published import Published, comparable, of
from rdfia.analyse.results import ChapterResult, RunResult, Study
from rdfia.report.style import BLUE, GREEN, INK, MUTED, ORANGE, Drawing, finish, listed, panels

ROW = 0.27  # inches for one run
COLOURS = {HELPS: GREEN, HURTS: ORANGE}


def accuracies(study: Study, chapter: ChapterResult, figures: Sequence[Published]) -> list[Drawing]:
    """Test accuracy of every evaluated run, a stroke for each seed below the mean with its interval."""
    runs = [run for run in chapter.runs if run.test]
    if not runs:
        return []
    figure, (axis,) = panels(1, 1, ROW * len(runs) + 0.6)
    marked = 0
    for place, run in enumerate(runs):
        axis.plot(list(run.test.values()), [place + 0.28] * len(run.test), "|", color=MUTED, markersize=5)
        if run.test_accuracy is not None:
            _dot(axis, place, run.test_accuracy, BLUE)
        marked += _marks(axis, place, [f.number for f in _usable(study, run, figures)])
    _rows(axis, [run.name for run in runs], "test accuracy (%)")
    _legend(axis, ("mean and 95 % interval", BLUE), marked)
    return [finish(figure, f"{chapter.name}_test_accuracy", *_accuracy_words(runs, marked))]


def _accuracy_words(runs: Sequence[RunResult], marked: int) -> tuple[str, str]:
    """Caption and description of the accuracies."""
    means = {run.name: run.test_accuracy.mean for run in runs if run.test_accuracy}
    high, low = max(means, key=lambda name: means[name]), min(means, key=lambda name: means[name])
    ends = f"from {means[low]:.2f} % ({low}) to {means[high]:.2f} % ({high})"
    what = "Test accuracy, one line for each run; the small strokes below are single seeds."
    caption = f"{what} Means go {ends}. {_note(marked)}"
    return caption, f"Dot plot of the test accuracy of {len(runs)} runs, {ends}."


def forest(study: Study, chapter: ChapterResult, figures: Sequence[Published]) -> list[Drawing]:
    """Each run's difference to its reference: an effect is resolved where its interval leaves out zero."""
    found = [(run, effect) for run in chapter.runs if (effect := chapter.effect(run)) is not None]
    if not found:
        return []
    figure, (axis,) = panels(1, 1, ROW * len(found) + 0.6)
    axis.axvline(0, color=INK, linewidth=0.8)
    marked = 0
    for place, (run, effect) in enumerate(found):
        _dot(axis, place, effect, COLOURS.get(resolve(effect), MUTED))
        marked += _marks(axis, place, _published_effects(study, chapter, run, figures))
    _rows(axis, [f"{run.name} against {run.reference}" for run, _ in found], "difference in test accuracy (points)")
    _legend(axis, ("helps", GREEN), marked, ("hurts", ORANGE), ("not resolved", MUTED))
    return [finish(figure, f"{chapter.name}_effects", *_forest_words(found, marked))]


def _forest_words(found: Sequence[tuple[RunResult, Estimate]], marked: int) -> tuple[str, str]:
    """Caption and description of the effects."""
    groups = {word: [run.name for run, effect in found if resolve(effect) == word] for word in (HELPS, HURTS)}
    rest = len(found) - sum(map(len, groups.values()))
    told = f"Resolved as helping: {listed(groups[HELPS])}; as hurting: {listed(groups[HURTS])}; not resolved: {rest}."
    caption = (
        "What each run changes in test accuracy against its reference, with Welch's 95 % interval. An interval that "
        f"crosses the line at zero is noise as far as these seeds can tell. {told} {_pairs(marked)}"
    )
    return caption, f"Forest plot of {len(found)} differences in test accuracy. {told}"


def _published_effects(
    study: Study, chapter: ChapterResult, run: RunResult, figures: Sequence[Published]
) -> list[float]:
    """The differences that one report prints both ends of."""
    reference = chapter.run(run.reference)
    if reference is None:
        return []
    ours, theirs = _usable(study, run, figures), _usable(study, reference, figures)
    return [a.number - b.number for a in ours for b in theirs if a.report == b.report]


def _usable(study: Study, run: RunResult, figures: Sequence[Published]) -> list[Published]:
    """The published figures that may be drawn beside a run: the same data, no caveat."""
    right = comparable(run, study.profile)
    return [f for f in of(run, figures) if right and not f.caveat and f.dataset == run.card.stands_for]


def _dot(axis: Axes, place: int, estimate: Estimate, colour: str) -> None:
    """A mean with its interval."""
    if estimate.low is not None and estimate.high is not None:
        axis.plot([estimate.low, estimate.high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
    axis.plot([estimate.mean], [place], "o", color=colour, markersize=5)


def _marks(axis: Axes, place: int, values: Sequence[float]) -> int:
    """Published figures as hollow diamonds; how many there are."""
    axis.plot(values, [place] * len(values), "D", color=INK, markerfacecolor="none", markersize=5, markeredgewidth=1)
    return len(values)


def _rows(axis: Axes, names: Sequence[str], label: str) -> None:
    """One line for each name, the first at the top."""
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(label)


def _legend(axis: Axes, first: tuple[str, str], marked: int, *more: tuple[str, str]) -> None:
    """The legend above the plot; the published mark only where one is drawn."""
    entries = [Line2D([], [], color=colour, marker="o", markersize=5, label=label) for label, colour in (first, *more)]
    if marked:
        hollow: Any = {"color": INK, "linestyle": "", "markerfacecolor": "none"}
        entries.append(Line2D([], [], marker="D", markersize=5, label="published", **hollow))
    axis.figure.legend(handles=entries, loc="outside upper left", ncols=len(entries))


def _pairs(marked: int) -> str:
    """Why there are diamonds on the effects, or none."""
    if marked:
        return "Hollow diamonds are differences of two figures that one report prints."
    return "No report prints both ends of a difference that could be compared with one of these."


def _note(marked: int) -> str:
    """Why there are diamonds, or none."""
    if marked:
        return "Hollow diamonds are figures that the reports print."
    return "No published figure is drawn, because none can be compared with these runs."
