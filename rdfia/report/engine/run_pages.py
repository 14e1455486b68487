"""A page for each run that has results: what it was, what came of it, and how to have it again."""

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment

from rdfia.analyse.metrics import resolve
from rdfia.analyse.provenance import machine_line, versions_line
from rdfia.analyse.results import PERCENT, ChapterResult, RunResult, Study
from rdfia.analyse.verdict_sentence import joined
from rdfia.files import find_json
from rdfia.record import layout
from rdfia.report.engine import explore
from rdfia.report.engine.blocks import Section
from rdfia.report.engine.explore import Explored
from rdfia.report.engine.table import Cell, Column, Table

MOST_CLASSES = 20  # of a confusion matrix that is shown whole
SHARED = ("run.css", "run.js")  # files beside the pages: in each of hundreds of pages they would outweigh the results
HEADINGS = {"seeds": "Seeds", "settings": "Settings", "confusion": "Classes"}
SEEDS = (
    Column("seed", numeric=True),
    Column("status"),
    Column("epochs", numeric=True),
    Column("train, running", "%", numeric=True),
    Column("train, frozen weights", "%", numeric=True),
    Column("validation", "%", numeric=True),
    Column("test", "%", numeric=True),
)


def path(run: RunResult) -> str:
    """Return where the page of a run lies in the report, empty for a run without results."""
    return f"pages/runs/{run.key}.html" if run.ran else ""


def paths(study: Study) -> dict[str, str]:
    """Return the page of every run that has one."""
    return {run.key: path(run) for run in study.runs if run.ran}


def files(
    environment: Environment, facts: Mapping[str, Any], explored: Explored, sections: Mapping[str, Section]
) -> Iterator[tuple[str, str]]:
    """Yield each page's path and text, and the files that they share."""
    study: Study = facts["study"]
    for name in SHARED:
        yield f"pages/{name}", environment.get_template(name).render(runs=True)
    page = environment.get_template("run.html")
    for chapter in study.active_chapters:
        tests = find_json(study.root / layout.test(study.profile, chapter.name))
        for run in (run for run in chapter.runs if run.ran):
            own: dict[str, Any] = {"section": sections.get(chapter.name), "key": chapter.name, "base": "../../../"}
            own["origin"] = _origin(run, tests.get(run.name, {}))
            yield path(run), page.render(**facts, **own, **_facts(facts, explored, chapter, run))


def _against(chapter: ChapterResult, run: RunResult) -> RunResult | None:
    """Return the run that a run is measured against, if that is another and has results."""
    reference = chapter.run(run.reference)
    return reference if reference and reference is not run and reference.ran else None


def _facts(facts: Mapping[str, Any], explored: Explored, chapter: ChapterResult, run: RunResult) -> dict[str, Any]:
    """Return what the head of a run's page says, and the curves and tables that it shows."""
    study: Study = facts["study"]
    against, effect = _against(chapter, run), chapter.effect(run)
    labels = {each.key: each.name for each in (run, against) if each}
    verdicts = [verdict for verdict in facts["report"].verdicts if verdict.published.run == run.key]
    return {
        "run": run,
        "against": against,
        "percent": Column("", "%"),
        "points": Column("", "points", signed=True),
        "effect": effect,
        "verdict": resolve(effect) if effect else "",
        "published": joined(verdicts) if verdicts else "",
        "labels": labels,
        "runs": explore.with_curves(explored, labels),
        "tables": _tables(run, against),
        "headings": HEADINGS,
        "stale": [line for line in study.stale if line.partition(" (")[0] == run.key],
        "replayed": [run.key] if run.record.replayed else [],
        "stand_ins": "",
    }


def _tables(run: RunResult, against: RunResult | None) -> list[Table]:
    """Return the tables of a run's page that have something to say."""
    return [table for table in (_seeds(run), _settings(run, against), _confusion(run)) if table.rows]


def _seeds(run: RunResult) -> Table:
    """Return a row for each seed, with its last figures."""
    rows = [_seed(run, seed, last) for seed, last in run.record.seeds.items()]
    return Table("seeds", "Every seed, at its last epoch; test is read once, when all is chosen.", SEEDS, tuple(rows))


def _seed(run: RunResult, seed: str, last: Mapping[str, Any]) -> tuple[Cell, ...]:
    shares = [last.get(f"{part}_accuracy") for part in ("train", "frozen", "validation")]
    percent = [None if share is None else PERCENT * share for share in shares]
    return (int(seed), last.get("status"), last.get("epochs"), *percent, run.test.get(seed))


def _settings(run: RunResult, against: RunResult | None) -> Table:
    """Return every setting as it was resolved, beside the reference's; those that differ come first."""
    setting, own = Column("setting", code=True), explore.settings(run.config)
    if against is None:
        columns = (setting, Column(run.name, code=True))
        return Table("settings", "Every setting of the run, resolved.", columns, tuple(own.items()))
    other = explore.settings(against.config)
    keys = sorted(dict.fromkeys((*own, *other)), key=lambda key: own.get(key) == other.get(key))
    rows = tuple((key, own.get(key), other.get(key)) for key in keys)
    words = f"Every setting of the run, resolved, beside those of {against.name}: the ones that differ come first."
    return Table("settings", words, (setting, Column(run.name, code=True), Column(against.name, code=True)), rows)


def _confusion(run: RunResult) -> Table:
    """Return for each true class how often each class was said, over all seeds; of many classes how many were right."""
    classes, few = run.classes, len(run.classes) <= MOST_CLASSES
    columns = [Column("true class"), Column("right", "%", numeric=True)]
    columns += [Column(name, numeric=True) for name in classes] if few else []
    rows: list[tuple[Cell, ...]] = [
        (name, PERCENT * counts[place] / max(sum(counts), 1), *(counts if few else ()))
        for place, (name, counts) in enumerate(zip(classes, run.confusion, strict=False))
    ]
    words = "Test images of each class, over all seeds: the share that was named rightly"
    caption = f"{words}, and how many were taken for which class." if few else f"{words}."
    return Table("confusion", caption, tuple(columns), tuple(rows))


def _origin(run: RunResult, test: Mapping[str, Any]) -> dict[str, str]:
    """Return where the result comes from, and how to have it again; what is not known is left out."""
    metrics, timing = run.record.metrics, run.timing
    whole = run.record.history and run.record.digest(test)
    found = {
        "train it": f"dvc repro {run.stage}",
        "train it anew though nothing changed": f"dvc repro -f -s {run.stage}",
        "what it depends on": f"rdfia params {run.chapter} {run.name} --code",
        "hash of its code": metrics.get("code_sha256"),
        "hash of its data": run.record.data.get("sha256"),
        "hash of its weights": metrics.get("weights_sha256"),
        "in MLflow, once it is published": whole and f"tags.`rdfia.content` = '{whole}'",
        "commit": timing.get("commit"),
        "machine": machine_line(timing.get("machine", {})),
        "versions": versions_line(run.versions),
        "begun": timing.get("started"),
        "seconds, all seeds": timing.get("seconds"),
        "seconds of training": timing.get("training_seconds"),
        "weights": f"{run.parameters:,}" if run.parameters else None,
    }
    return {name: str(value) for name, value in found.items() if value}
