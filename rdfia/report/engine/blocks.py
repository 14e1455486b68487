"""A section of the page as blocks in reading order: words, equations, tables and figures.

A chapter's template says the order. It is Jinja first, so that its numbers come from files; what that gives is read
block by block, with blank lines between:

    the first block          the section's title
    ## words                 a heading
    $$ latex $$ | code | words   an equation, and beside it the code that computes it and a remark; both may be left out
    [table name]             a table of the section
    [figure name]            a figure of the section
    anything else            a paragraph, with `code` between backticks

A table or figure that does not exist is passed over. One that no block names comes at the end: first those of the whole
chapter, then those of each group of runs under its name.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from rdfia.analyse.groups import Group
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.equations import equation
from rdfia.report.engine.table import Table

CHAPTERS = Path(__file__).parents[2] / "chapters"
WHOLE = "The chapter as a whole"
PICTURES = ("_regions", "_attention", "_mistakes", "_filters")  # figures that are no charts, the most telling first
PLACE = re.compile(r"\[(table|figure) (\w+)\]")
FORMULA = re.compile(r"\$\$ (.+?) \$\$(?: \| (.*?)(?: \| (.*))?)?")


@dataclass(frozen=True)
class Words:
    """A paragraph, or a heading with the name that a link to it has."""

    text: str
    kind: str = "words"
    anchor: str = ""


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
    """A table or a figure in its place; a folded one is seen after a click on its summary."""

    content: Table | Drawing
    kind: str  # table, figure
    summary: str = ""


Block = Words | Formula | Shown


@dataclass(frozen=True)
class Section:
    """A page of the report, or a part of it as one file."""

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

    @property
    def headings(self) -> list[Words]:
        """What to jump to."""
        return [block for block in self.blocks if isinstance(block, Words) and block.kind == "heading"]

    @property
    def opening(self) -> str:
        """The first paragraph, empty if there is none."""
        return next((block.text for block in self.blocks if isinstance(block, Words) and block.kind == "words"), "")

    @property
    def cover(self) -> Drawing | None:
        """The figure that tells most when it is small: a picture rather than a chart, and the fullest of its kind."""
        for ending in PICTURES:
            pictures = [drawing for drawing in self.drawings if drawing.name.endswith(ending)]
            if pictures:
                return max(pictures, key=lambda drawing: len(drawing.svg))
        return next(iter(self.drawings), None)


def section(
    key: str,
    text: str,
    tables: Sequence[Table],
    drawings: Sequence[Drawing],
    groups: Sequence[Group] = (),
    folded: Mapping[str, str] | None = None,
) -> Section:
    """A section as its text lays it out; `folded` has the summaries of the tables to fold, by name."""
    title, *written = [part for part in re.split(r"\n\s*\n", text.strip()) if part]
    shown = [Shown(table, "table", (folded or {}).get(table.name, "")) for table in tables]
    waiting = {(s.kind, s.content.name): s for s in (*shown, *(Shown(drawing, "figure") for drawing in drawings))}
    blocks: list[Block] = []
    for part in written:
        placed = PLACE.fullmatch(part)
        if placed is None:
            blocks.append(_written(part))
        elif (placed[1], placed[2]) in waiting:
            blocks.append(waiting.pop((placed[1], placed[2])))
    headed = any(block.kind == "heading" for block in blocks)
    return Section(key, title, tuple(_anchored([*blocks, *_rest(key, list(waiting.values()), groups, headed)])))


def _rest(key: str, waiting: Sequence[Shown], groups: Sequence[Group], headed: bool) -> Iterator[Block]:
    """What no block names: that of the whole chapter, then that of each group; headings where there is something."""
    owners = [(shown, _owner(key, shown.content.name, groups)) for shown in waiting]
    for name in ("", *(group.name for group in groups if group.name)):
        own = [shown for shown, owner in owners if owner == name]
        if own and (name or headed or len(own) < len(waiting)):
            yield Words(name[:1].upper() + name[1:] or WHOLE, "heading")
        yield from own


def _owner(key: str, name: str, groups: Sequence[Group]) -> str:
    """The group whose name stands in that of a table or figure; the longest, because one may hold another."""
    rest = f"{name.removeprefix(key)}_"
    found = [group for group in groups if group.name and f"{group.suffix}_" in rest]
    return max(found, key=lambda group: len(group.suffix)).name if found else ""


def _anchored(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks with a name for each heading: its words, and a number where a heading has them again."""
    seen: Counter[str] = Counter()
    for block in blocks:
        if isinstance(block, Words) and block.kind == "heading":
            name = re.sub(r"[^a-z0-9]+", "-", block.text.lower()).strip("-") or "part"
            seen[name] += 1
            yield replace(block, anchor=name if seen[name] == 1 else f"{name}-{seen[name]}")
        else:
            yield block


def _written(part: str) -> Block:
    """A heading, an equation or a paragraph."""
    words = " ".join(part.split())
    formula = FORMULA.fullmatch(words)
    if formula is not None:
        return Formula(formula[1], equation(formula[1]), formula[2] or "", formula[3] or "")
    return Words(words[3:], "heading") if words.startswith("## ") else Words(words)


def template(chapter: str, facts: Mapping[str, Any]) -> str:
    """A chapter's text with its numbers; one without a template has its name."""
    path = CHAPTERS / chapter / "text.md"
    if not path.exists():
        return chapter.replace("_", " ").capitalize()
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(path.read_text(encoding="utf-8")).render(**facts)
