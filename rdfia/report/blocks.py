"""A section of the page as blocks in reading order: words, equations, tables and figures.

A chapter's template says the order. It is Jinja first, so that its numbers come from files; what that gives is read
block by block, with blank lines between:

    the first block          the section's title
    ## words                 a heading
    $$ latex $$ | code | words   an equation, and beside it the code that computes it and a remark; both may be left out
    [table name]             a table of the section
    [figure name]            a figure of the section
    anything else            a paragraph, with `code` between backticks

A table or figure that does not exist is passed over; one that no block names comes at the end.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from rdfia.report.equations import equation
from rdfia.report.style import Drawing
from rdfia.report.tables import Table

CHAPTERS = Path(__file__).with_name("templates") / "chapters"
PLACE = re.compile(r"\[(table|figure) (\w+)\]")
FORMULA = re.compile(r"\$\$ (.+?) \$\$(?: \| (.*?)(?: \| (.*))?)?")


@dataclass(frozen=True)
class Words:
    """A paragraph, or a heading."""

    text: str
    kind: str = "words"


@dataclass(frozen=True)
class Formula:
    """An equation, the code that computes it, and a remark."""

    latex: str
    drawing: Drawing
    code: str = ""
    remark: str = ""
    kind: str = "formula"


@dataclass(frozen=True)
class Shown:
    """A table or a figure in its place."""

    content: Table | Drawing
    kind: str  # table, figure


Block = Words | Formula | Shown


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    key: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def tables(self) -> list[Table]:
        """The tables among the blocks."""
        return [b.content for b in self.blocks if isinstance(b, Shown) and isinstance(b.content, Table)]

    @property
    def drawings(self) -> list[Drawing]:
        """The figures among the blocks."""
        return [b.content for b in self.blocks if isinstance(b, Shown) and isinstance(b.content, Drawing)]


def section(key: str, text: str, tables: Sequence[Table], drawings: Sequence[Drawing]) -> Section:
    """A section as its text lays it out."""
    title, *parts = [part for part in re.split(r"\n\s*\n", text.strip()) if part]
    waiting: dict[tuple[str, str], Table | Drawing] = {("table", table.name): table for table in tables}
    waiting |= {("figure", drawing.name): drawing for drawing in drawings}
    blocks: list[Block] = []
    for part in parts:
        placed = PLACE.fullmatch(part)
        if placed is None:
            blocks.append(_written(part))
        elif (placed[1], placed[2]) in waiting:
            blocks.append(Shown(waiting.pop((placed[1], placed[2])), placed[1]))
    blocks += [Shown(content, kind) for (kind, _), content in waiting.items()]
    return Section(key, title, tuple(blocks))


def _written(part: str) -> Block:
    """A heading, an equation or a paragraph."""
    words = " ".join(part.split())
    formula = FORMULA.fullmatch(words)
    if formula is not None:
        return Formula(formula[1], equation(formula[1]), formula[2] or "", formula[3] or "")
    return Words(words[3:], "heading") if words.startswith("## ") else Words(words)


def template(chapter: str, facts: Mapping[str, Any]) -> str:
    """A chapter's text with its numbers; one without a template has its name."""
    path = CHAPTERS / f"{chapter}.md"
    if not path.exists():
        return chapter.replace("_", " ").capitalize()
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(path.read_text(encoding="utf-8")).render(**facts)
