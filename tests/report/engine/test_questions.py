"""The page of the written questions: where each name leads, and what the pages say of a question."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rdfia.analyse.read_study import read_study
from rdfia.analyse.results import Study
from rdfia.report.engine.blocks import Asked, Section, Words, section
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.questions import link, with_questions
from rdfia.report.engine.table import Column, Table
from rdfia.theory.written import Parts, parse, read
from tests.report import sample

MISTAKE = {"number": 1, "reports": ["R2022"], "printed": "One.", "right": "Two.", "shown_by": "losses"}
PARTS = parse(
    {
        "Part": [
            {"id": "1a.1", "question": "Why?", "answer": "So.", "reports": {"R2022": "Because."},
             "decided_by": ["cnn/planned", "gone"], "errors": [MISTAKE]},
        ],
    },
    "q.yaml",
)  # fmt: skip


def table(name: str, group: str = "", summary: str = "", rows: int = 1) -> Table:
    return Table(name, "A caption.", (Column("run"),), (("a",),) * rows, None, group, summary)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return read_study(sample.params(), tmp_path)


@pytest.fixture
def pages() -> dict[str, Section]:
    figure = replace(Drawing("mlp_effects_hidden_units", "A caption.", "", b""), group="hidden units")
    contents = [table("mlp"), table("mlp_folded", "hidden units", "Unfold"), figure, table("theory_losses")]
    shown = section("mlp", "One", contents, (), {content.name for content in contents})
    return {"mlp": shown, "cnn": section("cnn", "Two", [table("cnn", rows=0)], (), {"cnn"})}


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("mlp", "mlp.html#table-mlp"),
        ("mlp/autograd", "mlp.html#table-mlp"),  # a run without a group
        ("mlp/wide", "mlp.html#figure-mlp_effects_hidden_units"),
        ("mlp/hidden units", "mlp.html#figure-mlp_effects_hidden_units"),
        ("losses", "mlp.html#table-theory_losses"),
        ("cnn/planned", "cnn.html"),  # a table without rows has no place on the page
        ("gradients", ""),
        ("svm/rbf", ""),
    ],
)
def test_a_name_leads_to_what_is_in_sight(study: Study, pages: dict[str, Section], name: str, to: str) -> None:
    assert link(name, study, pages) == to


def test_questions_come_below_the_text_part_by_part(study: Study, pages: dict[str, Section]) -> None:
    made = with_questions(section("questions", "Questions\n\nWords.", []), PARTS, study, list(pages.values()))
    words, heading, asked = made.blocks
    assert isinstance(words, Words)
    assert isinstance(heading, Words)
    assert (words.text, heading.text, heading.anchor) == ("Words.", "Part", "part")
    assert isinstance(asked, Asked)
    assert asked.links == {"cnn/planned": "cnn.html", "gone": "", "losses": "mlp.html#table-theory_losses"}


def test_the_page_and_the_text_hold_every_question(report: Path) -> None:
    page, text = (report / "pages" / "questions.html").read_text("utf-8"), (report / "report.md").read_text("utf-8")
    parts: Parts = read()
    questions = [question for each in parts.values() for question in each]
    assert re.findall(r'<details class="question" id="question-([^"]+)">', page) == [q.id for q in questions]
    assert page.count("<strong>Right:</strong>") == sum(len(question.errors) for question in questions)
    for question in questions:
        assert f"<details><summary>{question.id} {question.question}</summary>\n\n{question.answer}\n" in text
        assert [said for said in question.reports.values() if f": {said}\n" not in text] == []
        assert [error.right for error in question.errors if f"Right: {error.right}" not in text] == []
    assert 'href="cnn.html' in page
