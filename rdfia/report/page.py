"""The report of a profile: one page that needs nothing else, the same for a forge, and its tables and figures as files.

Everything is written to a folder beside the report and moved into place at the end: a failure leaves the old one whole.
"""

import base64
import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rdfia.analyse import published, results
from rdfia.analyse.published import QUICK, Verdict
from rdfia.analyse.results import Study
from rdfia.report import contents, dynamics, figures, lessons, provenance
from rdfia.report.blocks import Section, section, template
from rdfia.report.style import Drawing, themed
from rdfia.report.summary import summary
from rdfia.report.tables import Table

TEMPLATES = Path(__file__).with_name("templates")
PARTS = ("index.html", "report.md", "summary.json", "tables", "figures")
LARGEST = 250_000  # bytes of an SVG beyond which the page shows the PNG instead, if that is smaller


def write(params: Mapping[str, Any], root: Path) -> None:
    """Read the results below `root` and write the report of the chosen profile."""
    study = results.load(params, root)
    printed = published.read()
    verdicts = published.verdicts(study, printed)
    parts = {chapter.name: figures.chapter(study, chapter, printed) for chapter in study.chapters}
    drawn = figures.draw({**parts, "": figures.lessons(study), "data": figures.data(study)})
    shared = lessons.tables(study)
    chapters = [_chapter(study, chapter, verdicts, shared, drawn) for chapter in study.chapters]
    sections = [*chapters, *_closing(study, verdicts, drawn["data"])]
    folder = study.folder()
    folder.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".report-", dir=folder))
    try:
        _fill(fresh, study, contents.headline(study, verdicts), sections, summary(study, verdicts))
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
    """A chapter as its template lays it out: the chapter's table and figures, and what the template names besides."""
    text = template(chapter.name, lessons.facts(study, chapter))
    tables = [table for table in shared if f"[table {table.name}]" in text]
    named = [drawing for drawing in drawn[""] if f"[figure {drawing.name}]" in text]
    own = [contents.chapter(chapter, verdicts), dynamics.table(study, chapter)]
    shown = [table for table in (*own, *tables) if table is not None]
    return section(chapter.name, text, shown, [*drawn[chapter.name], *named])


def _closing(study: Study, verdicts: Sequence[Verdict], drawings: Sequence[Drawing]) -> list[Section]:
    """The sections after the chapters: data, published figures, cost."""
    seen = "Data\n\nWhat went into the networks. Statistics are fitted on the train part alone."
    theirs = (
        "Published figures\n\nFive groups of students wrote up the same course: R2022, R2023a, R2023b, R2024 and "
        "R2026. They ran each setting once and chose on test data. A figure without a run of ours waits for one."
    )
    return [
        section("data", seen, [contents.data(study)], drawings),
        section("published", theirs, [contents.published(study, verdicts)], []),
        section("cost", "Cost", [contents.cost(study)], []),
    ]


def _fill(folder: Path, study: Study, head: Table, sections: Sequence[Section], facts: Mapping[str, Any]) -> None:
    """Write all files of the report into `folder`."""
    for name in ("tables", "figures"):
        (folder / name).mkdir()
    for table in (head, *(table for part in sections for table in part.tables)):
        (folder / "tables" / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8")
        (folder / "tables" / f"{table.name}.md").write_text(table.markdown(), encoding="utf-8")
    for drawing in (drawing for part in sections for drawing in part.drawings):
        (folder / "figures" / f"{drawing.name}.svg").write_bytes(drawing.svg)
        (folder / "figures" / f"{drawing.name}.png").write_bytes(drawing.png)
    text = json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    said = {"study": study, "headline": head, "sections": sections, "made": provenance.lines(study), "quick": QUICK}
    said["method"] = [_led(paragraph) for paragraph in (TEMPLATES / "method.md").read_text("utf-8").split("\n\n")]
    for name in ("index.html", "report.md"):
        page = _environment(name).get_template(name).render(**said)
        (folder / name).write_text(page, encoding="utf-8")


def _led(paragraph: str) -> tuple[str, str]:
    """A paragraph's bold first words, which Markdown sets between stars, and the rest."""
    _, lead, rest = paragraph.split("**", 2)
    return lead, rest.strip()


def _environment(name: str) -> Environment:
    """Templates: HTML escapes what it is given; a value that is not there is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["embedded"] = embedded
    environment.filters["coded"] = coded
    return environment


def embedded(drawing: Drawing) -> str:
    """A figure as a data URI: its SVG in the page's colours, or its PNG where that SVG is large and the PNG smaller."""
    svg = themed(drawing.svg).encode("utf-8")
    vector = len(svg) <= max(LARGEST, len(drawing.png))
    kind, content = ("svg+xml", svg) if vector else ("png", drawing.png)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def coded(text: str) -> Markup:
    """A paragraph for the page, with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _replace(fresh: Path, folder: Path) -> None:
    """Move the new parts over the old; a figure or table that is no longer made goes."""
    for name in PARTS:
        target = folder / name
        if target.is_dir():
            shutil.rmtree(target)
        (fresh / name).replace(target)
