"""The cost of attention as a figure and as tables."""

from pathlib import Path

import pytest
import torch

from rdfia.chapters.vit import questions
from rdfia.data.store import Split
from rdfia.report.engine.context import Context
from rdfia.theory.answer import Answer
from rdfia.theory.attention import AttentionCost
from tests.chapters.answers import answered, numbered, plotted
from tests.report.making import drawings, plots, tables

NONE = Split(torch.zeros(0, 2), torch.zeros(0))


@pytest.fixture(scope="module")
def answer() -> Answer:
    return AttentionCost(tokens=(16, 32, 64, 128), batch=1, repeats=0).answer(NONE)


@pytest.fixture
def context(answer: Answer, tmp_path: Path) -> Context:
    return answered(tmp_path, attention=answer)


@pytest.fixture
def timed(answer: Answer, tmp_path: Path) -> Context:
    """The answer with a time for each number of tokens."""
    times = {"nanoseconds": [10**6, 10**6, 2 * 10**6, 4 * 10**6]}
    ways = {
        name: {**way, **times, "exponents": {**way["exponents"], "nanoseconds": 1.0}}
        for name, way in answer.facts["ways"].items()
    }
    return answered(tmp_path / "timed", attention=Answer({**answer.facts, "ways": ways}))


def test_costs_are_plotted_as_they_were_counted(context: Context, answer: Answer) -> None:
    [plot] = plots(questions.attention_cost, context)
    assert numbered(plot) == plotted(plot)
    memory = [y for panel, line, _, y in plot.numbers.rows if (panel, line) == ("memory at the peak", "fused kernel")]
    assert memory == answer.facts["ways"]["fused"]["bytes"]


def test_the_caption_compares_the_bytes(context: Context, answer: Answer) -> None:
    written, fused = (answer.facts["ways"][name]["bytes"][-1] for name in ("written", "fused"))
    figure = drawings(questions.attention_cost, context)[0]
    assert f"at 128 tokens needs {written / fused:.0f} times fewer bytes" in figure.caption
    assert "Seconds" not in figure.caption
    assert figure.alt.startswith("Line charts of operations and memory of four ways of attention against 16 to 128")


def test_exponents_stand_beside_the_claims(context: Context) -> None:
    costs = tables(questions.attention_exponents, context)[0]
    product = tables(questions.product_of_queries_and_keys, context)[0]
    assert (costs.name, product.name) == ("theory_attention", "theory_product")
    assert [row[1] for row in costs.rows] == ["O(n²·d)", "O(n²·d)", "O(n·d²)", "O(n·w·d)"]
    assert [round(float(str(row[2])), 2) for row in costs.rows] == [2, 2, 1, 1]
    assert "n = 64 and 128;" in costs.caption
    assert [(round(float(str(row[1]))), row[2]) for row in product.rows] == [(2, 1), (1, 2)]
    assert "the two are exchanged" in product.caption


def test_seconds_have_a_panel_and_columns_where_they_were_taken(timed: Context) -> None:
    [plot] = plots(questions.attention_cost, timed)
    seconds = [y for panel, line, _, y in plot.numbers.rows if (panel, line) == ("time of a step", "linear")]
    assert seconds == pytest.approx([1e-3, 1e-3, 2e-3, 4e-3])
    figure = drawings(questions.attention_cost, timed)[0]
    assert "no two runs of this page have the same" in figure.caption
    assert "operations, memory and time" in figure.alt
    costs = tables(questions.attention_exponents, timed)[0]
    assert costs.rows[0][-1] == "4.0 ms"
    assert "Seconds are measured" in costs.caption


def test_without_an_answer_nothing_is_made(tmp_path: Path) -> None:
    functions = (questions.attention_cost, questions.attention_exponents, questions.product_of_queries_and_keys)
    assert [list(function(answered(tmp_path))) for function in functions] == [[], [], []]
