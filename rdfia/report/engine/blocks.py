"""A section of the page as blocks in reading order: words, equations, tables and figures.

A chapter's template says the order. It is Jinja first, so that its numbers come from files; what that gives is read
block by block, with blank lines between:

    the first block          the section's title
    ## words                 a heading
    $$ latex $$ | code | words   an equation, and beside it the code that computes it and a remark; both may be empty
    [table name]             a table
    [figure name]            a figure; within a sentence a reference to it
    anything else            a paragraph, with `code` between backticks

A table or figure that was not made is passed over (`names.check` has refused names that nothing makes), and so is a
heading with nothing below it. How contents are read is said in the caption of the first that is read so. One of the
section's own that no block names comes at the end: first those of the whole chapter, then those of each group of runs
under its name.
"""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rdfia.analyse.claims import Outcome
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.equations import equation
from rdfia.report.engine.references import Work
from rdfia.report.engine.table import Table
from rdfia.theory.written import Written

WHOLE = "The chapter as a whole"
LONG = 15  # tables and figures, from which on the parts of a page are folded
PLACE = re.compile(r"\[(\w+) ([^\]]*)\]")
FORMULA = re.compile(r"\$\$ (.+?) \$\$(?: \| ?(.*?)(?: ?\| (.*))?)?")


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
    """A table or a figure in its place, with its number."""

    content: Table | Drawing
    number: str = ""

    @property
    def empty(self) -> bool:
        """Whether it is a table without rows, of which a page has the caption alone."""
        return isinstance(self.content, Table) and not self.content.rows

    @property
    def kind(self) -> str:
        """Return what is shown: table or figure."""
        return self.content.kind


@dataclass(frozen=True)
class Evidence:
    """Where something is shown and what it says, each empty where there is nothing."""

    link: str
    words: str


@dataclass(frozen=True)
class Asked:
    """A written question, the evidence of each name that it gives, and the claims that the same runs decide."""

    question: Written
    shown: Mapping[str, Evidence]
    claims: tuple[Outcome, ...] = ()
    kind: str = "question"


@dataclass(frozen=True)
class Cited:
    """A work that the study builds on, with the pages that make use of it."""

    work: Work
    pages: tuple["Section", ...]
    kind: str = "work"


Block = Words | Formula | Shown | Asked | Cited


@dataclass(frozen=True)
class Part:
    """The blocks below a heading; those before the first heading have none."""

    heading: Words | None
    blocks: tuple[Block, ...]

    @property
    def contents(self) -> str:
        """What is in it, as "2 tables, 1 figure"; empty where it has words alone."""
        counts = Counter(block.kind for block in self.blocks if isinstance(block, Shown) and not block.empty)
        kinds = sorted(counts.items(), reverse=True)
        return ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds)


@dataclass(frozen=True)
class Section:
    """A page of the report, or a part of it as one file."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    number: int = 0
    works: tuple[Work, ...] = ()  # that its text cites, and those of the methods that its runs use

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
        """The first paragraph, empty if it is not what the section begins with."""
        first = next(iter(self.blocks), None)
        return first.text if isinstance(first, Words) and first.kind == "words" else ""

    @property
    def parts(self) -> list[Part]:
        """All that follows the opening, by its headings."""
        rest = self.blocks[1:] if self.opening else self.blocks
        starts = [place for place, block in enumerate(rest) if block.kind == "heading"]
        cut = [rest[start:end] for start, end in pairwise((0, *starts, len(rest))) if end > start]
        return [_part(*own) for own in cut]

    @property
    def long(self) -> bool:
        """Whether its parts are folded on a page."""
        return len(self.tables) + len(self.drawings) >= LONG

    @property
    def cover(self) -> Drawing | None:
        """Return the figure that tells most when it is small: the fullest of the first kind of picture."""
        makers = [drawing.maker for drawing in self.drawings if drawing.maker and drawing.maker.picture]
        pictures = [drawing for drawing in self.drawings if makers and drawing.maker == makers[0]]
        return max(pictures, key=lambda drawing: len(drawing.svg), default=next(iter(self.drawings), None))


def _part(first: Block, *others: Block) -> Part:
    if isinstance(first, Words) and first.kind == "heading":
        return Part(first, others)
    return Part(None, (first, *others))


def section(
    key: str, text: str, contents: Sequence[Table | Drawing], groups: Sequence[str] = (), own: Container[str] = ()
) -> Section:
    """Return the section that a text lays out; `own` are the names of contents that are shown though it names none."""
    title, *written = [part for part in re.split(r"\n\s*\n", text.strip()) if part]
    waiting: dict[tuple[str, str], Table | Drawing] = {(each.kind, each.name): each for each in contents}
    blocks: list[Block] = []
    for part in written:
        placed = PLACE.fullmatch(part)
        if placed is None:
            blocks.append(_written(part))
        elif (placed[1], placed[2]) in waiting:
            blocks.append(Shown(waiting.pop((placed[1], placed[2]))))
    rest = [content for content in waiting.values() if content.name in own]
    headed = any(block.kind == "heading" for block in blocks)
    blocks += _rest(rest, groups, headed)
    filled = [one for one, other in pairwise((*blocks, None)) if one and not _empty(one, other)]
    return Section(key, title, tuple(anchored(_read(filled))))


def _empty(block: Block, after: Block | None) -> bool:
    """Return whether a block is a heading with nothing below it."""
    return block.kind == "heading" and (after is None or after.kind == "heading")


def _read(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks, of which the first with each way of reading has it in its caption."""
    said = {""}
    for block in blocks:
        if isinstance(block, Shown) and (reading := block.content.reading) not in said:
            said.add(reading)
            yield Shown(replace(block.content, caption=f"{block.content.caption} {reading}"))
        else:
            yield block


def _rest(waiting: Sequence[Table | Drawing], groups: Sequence[str], headed: bool) -> Iterator[Block]:
    """Yield what no block names: that of the whole chapter, then that of each group; headings where there is any."""
    for name in dict.fromkeys(("", *groups, *(content.group for content in waiting))):
        own = [content for content in waiting if content.group == name]
        if own and (name or headed or len(own) < len(waiting)):
            yield Words(name[:1].upper() + name[1:] or WHOLE, "heading")
        yield from map(Shown, own)


def anchored(blocks: Iterable[Block]) -> Iterator[Block]:
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
