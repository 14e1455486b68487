"""The report's files from what it says: an overview, a page for each part, and all of it as one text for a forge.

A page needs no other file and no network; links between pages are relative, so that the folder can be moved.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rdfia.analyse import provenance, stand_in
from rdfia.analyse.published import QUICK
from rdfia.analyse.results import Study
from rdfia.report.engine.blocks import Section
from rdfia.report.engine.drawing import Drawing, themed
from rdfia.report.engine.table import Table, escaped
from rdfia.words import listed

TEMPLATES = Path(__file__).parents[1] / "templates"
URI = str.maketrans({mark: f"%{ord(mark):02X}" for mark in '%#"<>&\n\t'})
OF_ALL = ("", "published", "claims")  # the pages that show figures of every data set


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
    stale, replayed = report.study.stale, report.study.replayed
    method = [_led(paragraph) for paragraph in (TEMPLATES / "method.md").read_text("utf-8").split("\n\n")]
    front = {**facts, "stale": stale, "replayed": replayed, "method": method, "base": "", "key": ""}
    front |= {"stand_ins": stand_in_note(report.study, "")}
    for name in ("index.html", "report.md"):
        yield name, _environment(name).get_template(name).render(**front)
    page = _environment("page.html").get_template("page.html")
    for place, section in enumerate(report.sections):
        around = {**_neighbours(report.sections, place), "section": section, "base": "../", "key": section.key}
        own = {"stale": _of(section.key, stale), "replayed": _of(section.key, replayed)}
        note = stand_in_note(report.study, section.key)
        yield f"pages/{section.key}.html", page.render(**facts, **around, **own, stand_ins=note)


def stand_in_note(study: Study, key: str) -> str:
    """Return the line on a page whose data take the place of published data, empty where they do not."""
    own = {chapter.dataset for chapter in study.chapters if chapter.name == key}
    cards = [card for card in study.stand_ins if key in OF_ALL or card.name in own]
    names = [card.label for card in cards] if len(cards) == 1 else [card.name for card in cards]
    return stand_in.note(names) if cards else ""


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
    filters: dict[str, Any] = {"embedded": embedded, "coded": coded, "few": few, "breakable": breakable}
    filters |= {"escaped": escaped, "marked": marked, "listed": listed}
    environment.filters.update(filters)
    return environment


def few(names: Sequence[str], most: int = 8) -> str:
    """Return the first names, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def embedded(drawing: Drawing) -> Markup:
    """A figure as a data URI for an attribute: its SVG in the page's colours, with what HTML and URIs use escaped."""
    return Markup("data:image/svg+xml," + themed(drawing.svg).translate(URI))


def coded(text: str) -> Markup:
    """A paragraph for the page, with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def breakable(name: str) -> Markup:
    """A name for the page, which may be broken after each underscore and slash; code is broken at its spaces."""
    return Markup(re.sub(r"([_/])", r"\1<wbr>" if " " not in name else r"\1", str(escape(name))))


def marked(text: str) -> str:
    """A paragraph for a forge: what stands between backticks is code, and nothing else is markup."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(part if code else escaped(part) for code, part in zip(cycle((False, True)), parts, strict=False))
