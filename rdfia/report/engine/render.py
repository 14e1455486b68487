"""The report's files from what it says: an overview, a page for each part, and all of it as one text for a forge.

A page needs no other file and no network; links between pages are relative, so that the folder can be moved.
"""

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rdfia.analyse import provenance
from rdfia.analyse.published import QUICK
from rdfia.analyse.results import Study
from rdfia.report.engine.blocks import Section
from rdfia.report.engine.drawing import Drawing, themed
from rdfia.report.engine.table import Table
from rdfia.words import listed

TEMPLATES = Path(__file__).parents[1] / "templates"
LARGEST = 250_000  # bytes of an SVG beyond which the page shows the PNG instead, if that is smaller


@dataclass(frozen=True)
class Report:
    """What the pages say: the table of the overview, the chapters, and the parts that follow them."""

    study: Study
    headline: Table
    chapters: tuple[Section, ...]
    closing: tuple[Section, ...]

    @property
    def tables(self) -> list[Table]:
        """Every table, that of the overview first."""
        return [self.headline, *(table for section in self.sections for table in section.tables)]

    @property
    def drawings(self) -> list[Drawing]:
        """Every figure."""
        return [drawing for section in self.sections for drawing in section.drawings]

    @property
    def sections(self) -> tuple[Section, ...]:
        """Every part that has a page, in reading order."""
        return (*self.chapters, *self.closing)


def files(report: Report) -> Iterator[tuple[str, str]]:
    """Each file's path below the report's folder, with its text."""
    facts = {"report": report, "study": report.study, "quick": QUICK, "made": provenance.lines(report.study)}
    stale, replayed = stale_runs(report.study), replayed_runs(report.study)
    method = [_led(paragraph) for paragraph in (TEMPLATES / "method.md").read_text("utf-8").split("\n\n")]
    front = {**facts, "stale": stale, "replayed": replayed, "method": method, "base": "", "key": ""}
    for name in ("index.html", "report.md"):
        yield name, _environment(name).get_template(name).render(**front)
    page = _environment("page.html").get_template("page.html")
    for place, section in enumerate(report.sections):
        around = {**_neighbours(report.sections, place), "section": section, "base": "../", "key": section.key}
        own = {"stale": _of(section.key, stale), "replayed": _of(section.key, replayed)}
        yield f"pages/{section.key}.html", page.render(**facts, **around, **own)


def stale_runs(study: Study) -> tuple[str, ...]:
    """Return the runs whose recorded declaration, of settings and code, differs from today's."""
    return study.stale


def replayed_runs(study: Study) -> tuple[str, ...]:
    """Return the runs of another declaration whose first epochs came out the same when they were trained again."""
    return study.replayed


def _of(chapter: str, runs: Sequence[str]) -> list[str]:
    """Return those of the runs, called chapter/name, that are the chapter's."""
    return [run for run in runs if run.partition("/")[0] == chapter]


def _neighbours(sections: Sequence[Section], place: int) -> dict[str, Section | None]:
    """The pages before and after, None at an end."""
    padded = [None, *sections, None]
    return {"before": padded[place], "after": padded[place + 2]}


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
    filters: dict[str, Any] = {"embedded": embedded, "coded": coded, "few": few, "listed": listed}
    environment.filters.update(filters)
    return environment


def few(names: Sequence[str], most: int = 8) -> str:
    """Return the first names, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def embedded(drawing: Drawing) -> str:
    """A figure as a data URI: its SVG in the page's colours, or its PNG where that SVG is large and the PNG smaller."""
    svg = themed(drawing.svg).encode("utf-8")
    vector = len(svg) <= max(LARGEST, len(drawing.png))
    kind, content = ("svg+xml", svg) if vector else ("png", drawing.png)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def coded(text: str) -> Markup:
    """A paragraph for the page, with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
