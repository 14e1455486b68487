"""Accuracies and effects with their intervals, published figures as marks; group by group in a large chapter."""

from collections.abc import Sequence
from itertools import chain
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rdfia.analyse.groups import Group
from rdfia.analyse.metrics import HELPS, HURTS, LEVEL, Estimate, interval, resolve, shared
from rdfia.analyse.published import Published, comparable_figures
from rdfia.analyse.results import PERCENT, ChapterResult, RunResult, Study
from rdfia.report import grouped
from rdfia.report.engine.drawing import BLUE, GREEN, INK, MUTED, ORANGE, PAGE, Drawing, finish, listed, panels

ROW = 0.27  # inches for one run
WIDE = 1.5  # times the distance of the means that an interval may reach beyond them
MANY, SPREAD = (
    8,
    3.0,
)  # of so many runs, one so many times as far below the highest as the median would squeeze the rest
COLOURS = {HELPS: GREEN, HURTS: ORANGE}
Named = Sequence[tuple[RunResult, str]]  # a run and what it is called here
Found = Sequence[tuple[RunResult, str, Estimate]]  # its effect too


def accuracies(study: Study, chapter: ChapterResult, figures: Sequence[Published]) -> list[Drawing]:
    """Test accuracy of every evaluated run, a stroke for each seed below the mean with its interval."""
    kind = "accuracies" if len(chapter.runs) > grouped.CROWDED else "test_accuracy"
    parts = [(part, _evaluated(chapter, part)) for part in grouped.parts(chapter)]
    return [_accuracies(study, f"{chapter.name}_{kind}{part.suffix}", runs, figures) for part, runs in parts if runs]


def forest(study: Study, chapter: ChapterResult, figures: Sequence[Published]) -> list[Drawing]:
    """Each run's difference to its reference: an effect is resolved where its interval leaves out zero."""
    parts = [(part, _compared(chapter, part)) for part in grouped.parts(chapter)]
    return [_forest(study, chapter, part, found, figures) for part, found in parts if found]


def _evaluated(chapter: ChapterResult, part: Group) -> Named:
    """The runs that have an accuracy, none if all are references: what a search for a rate ends with is no result."""
    named = zip(part.runs, part.labels, strict=True)
    found = [(run, label) for run, label in named if run.test and not run.searching]
    whole = len(found) > 1 and any(run.group == part.name for run, _ in found)
    return found if whole or len(chapter.runs) <= grouped.CROWDED else []


def _compared(chapter: ChapterResult, part: Group) -> Found:
    """The part's own runs that have an effect: a group also shows references from elsewhere."""
    own = len(chapter.runs) <= grouped.CROWDED
    named = [each for each in zip(part.runs, part.labels, strict=True) if own or each[0].group == part.name]
    return [(run, label, effect) for run, label in named if (effect := chapter.effect(run)) is not None]


def _accuracies(study: Study, name: str, runs: Named, figures: Sequence[Published]) -> Drawing:
    """One line for each run."""
    figure, (axis,) = panels(1, 1, ROW * len(runs) + 0.6)
    marks = [[f.number for f in comparable_figures(study, run, figures)] for run, _ in runs]
    for place, (run, _) in enumerate(runs):
        axis.plot(list(run.test.values()), [place + 0.28] * len(run.test), "|", color=MUTED, markersize=5)
        dot(axis, place, interval(list(run.test.values())), BLUE)
    marked = _marks(axis, marks)
    rows(axis, [label for _, label in runs], "test accuracy (%)")
    lost = window(
        axis, [interval(list(run.test.values())) for run, _ in runs], [BLUE] * len(runs), [*chain.from_iterable(marks)]
    )
    legend(axis, ("mean and 95 % interval", BLUE), marked)
    return finish(figure, name, *_accuracy_words(runs, marked, lost))


def _accuracy_words(runs: Named, marked: int, lost: int) -> tuple[str, str]:
    """Caption and description of the accuracies."""
    means = {label: run.test_accuracy.mean for run, label in runs if run.test_accuracy}
    high, low = max(means, key=lambda name: means[name]), min(means, key=lambda name: means[name])
    ends = f"from {means[low]:.2f} % ({low}) to {means[high]:.2f} % ({high})"
    what = "Test accuracy, one line for each run; the small strokes below are single seeds."
    caption = f"{what} Means go {ends}. {_note(marked)}{_left(lost)}"
    return caption, f"Dot plot of the test accuracy of {len(runs)} runs, {ends}."


def _forest(study: Study, chapter: ChapterResult, part: Group, found: Found, figures: Sequence[Published]) -> Drawing:
    """One line for each effect; where all have one reference, it stands below the axis."""
    figure, (axis,) = panels(1, 1, ROW * len(found) + 0.6)
    axis.axvline(0, color=INK, linewidth=0.8)
    effects = [effect for *_, effect in found]
    colours = [COLOURS.get(resolve(effect), MUTED) for effect in effects]
    for place, (effect, colour) in enumerate(zip(effects, colours, strict=True)):
        dot(axis, place, effect, colour)
    marks = [_published_effects(study, chapter, run, figures) for run, *_ in found]
    marked = _marks(axis, marks)
    references = {run.reference for run, *_ in found}
    if len(references) == 1:
        to = f"difference to {references.pop()} in test accuracy (points)"
        rows(axis, [label for _, label, _ in found], to)
    else:
        names = [f"{label} against {run.reference}" for run, label, _ in found]
        rows(axis, names, "difference in test accuracy (points)")
    lost = window(axis, effects, colours, [0.0, *chain.from_iterable(marks)])
    legend(axis, ("helps", GREEN), marked, ("hurts", ORANGE), ("not resolved", MUTED))
    return finish(figure, f"{chapter.name}_effects{part.suffix}", *_forest_words(chapter, found, marked, lost))


