"""What was found: statements that matter, and the sentence that the recorded runs make of each.

A finding is data (findings.yaml, by topic, the topics that matter most first). What decides it is a claim of the
reports, the effect of a run on its reference as its table has it, another statistic, or the published figures of a run.
Where the whole interval lies chooses the sentence, and the figures in it come from the runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from rdfia.analyse import claims, published
from rdfia.analyse.claims import FAILS, HOLDS, UNDECIDED, Threshold, marked
from rdfia.analyse.measures import Measured, UndecidableError
from rdfia.analyse.metrics import LEVEL, UNRESOLVED, Estimate
from rdfia.analyse.published import Published
from rdfia.analyse.results import Study
from rdfia.analyse.statistics import Ratio, Run, Statistic, Value, names
from rdfia.config import Config, ConfigError, nearest, parse_yaml, shorten
from rdfia.theory.written import Paragraph, validated
from rdfia.words import listed

SOURCE = Path(__file__).with_name("findings.yaml")
FIRST = 10  # how many the report's first screen has
FIELDS = {"figure", "theirs", "apart", "epochs"}  # ours with its interval, the published, their range, the run's epochs


def _filled(sentence: str) -> str:
    """Refuse a sentence without our figure, or with a field that there is not."""
    fields = {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
    if sentence.count("{figure}") != 1 or fields - FIELDS:
        raise ValueError("a sentence with {figure} once, and perhaps {theirs}, {apart} and {epochs}")
    return sentence


Sentence = Annotated[Paragraph, AfterValidator(_filled)]


class Finding(Config):
    """What decides a statement, and the sentence that is right where it holds, where it fails, and where it is open.

    `claim` is a name in claims.yaml; the `effect` of a run is its difference to its reference.
    """

    claim: str | None = None
    effect: Run | None = None
    statistic: Statistic | None = None
    published: Run | None = None
    threshold: Threshold | None = None
    holds: Sentence
    fails: Sentence
    open: Sentence

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.claim, self.effect, self.statistic, self.published]
        if sum(way is not None for way in ways) != 1:
            raise ValueError("one of claim, effect, statistic and published")
        if (self.threshold is None) == bool(self.effect or self.statistic):
            raise ValueError("a threshold beside an effect or a statistic, and beside nothing else")
        return self


class Topic(Config):
    """Findings that are read together, most important first, and what they are about."""

    about: Paragraph
    findings: Mapping[str, Finding] = Field(min_length=1)


@dataclass(frozen=True)
class Decision:
    """What the runs of a profile say of a finding: where the interval lies, or why there is none."""

    verdict: str
    place: str  # the run, or the group of runs, that decides it and is shown
    reason: str = ""
    estimate: Estimate | None = None
    threshold: Threshold | None = None
    unit: str = "points"
    signed: bool = True
    printed: tuple[Published, ...] = ()
    level: float = LEVEL
    spans: tuple[Estimate, ...] = ()  # the range that each printed figure is laid at

    @property
    def figure(self) -> str:
        """Our figure with its interval, as "+4.85 points [+2.66, +7.04]", and its level where that is another.

        Printed figures that are laid at other ranges have each its own, with their reports.
        """
        found = self.estimate
        if found is None or found.low is None or found.high is None:
            return ""
        if len(set(self.spans)) > 1:
            reports = dict[Estimate, list[str]]()
            for span, each in zip(self.spans, self.printed, strict=True):
                reports.setdefault(span, []).append(each.report)
            return listed([f"{self._written(span)} beside {listed(names)}" for span, names in reports.items()])
        return self._written(found) + marked(self.level)

    def _written(self, found: Estimate) -> str:
        sign = "+" if self.signed else ""
        return f"{found.mean:{sign}.2f} {self.unit} [{found.low:{sign}.2f}, {found.high:{sign}.2f}]"


@dataclass(frozen=True)
class Found:
    """A finding by its name and topic, with its decision."""

    topic: str
    name: str
    finding: Finding
    decision: Decision
    epochs: int | None = None  # of the run that decides it

    @property
    def decided(self) -> bool:
        """Whether the runs say anything of it."""
        return self.decision.verdict != UNDECIDED

    @property
    def chapter(self) -> str:
        """The chapter that decides it."""
        return self.decision.place.partition("/")[0]

    @property
    def parts(self) -> tuple[str, str, str]:
        """The sentence: what stands before our figure, the figure with its interval, and what stands after it."""
        words = {HOLDS: self.finding.holds, FAILS: self.finding.fails}.get(self.decision.verdict, self.finding.open)
        numbers = [each.number for each in self.decision.printed]
        reports = dict.fromkeys(each.report for each in self.decision.printed)
        values = {name: [each.written for each in self.decision.printed if each.report == name] for name in reports}
        theirs = listed([f"{listed(each)} ({name})" for name, each in values.items()])
        apart = f"{max(numbers) - min(numbers):.2f} points" if numbers else ""
        fields = {"theirs": theirs, "apart": apart, "epochs": self.epochs}
        before, after = (part.format_map(fields) for part in words.split("{figure}"))
        return before, self.decision.figure, after


def read(path: Path = SOURCE) -> dict[str, Topic]:
    """Return the topics by their title, in the order of the file."""
    return parse(parse_yaml(path.read_bytes(), path.name), path.name)


def parse(content: Any, where: str) -> dict[str, Topic]:
    """Validate the topics; a claim that a finding names is one of claims.yaml."""
    if not (isinstance(content, Mapping) and content):
        raise ConfigError(f"{where}: found {shorten(content)}, allowed: titles of topics, each with its findings")
    topics = {title: validated(Topic, entry, f"{where}: {title}") for title, entry in content.items()}
    known = claims.read()
    for title, topic in topics.items():
        for name, finding in topic.findings.items():
            if finding.claim is not None and finding.claim not in known:
                allowed = nearest(finding.claim, known)
                raise ConfigError(f"{where}: {title}.{name}.claim: found {finding.claim!r}, allowed: {allowed}")
    return topics


def decide(topics: Mapping[str, Topic], study: Study) -> tuple[Found, ...]:
    """Return what the recorded runs say of each finding, in the order of the file."""
    known, figures, of_reports = Measured(study), published.read(), claims.read()
    found = []
    for title, topic in topics.items():
        for name, finding in topic.findings.items():
            if finding.claim:
                decision = _of_claim(finding.claim, of_reports[finding.claim], study)
            elif finding.published:
                decision = _of_published(finding.published, study, figures)
            else:
                decision = _of_runs(finding, known)
            run = study.run(decision.place)
            found.append(Found(title, name, finding, decision, run.config.get("epochs") if run else None))
    return tuple(found)


def first(found: Sequence[Found], most: int = FIRST) -> list[Found]:
    """Return the findings that matter most: of each topic the first, then the second of each; open ones come last."""
    topics = dict.fromkeys(each.topic for each in found)
    decided = [[each for each in found if each.topic == topic and each.decided] for topic in topics]
    turns = chain.from_iterable(zip_longest(*decided))
    return sorted(filter(None, turns), key=lambda each: each.decision.verdict == UNRESOLVED)[:most]


def _of_claim(name: str, claim: claims.Claim, study: Study) -> Decision:
    (outcome,) = claims.decide({name: claim}, study)
    reason = f"{claim.names[0]}: {outcome.reason}" if outcome.estimate else outcome.reason
    evidence = (reason, outcome.estimate, claim.threshold, claim.statistic.unit, signed(claim.statistic))
    return Decision(outcome.verdict, claim.names[0], *evidence, level=claim.threshold.level)


def signed(statistic: Statistic) -> bool:
    """Return whether a statistic is a difference, to a run or a printed figure, which is written with its sign."""
    return bool(getattr(statistic, "minus", 0)) or not isinstance(statistic, Ratio | Value)


def _of_published(key: str, study: Study, figures: Sequence[Published]) -> Decision:
    """Lay published figures at the range of one more run of ours: all lie in it, or one does not."""
    run = study.run(key)
    if run is None:
        return Decision(UNDECIDED, key, f"{key}: no such run is declared")
    verdicts = [published.judge(figure, run, study.profile) for figure in published.figures_for(run, figures)]
    comparable = [verdict for verdict in verdicts if verdict.kind != published.INCOMPARABLE]
    if not comparable:
        return Decision(UNDECIDED, key, f"{key}: {verdicts[0].reason if verdicts else 'no figure is published'}")
    verdict = HOLDS if all(each.kind == published.AGREES for each in comparable) else FAILS
    printed = tuple(each.published for each in comparable)
    spans = tuple(published.span(figure, run) for figure in printed)
    return Decision(verdict, key, "", spans[0], None, "%", False, printed, spans=spans)


def _of_runs(finding: Finding, known: Measured) -> Decision:
    """Lay an effect or another statistic at its threshold."""
    threshold = finding.threshold or Threshold(above=0)
    place = names(finding.statistic)[0] if finding.statistic else str(finding.effect)
    decision = partial(Decision, place=place, threshold=threshold)
    try:
        way = finding.statistic
        estimate = way.estimate(known, threshold.level) if way else _effect(place, known)
    except UndecidableError as reason:
        return decision(UNDECIDED, reason=str(reason))
    if estimate.low is None:
        return decision(UNDECIDED, reason=f"{place}: {estimate.lacking}", estimate=estimate)
    if finding.statistic:
        kept = {"unit": finding.statistic.unit, "signed": signed(finding.statistic), "level": threshold.level}
        decision = partial(decision, **kept)
    return decision(threshold.verdict(estimate), estimate=estimate)


def _effect(key: str, known: Measured) -> Estimate:
    """Return the effect of a run with the interval of its table, which holds together with those of its group."""
    run = known.run(key)
    known.run(f"{run.chapter}/{run.reference}")  # which says why where it cannot be measured against
    effect = known.chapter(run).effect(run)
    if effect is None:
        raise UndecidableError(f"{key}: it is measured against no other run")
    return effect
