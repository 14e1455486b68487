"""A section's text: what becomes of each block, and what is passed over."""

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from rdfia.analyse import results
from rdfia.analyse.groups import Group
from rdfia.closure import CHAPTERS
from rdfia.models import formulas
from rdfia.report import lessons
from rdfia.report.engine import blocks
from rdfia.report.engine.blocks import Formula, Shown, Words, section
from rdfia.report.engine.drawing import Drawing, themed
from rdfia.report.engine.equations import equation
from rdfia.report.engine.table import Column, Table
from tests.report import sample

TABLES = [Table(name, "", (Column("a"),), (("1",),)) for name in ("one", "two")]
DRAWINGS = [Drawing(name, "", "", b"", b"") for name in ("first", "second_C")]
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
    made = section("key", TEXT, TABLES, DRAWINGS)
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


def test_what_no_block_names_stands_under_its_group() -> None:
    groups = [Group(name, (), ()) for name in ("", "rate", "rate and batch", "loss", "unused")]
    names = ["key_rate_loss", "key_effects_rate_and_batch", "key_loss", "key_loss_accuracy", "key_price"]
    drawings = [Drawing(name, "", "", b"", b"") for name in names]
    tables = [Table(name, "", (), ()) for name in ("key", "key_rate", "key_loss", "key_dynamics_rate")]
    made = section("key", "Title\n\nWords.\n\n[table key_rate]", tables, drawings, groups)
    after = [block for block in made.blocks[2:] if isinstance(block, Words | Shown)]
    told = [block.text if isinstance(block, Words) else block.content.name for block in after]
    assert told == [
        *("The chapter as a whole", "key", "key_price"),
        *("Rate", "key_dynamics_rate", "key_rate_loss"),
        *("Rate and batch", "key_effects_rate_and_batch"),
        *("Loss", "key_loss", "key_loss", "key_loss_accuracy"),
    ]


def test_a_text_without_headings_needs_none_for_what_it_does_not_name() -> None:
    made = section("key", "Title\n\nWords.", TABLES, DRAWINGS)
    assert [block.kind for block in made.blocks] == ["words", "table", "table", "figure", "figure"]
    assert made.headings == []


def test_headings_can_be_told_apart_by_their_anchors() -> None:
    made = section("key", "Title\n\n## How large, a step?\n\n## …\n\n## How large a step", [], [])
    assert [heading.anchor for heading in made.headings] == ["how-large-a-step", "part", "how-large-a-step-2"]


def test_a_table_is_folded_where_it_has_a_summary() -> None:
    made = section("key", "Title\n\n[table two]", TABLES, [], folded={"two": "Numbers"})
    shown = {block.content.name: block.summary for block in made.blocks if isinstance(block, Shown)}
    assert shown == {"two": "Numbers", "one": ""}


@pytest.mark.parametrize(
    ("names", "cover"),
    [
        ([], None),
        (["a_loss", "b"], "a_loss"),
        (["a_loss", "a_filters", "b_regions", "longer_regions"], "longer_regions"),
    ],
)
def test_the_cover_is_a_full_picture_where_there_is_one(names: list[str], cover: str | None) -> None:
    made = section("key", "Title\n\nFirst.\n\nSecond.", [], [Drawing(n, "", "", n.encode(), b"") for n in names])
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
        found = re.search(r'width="([0-9.]+)pt"', equation(latex).svg.decode())
        assert found is not None
        return float(found[1])

    assert width("x + y") > 2 * width("x")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_template_can_be_read_before_and_after_any_run(chapter: str, tmp_path: Path) -> None:
    declared = sample.params()
    for study in (results.load(declared, tmp_path), results.load(sample.write(tmp_path), tmp_path)):
        text = blocks.template(chapter, lessons.facts(study, study.chapters[0]))
        made = section(chapter, text, [], [])
        assert len(made.title) < 60
        words = [block.text for block in made.blocks if isinstance(block, Words)]
        assert [text for text in words if set(text) & set("[{$")] == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_templates_type_no_measured_number(chapter: str, tmp_path: Path) -> None:
    """A number with a decimal point or a per cent sign is a measurement, and comes from a file."""
    source = (blocks.CHAPTERS / f"{chapter}.md").read_text(encoding="utf-8")
    typed = re.sub(r"\{[{%].*?[}%]\}", "", source)
    assert re.findall(r"\d+\.\d+|\d ?%", typed) == []


def test_a_chapter_without_a_template_has_its_name() -> None:
    assert blocks.template("another_chapter", {}) == "Another chapter"


def test_a_number_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "CHAPTERS", tmp_path)
    (tmp_path / "new.md").write_text("Title\n\n{{ theory.missing.number }}", encoding="utf-8")
    with pytest.raises(UndefinedError):
        blocks.template("new", {"theory": {}})
