"""The report's files from what it says: an overview, a page for each part, and all of it as one text for a forge.

A page needs no network, and but for the runs' pages no other file; links between pages are relative, so that the folder
can be moved.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rdfia.analyse import findings, provenance, stand_in
from rdfia.analyse.findings import Found
from rdfia.analyse.published import Verdict
from rdfia.analyse.results import Study
from rdfia.report.engine import explore, references, run_pages
from rdfia.report.engine.blocks import Section
from rdfia.report.engine.drawing import Drawing, themed
from rdfia.report.engine.findings import lines, standing
from rdfia.report.engine.references import linked
from rdfia.report.engine.table import Cell, Table, escaped
from rdfia.report.engine.text import TEMPLATES
from rdfia.words import listed

COMPARE = "compare"  # the page where any runs are laid beside each other
COPIED = 20_000  # letters of a figure's numbers that are in its page, at most: more is for the file
LINK = re.compile(r"\[([^]]+)\]\((pages/\w+\.html(?:#[\w-]+)?)\)")
OF_CHAPTER = 4  # findings in the summary of a chapter
URI = str.maketrans({mark: f"%{ord(mark):02X}" for mark in '%#"<>&\n\t'})
OF_ALL = ("", "published", "claims")  # the pages that show figures of every data set


@dataclass(frozen=True)
class Report:
    """What the pages say: the table of the overview, the chapters, the parts that follow them, and the findings."""

    study: Study
    headline: Table
    chapters: tuple[Section, ...]
    closing: tuple[Section, ...]
    findings: tuple[Found, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

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
    facts: dict[str, Any] = {"report": report, "study": report.study, "made": provenance.lines(report.study)}
    facts |= {"bibtex": "\n\n".join(work.bibtex for work in references.read().values())}
    stale, replayed = report.study.stale, report.study.replayed
    method = [_led(paragraph) for paragraph in (TEMPLATES / "method.md").read_text("utf-8").split("\n\n")]
    front = {**facts, "stale": stale, "replayed": replayed, "method": method, "base": "", "key": "", "runs": {}}
    first = findings.first(report.findings)
    front |= {"stand_ins": stand_in_note(report.study, ""), "found": lines(first, report.study, report.sections)}
    for name in ("index.html", "report.md"):
        yield name, _environment(name, report.study).get_template(name).render(**front)
    environment = _environment("page.html", report.study)
    explored = explore.explored(report.study)
    for place, section in enumerate(report.sections):
        around = {**_neighbours(report.sections, place), "section": section, "base": "../", "key": section.key}
        own: dict[str, Any] = {"stale": _of(section.key, stale), "replayed": _of(section.key, replayed)}
        about = [each for each in report.findings if each.chapter == section.key]
        own |= {"stand_ins": stand_in_note(report.study, section.key)}
        own |= {"found": lines(findings.first(about, OF_CHAPTER), report.study, report.sections)}
        own["standing"] = next((standing(each) for each in report.study.chapters if each.name == section.key), "")
        name, runs = "page.html", explore.on_page(explored, section)
        if section.key == COMPARE:
            name, runs = "compare.html", explore.compared(explored, report.study)
        page = environment.get_template(name).render(**facts, **around, **own, runs=runs)
        yield f"pages/{section.key}.html", page
    yield from run_pages.files(environment, facts, explored, {section.key: section for section in report.sections})


def stand_in_note(study: Study, key: str) -> str:
    """Return the line on a page whose data take the place of published data, empty where they do not."""
    own = {chapter.dataset for chapter in study.chapters if chapter.name == key}
    cards = [card for card in study.stand_ins if key in OF_ALL or card.name in own]
    names = [card.label for card in cards] if len(cards) == 1 else [card.name for card in cards]
    return stand_in.note(names) if cards else ""


def _of(chapter: str, runs: Sequence[str]) -> list[str]:
    """Return those of the runs, called chapter/name, that are the chapter's."""
    return [run for run in runs if run.partition("/")[0] == chapter]


def run_page(paths: Mapping[str, str], table: Table, row: Sequence[Cell], cell: Cell) -> str:
    """Return the page of the run that a cell names, empty where there is none.

    A name without a chapter is of the table's, or of that which the row begins with.
    """
    names = (str(cell), f"{table.chapter}/{cell}", f"{row[0]}/{cell}")
    return next((paths[name] for name in names if name in paths), "")


def _neighbours(sections: Sequence[Section], place: int) -> dict[str, Section | None]:
    """The pages before and after, None at an end."""
    padded = [None, *sections, None]
    return {"before": padded[place], "after": padded[place + 2]}


def _led(paragraph: str) -> tuple[str, str]:
    """A paragraph's bold first words, which Markdown sets between stars, and the rest."""
    _, lead, rest = paragraph.split("**", 2)
    return lead, linked(rest.strip(), references.read())


def templates(autoescape: bool = False) -> Environment:
    """The report's templates: a value that is not there is an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _environment(name: str, study: Study) -> Environment:
    """The templates of the pages, with their filters: HTML escapes what it is given."""
    environment = templates(name.endswith(".html"))
    filters: dict[str, Any] = {"embedded": embedded, "coded": coded, "few": few, "breakable": breakable}
    filters |= {"grid": grid, "escaped": escaped, "marked": marked, "listed": listed}
    environment.filters.update(filters)
    environment.globals["run_page"] = partial(run_page, run_pages.paths(study))
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "allow_nan": False}
    return environment


def few(names: Sequence[str], most: int = 8) -> str:
    """Return the first names, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def embedded(drawing: Drawing) -> Markup:
    """A figure as a data URI for an attribute: its SVG in the page's colours, with what HTML and URIs use escaped."""
    return Markup("data:image/svg+xml," + themed(drawing.svg).translate(URI))


def grid(drawing: Drawing) -> list[list[str]]:
    """Return the numbers of a figure, heads first, for a page to copy from; none where they are too many to.

    Those of curves are in the page already, as what its charts are drawn from.
    """
    here = len(drawing.numbers) <= COPIED and not drawing.curves
    return list(csv.reader(io.StringIO(drawing.numbers))) if here else []


def coded(text: str, base: str = "") -> Markup:
    """A paragraph for the page: what stands between backticks is code, and [words](pages/key.html#part) are a link."""
    with_links = LINK.sub(rf'<a href="{base}\2">\1</a>', str(escape(text)))
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", with_links))


def breakable(name: str) -> Markup:
    """A name for the page, which may be broken after each underscore and slash; code is broken at its spaces."""
    return Markup(re.sub(r"([_/])", r"\1<wbr>" if " " not in name else r"\1", str(escape(name))))


def marked(text: str) -> str:
    """A paragraph for a forge: what stands between backticks is code, a link is its words, and no more is markup."""
    parts = re.split(r"(`[^`]+`)", LINK.sub(r"\1", text))
    return "".join(part if code else escaped(part) for code, part in zip(cycle((False, True)), parts, strict=False))
