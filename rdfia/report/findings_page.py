"""docs/findings.md: what was found, as sentences and lists from the results of the profiles that are in git."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rdfia.analyse import claims, findings, published
from rdfia.analyse.claims import FAILS, HOLDS
from rdfia.analyse.metrics import LEVEL, UNRESOLVED, mean, resolve
from rdfia.analyse.published import Published
from rdfia.analyse.read_study import read_study
from rdfia.analyse.results import PERCENT, Study
from rdfia.files import write_text
from rdfia.report import readme_tables
from rdfia.report.engine.collect import chapter_makers
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.findings import TONES, Line, lines
from rdfia.report.engine.make import make
from rdfia.report.engine.render import templates
from rdfia.report.engine.table import Column
from rdfia.report.figures.effects import accuracies
from rdfia.words import listed

PAGE = Path("docs/findings.md")
PROFILES = ("jpeg", "published", "mnist")  # whose results are in git
# The charts of the README: where each is written, and the profile, chapter and group whose accuracies it shows.
CHARTS = {
    Path("docs/normalisation.svg"): ("jpeg", "cnn", "normalisation"),
    Path("docs/transformers.svg"): ("mnist", "vit", "grid"),
}


@dataclass(frozen=True)
class Said:
    """A finding as one profile's runs decide it."""

    line: Line
    profile: str


def write(params: Mapping[str, Any], root: Path) -> str:
    """Write the page, and the tables and charts of the README, and say so."""
    contexts = committed(params, root)
    readme = readme_tables.filled((root / readme_tables.PAGE).read_text(encoding="utf-8"), contexts)
    write_text(page(contexts), root / PAGE)
    write_text(readme, root / readme_tables.PAGE)
    for path, drawing in charts(contexts):
        write_text(drawing.svg.decode("utf-8"), root / path)
    return f"{', '.join(map(str, (PAGE, readme_tables.PAGE, *CHARTS)))}: written"


def committed(params: Mapping[str, Any], root: Path) -> list[Context]:
    """Return the results that are in git, profile by profile."""
    studies = [read_study({**params, "profile": profile}, root) for profile in PROFILES]
    return [Context(study, published.read()) for study in studies]


def page(contexts: Sequence[Context]) -> str:
    """Return the page."""
    topics, figures = list(_topics(contexts)), [row for each in contexts for row in _figures(each)]
    found = [each.line for topic in topics for each in topic["said"]]
    usual = {line.name for line in found if line.tone != TONES[FAILS]}  # in some profile: as expected, or not decided
    surprises = {line.name: line for line in reversed(found) if line.name not in usual}  # of several the first
    verdicts = {kind: [row for each in contexts for row in _claims(each, kind)] for kind in (HOLDS, FAILS, UNRESOLVED)}
    environment = templates()
    environment.filters |= {"listed": listed, "capitalised": lambda text: text[:1].upper() + text[1:]}
    return environment.get_template("findings.md").render(
        usual=f"{PERCENT * LEVEL:.0f}",
        parts=[_part(each.study) for each in contexts],
        topics=topics,
        surprises=list(reversed(surprises.values())),
        figures=figures,
        sides=_sides(figures),
        compared=len({_printed(row["verdict"].published) for row in figures}),
        printed=len(set(map(_printed, published.read()))),
        claims=verdicts,
        undecided=len(claims.read().keys() - {row["name"] for rows in verdicts.values() for row in rows}),
        open=[row for each in contexts for row in _open(each.study)],
    )


def _printed(figure: Published) -> tuple[str, str, str]:
    """Return what a printed figure is, of which two of our runs may be readings."""
    return figure.report, figure.experiment, figure.value


def charts(contexts: Sequence[Context]) -> Iterator[tuple[Path, Drawing]]:
    """Yield the charts of the README as the report draws them."""
    for path, (profile, name, group) in CHARTS.items():
        context = next(each for each in contexts if each.study.profile == profile)
        chapter = next(each for each in context.study.active_chapters if each.name == name)
        (maker,) = (each for each in chapter_makers(chapter) if each.function is accuracies)
        drawn = (each for each in make(maker, context.of(chapter)) if isinstance(each, Drawing))
        yield path, next(each for each in drawn if each.group == group)


