"""The figures that five course reports print, and whether ours agree with them.

A published figure is one run of somebody else. So it is laid against the range in which one new run of ours would
fall (`metrics.prediction`), widened by what the printed figure leaves open: half a unit of its last digit, and one
point more where the report says "about". Where the published points are lost and ours are another draw of them, the
two test sets differ by chance, and the range is wider by that.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from pathlib import Path

from rdfia.analyse.metrics import Estimate, prediction
from rdfia.analyse.results import DIVERGED, FINISHED, LEFT_OUT, NOT_RUN, PERCENT, ChapterResult, RunResult, Study

SOURCE = Path(__file__).with_name("published.csv")
AGREES, DIFFERS, INCOMPARABLE = "agrees", "differs", "cannot be compared"
NO_RUN, NOTHING = "no run yet", "no published figure"
ABOUT = 1.0  # points that "about" leaves open
QUICK = "quick"
DRAWN = {"circles": 200}  # data sets that each study draws anew, with the size of the published test set


@dataclass(frozen=True)
class Published:
    """One printed figure, the run of ours that repeats it, and why the two may not be comparable after all."""

    report: str
    part: str
    experiment: str
    dataset: str
    settings: str
    metric: str
    value: str
    note: str
    run: str
    caveat: str

    @property
    def number(self) -> float:
        """The figure in percent."""
        return float(self.value)

    @property
    def tolerance(self) -> float:
        """What the print leaves open, in points: half a unit of the last digit, and a point for "about"."""
        decimals = len(self.value.partition(".")[2])
        return 0.5 * 10.0**-decimals + (ABOUT if "about" in self.note else 0.0)


@dataclass(frozen=True)
class Verdict:
    """What one published figure says about one run of ours; `points` is ours minus the published."""

    published: Published
    kind: str
    reason: str = ""
    points: float = 0.0

    def __str__(self) -> str:
        if self.kind == DIFFERS:
            return f"differs by {self.points:+.1f} points"
        return f"{self.kind}: {self.reason}" if self.reason else self.kind


def read(path: Path = SOURCE) -> tuple[Published, ...]:
    """All published figures, in the order of the file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return tuple(Published(**row) for row in csv.DictReader(lines))


def of(run: RunResult, figures: Iterable[Published]) -> tuple[Published, ...]:
    """The figures that `run` repeats."""
    return tuple(figure for figure in figures if figure.run == run.key)


def obstacle(figure: Published, run: RunResult, profile: str) -> str:
    """Why the two cannot be compared, empty if they can."""
    if run.status == LEFT_OUT:
        return "this profile leaves our run out"
    if run.status == NOT_RUN:
        return "our run has no results"
    if run.status == DIVERGED:
        return f"{run.diverged} of {run.declared} seeds diverged"
    if run.card.stands_for != figure.dataset:
        return f"ours is on {'stand-in' if run.card.stands_for is None else 'other'} data, {run.card.label}"
    if profile == QUICK:
        return "the quick profile is not made for comparison"
    if figure.caveat:
        return figure.caveat
    return "one seed gives no interval" if len(run.test) < 2 else ""


def judge(figure: Published, run: RunResult | None, profile: str) -> Verdict:
    """The verdict on one figure: inside the range of one new run of ours, widened by its own tolerance, or not."""
    if run is None:
        return Verdict(figure, NO_RUN)
    reason = obstacle(figure, run, profile)
    if reason:
        return Verdict(figure, INCOMPARABLE, reason)
    span = prediction(list(run.test.values()))
    inside = _inside(figure, span, _sampling(figure, span.mean, run.card.counts.get("test")))
    return Verdict(figure, AGREES if inside else DIFFERS, points=span.mean - figure.number)


def _sampling(figure: Published, accuracy: float, tested: int | None) -> float:
    """How far two test sets of the same kind part by chance, 1.96 √(p (1 - p) (1/n + 1/m)), in points."""
    if figure.dataset not in DRAWN or not tested:
        return 0.0
    share = accuracy / PERCENT
    return PERCENT * 1.96 * sqrt(share * (1 - share) * (1 / DRAWN[figure.dataset] + 1 / tested))


def _inside(figure: Published, span: Estimate, sampling: float) -> bool:
    """Whether the range, with the chance of the test sets, and the figure's own tolerance meet."""
    if span.high is None:
        return False
    return abs(figure.number - span.mean) <= hypot(span.high - span.mean, sampling) + figure.tolerance


def verdicts(study: Study, figures: Sequence[Published]) -> tuple[Verdict, ...]:
    """A verdict for every figure in order."""
    return tuple(judge(figure, study.run(figure.run) if figure.run else None, study.profile) for figure in figures)


def joined(found: Sequence[Verdict]) -> str:
    """All verdicts on one run as one sentence."""
    if not found:
        return NOTHING
    reports = [verdict.published.report for verdict in found]
    groups: dict[str, list[str]] = defaultdict(list)
    for kind in (AGREES, DIFFERS, INCOMPARABLE):
        for verdict in (v for v in found if v.kind == kind):
            report = verdict.published.report
            name = report if reports.count(report) == 1 else f"{report} ({verdict.published.value})"
            _place(groups, verdict, name)
    alone = len(groups) == 1 and next(iter(groups)).startswith(INCOMPARABLE)
    return next(iter(groups)) if alone else "; ".join(_clause(head, names) for head, names in groups.items())


def _place(groups: dict[str, list[str]], verdict: Verdict, name: str) -> None:
    """Put a verdict under the words that it shares with others."""
    if verdict.kind == DIFFERS:
        groups["differs from"].append(f"{name} by {verdict.points:+.1f} points")
    elif verdict.kind == AGREES:
        groups["agrees with"].append(name)
    else:
        groups[str(verdict)].append(name)


def _clause(head: str, names: Sequence[str]) -> str:
    """One part of the sentence: "agrees with R2022 and R2026"."""
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{listed} {head}" if head.startswith(INCOMPARABLE) else f"{head} {listed}"


def comparable(run: RunResult, profile: str) -> bool:
    """Whether the run is on published data, under a profile that may claim agreement."""
    return run.status == FINISHED and run.card.stands_for is not None and profile != QUICK


def comparable_figures(study: Study, run: RunResult, figures: Iterable[Published]) -> list[Published]:
    """Return the published figures that may stand beside a run: the same data, no caveat."""
    right = comparable(run, study.profile)
    return [f for f in of(run, figures) if right and not f.caveat and f.dataset == run.card.stands_for]


def published_effects(
    study: Study, chapter: ChapterResult, run: RunResult, figures: Sequence[Published]
) -> list[float]:
    """Return the differences of a run to its reference that one report prints both ends of."""
    reference = chapter.run(run.reference)
    if reference is None:
        return []
    ours, theirs = (comparable_figures(study, each, figures) for each in (run, reference))
    return [a.number - b.number for a in ours for b in theirs if a.report == b.report]
