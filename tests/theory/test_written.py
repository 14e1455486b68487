"""The written questions in words: every question and every known error is there once, and names what exists."""

import re
from pathlib import Path
from typing import Any

import pytest

from rdfia import config, theory
from rdfia.config import ConfigError
from rdfia.theory import written

# Ranges stand as single questions, as the reports answer them singly; 1b as its three experiments. What the course of
# 2026 asks in the place of 1c.5 and 1c.6 has ids of its own.
IDS = [
    *(f"1a.{number}" for number in range(1, 18)),
    "1b.circles", "1b.mnist", "1b.svm",
    "1c.1", "1c.2", "1c.3", "1c.4", "1c.5", "1c.5-2026", "1c.6", "1c.6-2026", "1c.7",
    *(f"1d.{number}" for number in range(8, 35)),
    "1d.★",
    *(f"2.{number}" for number in range(1, 8)),
    "2.8a", "2.8b", "2.8c", "2.8d",
]  # fmt: skip
ERRORS = 57
SILENT = {"R2023a": ("1c.5-2026", "1c.6-2026"), "R2024": ("1a", "1b", "2"), "R2022": ("2",), "R2026": ("2",)}

PARTS = written.read()
QUESTIONS = [question for questions in PARTS.values() for question in questions]
PARAMS = config.load()


def test_every_question_is_there_in_the_order_of_the_course() -> None:
    assert [question.id for question in QUESTIONS] == IDS


def test_every_known_error_belongs_to_one_question() -> None:
    numbers = [error.number for question in QUESTIONS for error in question.errors]
    assert sorted(numbers) == list(range(1, ERRORS + 1))


def decisions() -> set[str]:
    """All that may decide a question: computed questions, chapters, and the runs and groups of each."""
    names = set(PARAMS["theory"])
    for chapter in PARAMS.keys() - set(config.params.OUTLINE):
        runs = PARAMS[chapter]["runs"]
        names |= {chapter, *(f"{chapter}/{run}" for run in runs)}
        names |= {f"{chapter}/{run['group']}" for run in runs.values() if "group" in run}
    return names


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_what_decides_a_question_or_shows_an_error_exists(question: written.Written) -> None:
    shown = {error.shown_by for error in question.errors} - {None}
    assert {*question.decided_by, *shown} <= decisions()
    assert set(PARAMS["theory"]) == set(theory.QUESTIONS)


@pytest.mark.parametrize(("report", "parts"), SILENT.items())
def test_a_report_has_no_answer_in_a_part_that_it_leaves_out(report: Any, parts: tuple[str, ...]) -> None:
    assert [q.id for q in QUESTIONS if q.id.startswith(parts) and report in q.reports] == []
    assert sum(report in question.reports for question in QUESTIONS) >= 30


def test_every_question_is_answered_by_a_report_and_texts_open_no_tag() -> None:
    for question in QUESTIONS:
        assert question.reports
        texts = [question.question, question.answer, *question.reports.values()]
        texts += [text for error in question.errors for text in (error.printed, error.right)]
        assert [text for text in texts if re.search(r"<\S|[*_$|]", re.sub("`[^`]+`", "", text))] == []
        assert [text for text in texts if text[-1] not in ".?"] == []


QUESTION = {"id": "1a.1", "question": "Why?", "answer": "So.", "reports": {}, "decided_by": ["losses"]}
ERROR = {"number": 1, "reports": ["R2022"], "printed": "One.", "right": "Two."}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": ""}, "q.yaml: Part.0.answer: found ''"),
        ({"answer": "One.\n\nTwo."}, "q.yaml: Part.0.answer: found 'One."),
        ({"anser": "So."}, "q.yaml: Part.0.anser: unknown key (did you mean answer?)"),
        ({"id": "3a.1"}, "q.yaml: Part.0.id: found '3a.1'"),
        ({"reports": {"R2021": "No."}}, "q.yaml: Part.0.reports"),
        ({"decided_by": []}, "q.yaml: Part.0: found {"),
        ({"text": True}, "allowed: either decided_by or text: true"),
        ({"decided_by": ["cnn/../x"]}, "q.yaml: Part.0.decided_by.0: found 'cnn/../x'"),
        ({"errors": [ERROR | {"number": 0}]}, "q.yaml: Part.0.errors.0.number: found 0"),
        ({"errors": [ERROR, ERROR]}, "q.yaml: number: found 1 twice"),
    ],
)
def test_a_bad_entry_ends_in_one_line(change: dict[str, Any], message: str) -> None:
    assert written.parse({"Part": [QUESTION]}, "q.yaml")["Part"][0].id == "1a.1"
    with pytest.raises(ConfigError) as caught:
        written.parse({"Part": [QUESTION | change]}, "q.yaml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_ids_are_told_apart_and_a_file_has_parts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"q\.yaml: id: found 1a\.1 twice, allowed: each once"):
        written.parse({"One": [QUESTION], "Two": [QUESTION]}, "q.yaml")
    (tmp_path / "q.yaml").write_text("- id: 1a.1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"q\.yaml: found .*allowed: titles of parts"):
        written.read(tmp_path / "q.yaml")
