"""A section's text: what becomes of each block, and what is passed over."""

import re
from collections.abc import Iterator

import pytest

from rdfia.models import formulas
from rdfia.report.engine.blocks import LONG, WHOLE, Formula, Shown, Words, section
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import Drawing, themed
from rdfia.report.engine.equations import equation
from rdfia.report.engine.registry import Maker, Plot
from rdfia.report.engine.table import Column, Table

TABLES = [Table(name, "", (Column("a"),), (("1",),)) for name in ("one", "two")]
DRAWINGS = [Drawing(name, "", "", b"") for name in ("first", "second_C")]
NAMES = {"one", "two", "first", "second_C"}
TEXT = """
Title

A paragraph
over two lines.

## A heading

[figure second_C]

$$ a = \\frac{1}{2} $$ | half(a) | question 3

$$ b $$

[table two]

[figure missing]
"""


def test_blocks_come_in_the_order_of_the_text_and_the_rest_at_the_end() -> None:
    made = section("key", TEXT, [*TABLES, *DRAWINGS], (), NAMES)
    assert (made.key, made.title) == ("key", "Title")
    kinds = ["words", "heading", "figure", "formula", "formula", "table", "heading", "table", "figure"]
    assert [block.kind for block in made.blocks] == kinds
    assert made.blocks[0] == Words("A paragraph over two lines.")
    assert made.blocks[1] == Words("A heading", "heading", "a-heading")
    assert [table.name for table in made.tables] == ["two", "one"]
    assert [drawing.name for drawing in made.drawings] == ["second_C", "first"]
    assert isinstance(made.blocks[2], Shown)
    half, alone = made.blocks[3:5]
    assert isinstance(half, Formula)
    assert isinstance(alone, Formula)
    assert (half.code, half.remark, alone.code, alone.remark) == ("half(a)", "question 3", "", "")


@pytest.mark.parametrize(
    ("line", "code", "remark"),
    [
        ("$$ k $$ |  | linear", "", "linear"),
        ("$$ k $$ | k(x) | linear", "k(x)", "linear"),
        ("$$ k $$ | k(x)", "k(x)", ""),
        ("$$ k $$", "", ""),
    ],
)
def test_code_and_remark_of_an_equation_may_be_empty(line: str, code: str, remark: str) -> None:
    (block,) = section("key", f"Title\n\n{line}", []).blocks
    assert isinstance(block, Formula)
    assert (block.code, block.remark) == (code, remark)


def test_a_heading_with_nothing_below_it_is_passed_over() -> None:
    made = section("key", "Title\n\n## Full\n\nWords.\n\n## Empty\n\n[figure missing]\n\n## Last", [])
    assert [heading.text for heading in made.headings] == ["Full"]


def test_how_a_content_is_read_is_said_once() -> None:
    figures = [Drawing(name, f"See {name}.", "", b"", reading="Lines are means.") for name in ("a", "b")]
    other = Table("t", "See t.", (), (), reading="Dots are seeds.")
    made = section("key", "Title\n\n[figure b]\n\n[figure a]\n\n[table t]", [*figures, other])
    assert [drawing.caption for drawing in made.drawings] == ["See b. Lines are means.", "See a."]
    assert [table.caption for table in made.tables] == ["See t. Dots are seeds."]


def test_what_no_block_names_stands_under_its_group() -> None:
    groups = ["", "rate", "rate and batch", "loss", "unused"]
    tables = [("key", ""), ("key_rate", "rate"), ("key_dynamics_rate", "rate")]
    drawings = [("key_rate_loss", "rate"), ("key_effects_rate_and_batch", "rate and batch"), ("key_price", "")]
    contents = [
        *(Table(name, "", (), (), group=group) for name, group in tables),
        *(Drawing(name, "", "", b"", group=group) for name, group in drawings),
    ]
    made = section("key", "Title\n\nWords.\n\n[table key_rate]", contents, groups, {each.name for each in contents})
    after = [block for block in made.blocks[2:] if isinstance(block, Words | Shown)]
    names = [block.text if isinstance(block, Words) else block.content.name for block in after]
    assert names == [
        *("The chapter as a whole", "key", "key_price"),
        *("Rate", "key_dynamics_rate", "key_rate_loss"),
        *("Rate and batch", "key_effects_rate_and_batch"),
    ]


