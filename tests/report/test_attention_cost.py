"""The cost of attention as a drawing and as tables."""

from pathlib import Path

import pytest
import torch

from rdfia.data.store import Split, save_tensors
from rdfia.files import write_json
from rdfia.report import attention_cost, theory
from rdfia.report.engine.drawing import style
from rdfia.theory.answer import Answer
from rdfia.theory.attention import AttentionCost

NONE = Split(torch.zeros(0, 2), torch.zeros(0))


@pytest.fixture(scope="module")
def answer() -> Answer:
    return AttentionCost(tokens=(16, 32, 64, 128), batch=1, repeats=0).answer(NONE)


def test_the_question_is_drawn_and_tabled_from_its_files(answer: Answer, tmp_path: Path) -> None:
    write_json(answer.facts, tmp_path / "attention.json")
    save_tensors(answer.arrays, tmp_path / "attention.safetensors")
    with style():
        (drawing,) = theory.drawings(tmp_path)
    assert drawing.name == "theory_attention"
    assert len(drawing.alt) >= 20
    written, fused = (answer.facts["ways"][name]["bytes"][-1] for name in ("written", "fused"))
    assert f"at 128 tokens needs {written / fused:.0f} times fewer bytes" in drawing.caption
    assert "Seconds" not in drawing.caption
    assert [table.name for table in theory.tables(tmp_path)] == ["theory_attention", "theory_product"]


def test_exponents_stand_beside_the_claims(answer: Answer) -> None:
    costs, product = attention_cost.tables(answer.facts)
    assert [row[1] for row in costs.rows] == ["O(n²·d)", "O(n²·d)", "O(n·d²)", "O(n·w·d)"]
    assert [round(float(str(row[2])), 2) for row in costs.rows] == [2, 2, 1, 1]
    assert "n = 64 and 128" in costs.caption
    assert [(round(float(str(row[1]))), row[2]) for row in product.rows] == [(2, 1), (1, 2)]
    assert "the two are exchanged" in product.caption


def test_seconds_have_a_panel_and_columns_where_they_were_taken(answer: Answer) -> None:
    ways = {
        name: way | {"nanoseconds": [10**6, 10**6, 2 * 10**6, 4 * 10**6]} for name, way in answer.facts["ways"].items()
    }
    for way in ways.values():
        way["exponents"] = way["exponents"] | {"nanoseconds": 1.0}
    facts = answer.facts | {"ways": ways}
    with style():
        drawing = attention_cost.draw(facts, {})
    assert "no two runs of this page have the same" in drawing.caption
    assert attention_cost.tables(facts)[0].rows[0][-1] == "4.0 ms"