def _part(study: Study) -> dict[str, Any]:
    """Return what the page says of the runs of a profile: how many, on which data, how long, with how many seeds."""
    runs = [run for run in study.runs if run.ran]
    seeds = sorted({run.declared for run in runs})
    diverged = [f"`{run.key}` ({run.diverged} of {run.declared})" for run in runs if run.diverged]
    data = dict.fromkeys(run.card.label for run in runs)
    epochs = {run.config["epochs"] for run in runs if "epochs" in run.config}
    scale = [f"{epochs.pop()} epochs"] if len(epochs) == 1 else []
    scale += [f"{listed(list(map(str, seeds)))} seeds each"]
    found = {"profile": study.profile, "runs": len(runs), "data": list(data), "scale": ", ".join(scale)}
    return found | {"diverged": diverged}


def _topics(contexts: Sequence[Context]) -> Iterator[dict[str, Any]]:
    """Yield each topic with the sentences of what is decided, and why the rest is not."""
    for title, topic in findings.read().items():
        order = {name: place for place, name in enumerate(topic.findings)}
        own = [(each, context.study) for context in contexts for each in context.findings if each.topic == title]
        said = [Said(line, study.profile) for each, study in own for line in lines([each], study, ())]
        known = {each.line.name for each in said}
        reasons = {each.name: each.decision.reason for each, _ in reversed(own) if each.name not in known}
        waiting = _by_reason((name, reasons[name]) for name in topic.findings if name in reasons)
        unsure = [
            (context.study.profile, line)
            for context in contexts
            for line in _by_reason(_undecided(title, context))
            if line not in waiting
        ]
        said.sort(key=lambda each: order[each.line.name])
        yield {"title": title, "about": topic.about, "said": said, "waiting": waiting, "unsure": unsure}


def _undecided(title: str, context: Context) -> Iterator[tuple[str, str]]:
    """Yield the findings of a topic that a profile does not decide though it has trained the run, with the reason."""
    for each in context.findings:
        run = context.study.run(each.decision.place)
        if each.topic == title and not each.decided and run is not None and run.ran:
            yield each.name, each.decision.reason


def _by_reason(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return each reason once, after the names that have it."""
    names = dict[str, list[str]]()
    for name, reason in pairs:
        names.setdefault(reason, []).append(f"`{name}`")
    return [f"{listed(each)} ({reason})" for reason, each in names.items()]


def _figures(context: Context) -> Iterator[dict[str, Any]]:
    """Yield the published figures that are compared, with ours."""
    column = Column("ours")
    for verdict in context.verdicts:
        run = context.study.run(verdict.published.run)
        if run and verdict.kind in (published.AGREES, published.DIFFERS):
            ours, data, more = column.text(run.test_accuracy), run.card.label, published.span(verdict.published, run)
            found = {"verdict": verdict, "ours": ours, "profile": context.study.profile, "data": data}
            yield found | {"span": f"{more.low:.1f} to {more.high:.1f}"}


def _sides(figures: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return by report, data and profile on which side of the published figures ours lie, and how far in the mean."""
    found = dict[tuple[str, str, str], list[float]]()
    for row in figures:
        place = (row["verdict"].published.report, row["data"], row["profile"])
        found.setdefault(place, []).append(row["verdict"].points)
    return [
        {"report": report, "data": data, "profile": profile, "all": len(points), "mean": f"{mean(points):+.1f}"}
        | {"below": sum(point < 0 for point in points)}
        for (report, data, profile), points in found.items()
    ]


def _claims(context: Context, kind: str) -> Iterator[dict[str, Any]]:
    """Yield the claims of which the runs say this, with the figure."""
    for outcome in context.claims:
        if outcome.verdict == kind:
            column = Column("figure", signed=findings.signed(outcome.claim.statistic))
            figure = f"{column.text(outcome.estimate)} {outcome.claim.statistic.unit}"
            figure += claims.marked(outcome.claim.threshold.level)
            figure += f" from the printed {minus:g}" if (minus := getattr(outcome.claim.statistic, "minus", 0)) else ""
            yield {"name": outcome.name, "claim": outcome.claim, "figure": figure, "profile": context.study.profile}


def _open(study: Study) -> Iterator[dict[str, Any]]:
    """Yield for each chapter the runs whose effect is not resolved."""
    for chapter in study.active_chapters:
        effects = {run.name: effect for run in chapter.runs if (effect := chapter.effect(run)) is not None}
        names = [name for name, effect in effects.items() if resolve(effect) == UNRESOLVED]
        if names:
            yield {"profile": study.profile, "chapter": chapter.name, "runs": names, "all": len(effects)}
