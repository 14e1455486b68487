"""The report of a profile: one page that needs nothing else, the same for a forge, and its tables and figures as files.

Everything is written to a folder beside the report and moved into place at the end: a failure leaves the old one whole.
"""

import base64
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rdfia.analyse import published, results
from rdfia.analyse.published import QUICK, Verdict
from rdfia.analyse.results import Study
from rdfia.report import contents, figures, provenance
from rdfia.report.style import Drawing, themed
from rdfia.report.summary import summary
from rdfia.report.tables import Table

TEMPLATES = Path(__file__).with_name("templates")
PARTS = ("index.html", "report.md", "summary.json", "tables", "figures")
LARGEST = 300_000  # bytes of an SVG beyond which the page shows the PNG instead


@dataclass(frozen=True)
class Section:
    """A part of the page: some text, a table, and the figures below it."""

    key: str
    title: str
    text: tuple[str, ...]
    table: Table
    drawings: tuple[Drawing, ...] = ()


def write(params: Mapping[str, Any], root: Path) -> None:
    """Read the results below `root` and write the report of the chosen profile."""
    study = results.load(params, root)
    printed = published.read()
    verdicts = published.verdicts(study, printed)
    chapters = [_chapter(study, chapter, verdicts, printed) for chapter in study.chapters]
    drawings = tuple(drawing for found in figures.data(study).values() for drawing in found)
    sections = [*chapters, *_closing(study, verdicts, drawings)]
    folder = study.folder()
    folder.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".report-", dir=folder))
    try:
        _fill(fresh, study, contents.headline(study, verdicts), sections, summary(study, verdicts))
        _replace(fresh, folder)
    finally:
        shutil.rmtree(fresh)


def _chapter(
    study: Study, chapter: results.ChapterResult, verdicts: Sequence[Verdict], printed: Sequence[published.Published]
) -> Section:
    """A chapter's text, table and figures."""
    title, *text = _prose(chapter.name)
    drawings = tuple(figures.chapter(study, chapter, printed))
    return Section(chapter.name, title, tuple(text), contents.chapter(chapter, verdicts), drawings)


def _prose(chapter: str) -> list[str]:
    """A chapter's title and paragraphs; one without a text of its own has its name."""
    path = TEMPLATES / "chapters" / f"{chapter}.md"
    if not path.exists():
        return [chapter.replace("_", " ").capitalize()]
    return [" ".join(part.split()) for part in path.read_text(encoding="utf-8").split("\n\n")]


def _closing(study: Study, verdicts: Sequence[Verdict], drawings: tuple[Drawing, ...]) -> list[Section]:
    """The sections after the chapters: data, published figures, cost."""
    seen = "What went into the networks. Statistics are fitted on the train part alone."
    theirs = (
        "Five groups of students wrote up the same course: R2022, R2023a, R2023b, R2024 and R2026. They ran each "
        "setting once and chose on test data. A figure without a run of ours waits for one."
    )
    return [
        Section("data", "Data", (seen,), contents.data(study), drawings),
        Section("published", "Published figures", (theirs,), contents.published(study, verdicts)),
        Section("cost", "Cost", (), contents.cost(study)),
    ]


def _fill(folder: Path, study: Study, head: Table, sections: Sequence[Section], facts: Mapping[str, Any]) -> None:
    """Write all files of the report into `folder`."""
    for name in ("tables", "figures"):
        (folder / name).mkdir()
    for table in (head, *(section.table for section in sections)):
        (folder / "tables" / f"{table.name}.csv").write_text(table.csv(), encoding="utf-8")
        (folder / "tables" / f"{table.name}.md").write_text(table.markdown(), encoding="utf-8")
    for drawing in (drawing for section in sections for drawing in section.drawings):
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
    return environment


def embedded(drawing: Drawing) -> str:
    """A figure as a data URI: its SVG in the page's colours, or its PNG where that SVG is large."""
    svg = themed(drawing.svg).encode("utf-8")
    kind, content = ("svg+xml", svg) if len(svg) <= LARGEST else ("png", drawing.png)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _replace(fresh: Path, folder: Path) -> None:
    """Move the new parts over the old; a figure or table that is no longer made goes."""
    for name in PARTS:
        target = folder / name
        if target.is_dir():
            shutil.rmtree(target)
        (fresh / name).replace(target)
