"""The page of the written questions: where each name leads, and what the pages say of a question."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rdfia.analyse import claims
from rdfia.analyse.read_study import read_study
from rdfia.analyse.results import Study
from rdfia.report.engine.blocks import Asked, Section, Words, section
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.evidence import evidence
from rdfia.report.engine.questions import linked, place, with_questions
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
    assert place(name, study, pages)[0] == to


def test_questions_come_below_the_text_part_by_part(study: Study, pages: dict[str, Section]) -> None:
    made = with_questions(section("questions", "Questions\n\nWords.", []), PARTS, study, list(pages.values()))
    words, heading, asked = made.blocks
    assert isinstance(words, Words)
    assert isinstance(heading, Words)
    assert (words.text, heading.text, heading.anchor) == ("Words.", "Part", "part")
    assert isinstance(asked, Asked)
    links = {name: one.link for name, one in asked.shown.items()}
    assert links == {"cnn/planned": "cnn.html", "gone": "", "losses": "mlp.html#table-theory_losses"}
    assert [one.words for one in asked.shown.values()] == ["not run", "", "A caption"]


def test_a_question_has_the_claims_that_its_runs_and_groups_decide(study: Study, pages: dict[str, Section]) -> None:
    both = {"said_by": ["R2022"], "kind": "tendency", "threshold": {"above": 0}, "claim": "Wider is better."}
    runs = {"wide": ["mlp/wide", "mlp/narrow"], "other": ["cnn/standardise", "cnn/baseline"]}
    known = {
        name: {**both, "statistic": {"name": "difference", "of": "accuracy", "runs": pair}}
        for name, pair in runs.items()
    }
    outcomes = claims.decide(claims.parse(known, "c.yaml"), study)
    asked = {"id": "1a.4", "question": "How wide?", "answer": "So.", "reports": {}, "decided_by": ["mlp/hidden units"]}
    made = with_questions(
        section("questions", "Q\n\nWords.", []),
        parse({"Part": [asked]}, "q.yaml"),
        study,
        list(pages.values()),
        outcomes,
    )
    assert isinstance(made.blocks[-1], Asked)
    assert [one.name for one in made.blocks[-1].claims] == ["wide"]


def test_tables_lead_to_questions_and_to_what_shows_an_error(study: Study, pages: dict[str, Section]) -> None:
    columns = (Column("question", code=True), Column("shown by", code=True), Column("right"))
    rows = (("1a.1", "losses", "losses"), ("9z", "gone", ""))
    page = section("errors", "Errors\n\nWords.\n\n[table errors]", [Table("errors", "", columns, rows)])
    (table,) = linked(page, PARTS, study, list(pages.values())).tables
    assert table.rows == rows
    leads = [[getattr(cell, "link", None) for cell in row] for row in table.rows]
    assert leads == [["questions.html#question-1a.1", "mlp.html#table-theory_losses", None], [None, None, None]]


def test_evidence_is_what_results_say(study: Study, tmp_path: Path) -> None:
    sample.write(tmp_path)
    whole = read_study(sample.params(), tmp_path)
    run = evidence("cnn/standardise", whole, None)
    assert re.fullmatch(r"7\d\.\d\d \[.*\] %, \+\d\.\d\d \[.*\] points against baseline: (helps|not resolved)", run)
    assert evidence("cnn/planned", whole, None) == "not run"
    group = evidence("mlp/hidden units", whole, None)
    assert re.fullmatch(r"2 runs, 9\d\.\d\d to 9\d\.\d\d %: (2 hurts|1 not resolved, 1 hurts|2 not resolved)", group)
    assert evidence("losses", whole, table("theory_losses")) == "A caption"
    assert evidence("gone", whole, None) == ""


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