def _forest_words(chapter: ChapterResult, found: Found, marked: int, lost: int) -> tuple[str, str]:
    """Caption and description of the effects."""
    told = resolved([(label, effect) for _, label, effect in found])
    caption = (
        f"What each run changes in test accuracy against its reference, with Welch's interval"
        f"{corrected([chapter.comparisons(run) for run, *_ in found])}. An interval that crosses the line at zero is "
        f"noise as far as these seeds can tell; one that leaves the drawing goes on. {told} "
        f"{_pairs(marked)}{_left(lost)}"
    )
    return caption, f"Forest plot of {len(found)} differences in test accuracy. {told}"


def resolved(effects: Sequence[tuple[str, Estimate]]) -> str:
    """Which effects stand out of the noise."""
    kinds = {word: [name for name, effect in effects if resolve(effect) == word] for word in (HELPS, HURTS)}
    rest = len(effects) - sum(map(len, kinds.values()))
    return f"Resolved as helping: {listed(kinds[HELPS])}; as hurting: {listed(kinds[HURTS])}; not resolved: {rest}."


def corrected(comparisons: Sequence[int]) -> str:
    """At which level intervals are drawn that hold together for all comparisons of a group (Bonferroni)."""
    most, least, whole = max(comparisons), min(comparisons), f"{PERCENT * LEVEL:g} %"
    if most < 2:
        return f" at {whole}"
    several = f"{least} to {most}" if least < most else f"{most}"
    level = f"{PERCENT * shared(most):.4g} %"
    each = f"up to {level}" if least < most else level
    return f", widened for the {several} comparisons of its group: each at {each}, so that all hold together at {whole}"


def _published_effects(
    study: Study, chapter: ChapterResult, run: RunResult, figures: Sequence[Published]
) -> list[float]:
    """The differences that one report prints both ends of."""
    reference = chapter.run(run.reference)
    if reference is None:
        return []
    ours, theirs = (comparable_figures(study, each, figures) for each in (run, reference))
    return [a.number - b.number for a in ours for b in theirs if a.report == b.report]


def dot(axis: Axes, place: int, estimate: Estimate, colour: str) -> None:
    """A mean with its interval."""
    if estimate.low is not None and estimate.high is not None:
        axis.plot([estimate.low, estimate.high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
    axis.plot([estimate.mean], [place], "o", color=colour, markersize=5)


def window(axis: Axes, estimates: Sequence[Estimate], colours: Sequence[str], marks: Sequence[float]) -> int:
    """Look closer where few runs lie far below the others: arrows with their values; how many there are.

    Nor do intervals many times as wide as the means lie apart say how far the drawing goes: they leave it.
    """
    means = [estimate.mean for estimate in estimates]
    high = max(means)
    floor = high - SPREAD * (high - median(means)) if len(means) >= MANY else min(means)
    far = [place for place, value in enumerate(means) if value < floor]
    if 4 * len(far) > len(means):  # these are no exceptions
        return 0
    near = [estimate for estimate in estimates if estimate.mean >= floor]
    centres = [*(estimate.mean for estimate in near), *marks]
    reach = WIDE * max(max(centres) - min(centres), 1.0)
    ends = [end for e in near for end in (e.low, e.high) if end is not None] + centres
    low, high = max(min(ends), min(centres) - reach), min(max(ends), max(centres) + reach)
    if far or (low, high) != (min(ends), max(ends)):
        axis.set_xlim(low - 0.12 * (high - low), high + 0.04 * (high - low))
    far = [place for place in far if means[place] < axis.get_xlim()[0]]
    for place in far:
        at: Any = {"transform": axis.get_yaxis_transform(), "color": colours[place]}
        axis.plot([0.01], [place], "<", markersize=5, **at)
        box: Any = {"facecolor": PAGE, "edgecolor": "none", "pad": 1}  # the interval runs beneath
        axis.text(0.02, place, f"{means[place]:.1f}", va="center", fontsize=8.5, bbox=box, zorder=4, **at)
    return len(far)


def _left(lost: int) -> str:
    """What the arrows are."""
    return f" Arrows at the left are means beyond the drawing, {lost} in number." if lost else ""


def _marks(axis: Axes, marks: Sequence[Sequence[float]]) -> int:
    """Published figures of each row as hollow diamonds; how many there are."""
    for place, values in enumerate(marks):
        look: Any = {"color": INK, "markerfacecolor": "none", "markersize": 5, "markeredgewidth": 1}
        axis.plot(values, [place] * len(values), "D", **look)
    return sum(map(len, marks))


def rows(axis: Axes, names: Sequence[str], label: str) -> None:
    """One line for each name, the first at the top."""
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(label)


def legend(axis: Axes, first: tuple[str, str], marked: int, *more: tuple[str, str]) -> None:
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
