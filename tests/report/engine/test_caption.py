"""Captions from templates: what the filters write, and what is an error."""

from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from rdfia.report.engine.caption import caption, environment


@pytest.mark.parametrize(
    ("template", "facts", "text"),
    [
        ("{{ x | fixed }} {{ x | fixed(1) }} {{ x | signed }} {{ x | plain }}", {"x": 1.0625}, "1.06 1.1 +1.06 1.0625"),
        ("{{ x | rounded }}", {"x": 63_421.0}, "63,000"),
        ("{{ x | rounded }}", {"x": 1.34}, "1.3"),
        ("{{ x | span }} {{ y | span(0) }}", {"x": [2.0, 1.0, 3.0], "y": [1, 1]}, "1.00 to 3.00 1"),
        ("{{ x | listed }}, {{ sure }}", {"x": ["a", "b", "c"]}, "a, b and c, 95 %"),
    ],
)
def test_filters_write_numbers_and_lists(template: str, facts: dict[str, Any], text: str) -> None:
    assert environment().from_string(template).render(**facts) == text


def test_lines_part_the_caption_from_how_it_is_read_and_from_the_description(tmp_path: Path) -> None:
    template = tmp_path / "sizes.md"
    template.write_text(
        "Sizes of\n{{ name }}.\n+++\n{% if more %}\nMore.\n{% endif %}\n---\nBars of {{ name }}.\n", "utf-8"
    )
    assert caption(template, {"name": "cnn", "more": False}) == ("Sizes of cnn.", "", "Bars of cnn.")
    assert caption(template, {"name": "cnn", "more": True}) == ("Sizes of cnn.", "More.", "Bars of cnn.")
    template.with_name("read.md").write_text("Sizes.\n+++\nMore.\n", "utf-8")
    assert caption(template.with_name("read.md"), {}) == ("Sizes.", "More.", "")
    with pytest.raises(UndefinedError):
        caption(template, {"name": "cnn"})


@pytest.mark.parametrize(
    ("comparisons", "text"),
    [
        ({}, ""),
        ({"": 1}, "The interval of the one effect holds at 95 %."),
        ({"rate": 3}, "The intervals of 3 effects hold together at 95 %."),
        (
            {"": 1, "rate": 3},
            "The intervals of effects hold together at 95 % for the comparisons of a group: 1 in no group, 3 in rate.",
        ),
    ],
)
def test_intervals_hold_together_for_the_comparisons_of_a_group(comparisons: dict[str, int], text: str) -> None:
    template = '{% from "shared.md" import simultaneity %}{{ simultaneity(comparisons) }}'
    assert environment().from_string(template).render(comparisons=comparisons).strip() == text
