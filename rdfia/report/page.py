"""The report of a profile: an overview, a page for each chapter, and their tables and figures as files.

Everything is written to a folder beside the report and moved into place at the end: a failure leaves the old one whole.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rdfia.analyse import published, results
from rdfia.analyse.groups import groups
from rdfia.analyse.published import Verdict
from rdfia.analyse.results import Study
from rdfia.report import contents, dynamics, figures, lessons
from rdfia.report.engine import render
from rdfia.report.engine.blocks import Section, section, template
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.table import Table
from rdfia.report.summary import summary

PARTS = ("index.html", "report.md", "summary.json", "pages", "tables", "figures")


def write(params: Mapping[str, Any], root: Path) -> None:
    """Read the results below `root` and write the report of the chosen profile."""
    study = results.load(params, root)
    printed = published.read()
    verdicts = published.verdicts(study, printed)
    parts = {chapter.name: figures.chapter(study, chapter, printed) for chapter in study.active_chapters}
    drawn = figures.draw({**parts, "": figures.lessons(study), "data": figures.data(study)})
    shared = lessons.tables(study)
    chapters = tuple(_chapter(study, chapter, verdicts, shared, drawn) for chapter in study.active_chapters)
    closing = _closing(study, verdicts, drawn["data"])
    report = render.Report(study, contents.headline(study, verdicts), chapters, closing)
    folder = study.folder()
    folder.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".report-", dir=folder))
    try:
        _fill(fresh, report, summary(study, verdicts))
        _replace(fresh, folder)
    finally:
        shutil.rmtree(fresh)


def _chapter(
    study: Study,
    chapter: results.ChapterResult,
    verdicts: Sequence[Verdict],
    shared: Sequence[Table],
    drawn: Mapping[str, Sequence[Drawing]],
) -> Section:
    """A chapter as its template lays it out: the chapter's tables and figures, and what the template names besides."""
    text = template(chapter.name, lessons.facts(study, chapter))
    tables = [table for table in shared if f"[table {table.name}]" in text]
    named = [drawing for drawing in (*drawn[""], *drawn["data"]) if f"[figure {drawing.name}]" in text]
    curves = dynamics.tables(study, chapter)
    shown = [*contents.chapter(chapter, verdicts), *curves, *tables]
    folded = {table.name: dynamics.SUMMARY for table in curves}
    return section(chapter.name, text, shown, [*drawn[chapter.name], *named], groups(chapter), folded)


def _closing(study: Study, verdicts: Sequence[Verdict], drawings: Sequence[Drawing]) -> tuple[Section, ...]:
    """The pages after the chapters: data, published figures, cost."""
    seen = "Data\n\nWhat went into the networks. Statistics are fitted on the train part alone."
    theirs = (
        "Published figures\n\nFive groups of students wrote up the same course: R2022, R2023a, R2023b, R2024 and "
        "R2026. They ran each setting once and chose on test data. A figure without a run of ours waits for one."
    )
    spent = "Cost\n\nHow long each run took, and on which machine."
    return (
        section("data", seen, [contents.data(study)], drawings),
        section("published", theirs, [contents.published(study, verdicts)], []),
        section("cost", spent, [contents.cost(study)], []),
    )


def _fill(folder: Path, report: render.Report, facts: Mapping[str, Any]) -> None:
    """Write all files of the report into `folder`."""
    for name in ("pages", "tables", "figures"):
        (folder / name).mkdir()
    for table in (report.headline, *(table for part in report.sections for table in part.tables)):
        (folder / "tables" / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8")
        (folder / "tables" / f"{table.name}.md").write_text(table.markdown(), encoding="utf-8")
    for drawing in (drawing for part in report.sections for drawing in part.drawings):
        (folder / "figures" / f"{drawing.name}.svg").write_bytes(drawing.svg)
        (folder / "figures" / f"{drawing.name}.png").write_bytes(drawing.png)
    text = json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    for path, page in render.files(report):
        (folder / path).write_text(page, encoding="utf-8")


def _replace(fresh: Path, folder: Path) -> None:
    """Move the new parts over the old; a page, figure or table that is no longer made goes."""
    for name in PARTS:
        target = folder / name
        if target.is_dir():
            shutil.rmtree(target)
        (fresh / name).replace(target)
