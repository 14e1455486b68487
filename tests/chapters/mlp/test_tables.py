"""The tables on the written questions of part 1."""

from pathlib import Path

import pytest

from rdfia.analyse.read_study import read_study
from rdfia.chapters.mlp import tables
from rdfia.report.engine.context import Context
from tests.chapters.answers import answered
from tests.report import sample
from tests.report.making import tables as made_tables

TABLES = {
    tables.gradients: "theory_gradients",
    tables.wrong_formulas: "theory_wrong_formulas",
    tables.multiplications: "theory_backprop",
    tables.implementations: "implementations",
}


def test_a_question_without_an_answer_has_no_table(answers: Context, tmp_path: Path) -> None:
    assert [made_tables(function, answers)[0].name for function in TABLES] == list(TABLES.values())
    assert [made_tables(function, answered(tmp_path)) for function in TABLES] == [[], [], [], []]


def test_right_formulas_err_by_rounding_and_wrong_ones_by_more(answers: Context) -> None:
    facts, _ = answers.theory("gradients")
    right, wrong = made_tables(tables.gradients, answers)[0], made_tables(tables.wrong_formulas, answers)[0]
    assert [row[0] for row in right.rows] == [entry["function"] for entry in facts["formulas"]]
    assert all(float(str(row[-1])) < 1e-12 for row in right.rows)
    assert all(float(str(row[-1])) > 1e-2 for row in wrong.rows)
    worst = max((str(row[-1]) for row in right.rows), key=float)
    assert f"the largest here is {worst}." in right.caption
    assert f"the largest of the right formulas {worst}." in wrong.caption


def test_multiplications_are_those_that_were_counted(answers: Context) -> None:
    facts, _ = answers.theory("backprop")
    counted = made_tables(tables.multiplications, answers)[0]
    assert [row[0] for row in counted.rows] == ["2", "4", "8", "16", "exponent"]
    assert [row[1] for row in counted.rows[:-1]] == facts["methods"]["backprop"]["counts"]
    assert counted.rows[0][-1] == "2"
    assert counted.rows[-2][-1] == "2.1e13"  # 16!
    assert "Two of the published reports say O(n²) for the naive way and O(n) for backpropagation, one of" in (
        counted.caption
    )
    assert "reports says O(n!) for the naive way. From 8 to 16 layers" in counted.caption


def test_the_implementations_stand_beside_the_runs(answers: Context, tmp_path: Path) -> None:
    facts, _ = answers.theory("implementations")
    rows = {row[0]: row for row in made_tables(tables.implementations, answers)[0].rows}
    assert rows["by_hand"] == ("by_hand", "the derived formulas", "written out", "0", "0", None, None)
    assert rows["nn"][4] == tables.scientific(facts["largest_difference"]["float64"]["nn"])
    assert float(str(rows["nn"][3])) < 1e-4
    context = Context(read_study(sample.write(tmp_path), tmp_path), ())
    accuracy = context.study.run("mlp/autograd")
    assert accuracy is not None
    assert tables._implementation(context, facts, "autograd")[-1] == accuracy.test_accuracy


@pytest.mark.parametrize(("number", "text"), [(2.13e-16, "2.1e-16"), (0.0, "0"), (2.0, "2"), (0.927, "0.93")])
def test_numbers_of_any_size(number: float, text: str) -> None:
    assert tables.scientific(number) == text
