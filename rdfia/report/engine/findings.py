"""Findings on a page: the sentence, what came of it, where it is shown, and a small figure of its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rdfia.analyse import claims
from rdfia.analyse.claims import FAILS, HOLDS
from rdfia.analyse.findings import Found
from rdfia.analyse.metrics import UNRESOLVED
from rdfia.analyse.results import ChapterResult, RunResult, Study
from rdfia.report.engine import questions
from rdfia.report.engine.blocks import Section
from rdfia.report.engine.table import Column
from rdfia.words import listed

WIDTH, EDGE = 200.0, 14.0  # of the small figure, in its own units, and what is left free at both ends
TONES = {HOLDS: "good", FAILS: "bad", UNRESOLVED: "dim"}


@dataclass(frozen=True)
class Bar:
    """The places of a small figure: the interval with its mean, what it is laid against, and published figures.

    A published figure has its place, and how far its print leaves it open to both sides.
    """

    low: float
    mean: float
    high: float
    limits: tuple[float, ...]
    limit: str  # in words
    printed: tuple[tuple[float, float], ...]
    description: str


@dataclass(frozen=True)
class Line:
    """A finding as a page shows it."""

    name: str
    before: str
    figure: str
    after: str
    verdict: str
    tone: str
    data: str
    place: str  # the run, or the group of runs, that decides it
    link: str
    bar: Bar

    @property
    def sentence(self) -> str:
        """The whole sentence."""
        return f"{self.before}{self.figure}{self.after}"


def lines(found: Sequence[Found], study: Study, sections: Sequence[Section]) -> list[Line]:
    """Return the decided findings as a page shows them; links are relative to the folder of the pages."""
    pages = {section.key: section for section in sections}
    return [_line(each, study, pages) for each in found if each.decided]


def _line(found: Found, study: Study, pages: Mapping[str, Section]) -> Line:
    decision = found.decision
    card = next(chapter.runs[0].card for chapter in study.chapters if chapter.name == found.chapter)
    there = questions.place(decision.place, study, pages)[0] if found.chapter in pages else ""
    tone = TONES[decision.verdict]
    return Line(found.name, *found.parts, verdict(found), tone, card.label, decision.place, there, bar(found))


def verdict(found: Found) -> str:
    """Return in words what came of a finding: of a claim whose it is, of published figures whether ours agree."""
    kind, finding = found.decision.verdict, found.finding
    if finding.claim:
        reports = listed(claims.read()[finding.claim].said_by)
        return f"claim of {reports}: {kind}"
    if finding.published:
        reports = listed(list(dict.fromkeys(each.report for each in found.decision.printed)))
        return f"agrees with {reports}" if kind == HOLDS else f"differs from {reports}"
    return kind if kind == UNRESOLVED else "resolved"


def bar(found: Found) -> Bar:
    """Place an interval, its limits and published figures on a line that has room for all of them."""
    decision = found.decision
    estimate = decision.estimate
    if estimate is None or estimate.low is None or estimate.high is None:
        raise ValueError(f"{found.name} is not decided")
    threshold = decision.threshold
    limits = [end for end in (threshold.ends if threshold else ()) if abs(end) != float("inf")]
    left_open = [each.number + side * each.tolerance for each in decision.printed for side in (-1, 1)]
    seen = [estimate.low, estimate.high, *limits, *left_open]
    least, unit = min(seen), (WIDTH - 2 * EDGE) / ((max(seen) - min(seen)) or 1.0)

    def place(value: float) -> float:
        return round(EDGE + (value - least) * unit, 1)

    sign = "±" if len(limits) > 1 else ""
    limit = f"{sign}{limits[-1]:g}".replace("-", "−") if limits else ""
    against = f"against {limit}" if limits else "beside the published"
    return Bar(
        low=place(estimate.low),
        mean=place(estimate.mean),
        high=place(estimate.high),
        limits=tuple(map(place, limits)),
        limit=limit,
        printed=tuple((place(each.number), round(each.tolerance * unit, 1)) for each in decision.printed),
        description=f"Our figure on a line with its interval, {against}: {decision.figure}",
    )


def standing(chapter: ChapterResult) -> str:
    """Say how good the first and the best run of a chapter are; nothing before one was evaluated."""
    first, best = chapter.runs[0], chapter.best
    if best is None:
        return ""
    count = sum(bool(run.test) for run in chapter.runs)
    said = f"`{best.name}`{f' is the best of {count} runs by validation, and' if count > 1 else ''} has {_right(best)}"
    begun = f"; `{first.name}`, the first, has {_right(first)}" if first.test and first is not best else ""
    return f"{said} of the test examples right{begun}."


def _right(run: RunResult) -> str:
    """Return the test accuracy of a run with its interval."""
    found, column = run.test_accuracy, Column("test accuracy", "%")
    return f"{column.number(found.mean)} % {column.interval(found)}".rstrip() if found else ""