def test_what_is_not_its_own_is_shown_where_the_text_names_it_alone() -> None:
    made = section("key", "Title\n\n[figure first]", [*TABLES, *DRAWINGS])
    assert (made.drawings, made.tables) == (DRAWINGS[:1], [])


def test_a_text_without_headings_needs_none_for_what_it_does_not_name() -> None:
    made = section("key", "Title\n\nWords.", [*TABLES, *DRAWINGS], (), NAMES)
    assert [block.kind for block in made.blocks] == ["words", "table", "table", "figure", "figure"]
    assert made.headings == []


def test_headings_can_be_told_apart_by_their_anchors() -> None:
    made = section("key", "Title\n\n## How large, a step?\n\nA.\n\n## …\n\nB.\n\n## How large a step\n\nC.", [])
    assert [heading.anchor for heading in made.headings] == ["how-large-a-step", "part", "how-large-a-step-2"]


def chart(context: Context) -> Iterator[Plot]:
    """Make nothing: only the name counts here."""
    yield from ()


@pytest.mark.parametrize(
    ("figures", "cover"),
    [
        ([], None),
        ([("loss", False), ("accuracy", False)], "loss"),
        ([("loss", False), ("maps", True), ("maps of all", True), ("filters of more", True)], "maps of all"),
    ],
)
def test_the_cover_is_the_fullest_of_the_first_pictures(figures: list[tuple[str, bool]], cover: str | None) -> None:
    drawings = [
        Drawing(name, "", "", name.encode(), Maker("figure", name.split()[0], chart, picture))
        for name, picture in figures
    ]
    made = section("key", "Title\n\nFirst.\n\nSecond.", drawings, (), {name for name, _ in figures})
    assert (made.cover.name if made.cover else None) == cover
    assert made.opening == "First."


def test_every_equation_of_the_lesson_can_be_set() -> None:
    spoken = [function for function in vars(formulas).values() if hasattr(function, "latex")]
    assert len(spoken) > 15
    for function in spoken:
        svg = equation(function.latex).svg.decode()
        assert len(re.findall("<use|<path", svg)) > 5
        assert "<text" not in svg  # a reader need not have the font


def test_equations_take_the_colours_of_the_page() -> None:
    assert "fill: var(--ink)" in themed(equation("x").svg)


def test_a_longer_equation_is_wider() -> None:
    def width(latex: str) -> float:
        found = re.search(r"width='([0-9.]+)pt'", equation(latex).svg.decode())
        assert found is not None
        return float(found[1])

    assert width("x + y") > 2 * width("x")


def test_a_page_is_parted_at_its_headings() -> None:
    made = section("key", TEXT, [*TABLES, *DRAWINGS], (), NAMES)
    assert [part.heading and part.heading.text for part in made.parts] == ["A heading", WHOLE]
    assert [part.contents for part in made.parts] == ["1 table, 1 figure", "1 table, 1 figure"]
    assert (*made.blocks[:1], *(block for part in made.parts for block in (part.heading, *part.blocks))) == made.blocks
    assert not made.long
    begun = section("key", "Title\n\n[table one]\n\nWords.\n\n## Heading\n\nMore.", TABLES)
    assert begun.opening == ""
    assert [len(part.blocks) for part in begun.parts] == [2, 1]
    many = [Table(f"t{number}", "", (Column("a"),), (("1",),)) for number in range(LONG)]
    assert section("key", "Title", many, (), {table.name for table in many}).long
