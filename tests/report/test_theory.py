"""The computed answers as drawings and tables."""

from pathlib import Path

import pytest
import torch

from rdfia import theory as questions
from rdfia.data.circles import Circles
from rdfia.data.store import save_tensors
from rdfia.files import find_json, write_json
from rdfia.report import theory
from rdfia.report.engine.drawing import Drawing, style

ASKED = {
    "gradients": {"shapes": 4},
    "losses": {"points": 19, "steps": 20},
    "backprop": {"depths": [2, 4, 8, 16], "width": 3},
    "descent": {"training": {"epochs": 40}, "points": 15, "epochs": 2, "steps": 8, "learning_rates": [0.1, 1.5]},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of all questions, as the stage writes them."""
    made: Path = tmp_path_factory.mktemp("theory")
    circles = Circles()._draw(60, torch.Generator().manual_seed(0))
    for name, question in questions.resolve({"theory": ASKED}).items():
        answer = question.answer(circles)
        write_json(answer.facts, made / f"{name}.json")
        save_tensors(answer.arrays, made / f"{name}.safetensors")
    return made


@pytest.fixture(scope="module")
def drawn(folder: Path) -> dict[str, Drawing]:
    with style():
        return {drawing.name: drawing for drawing in theory.drawings(folder)}


def test_every_drawing_has_its_words(drawn: dict[str, Drawing]) -> None:
    assert list(drawn) == ["theory_losses", "theory_backprop", "theory_descent", "theory_steps"]
    assert all(len(drawing.alt) >= 20 and drawing.caption.endswith(".") for drawing in drawn.values())
    assert all(drawing.svg.startswith(b"<?xml") and drawing.png[:4] == b"\x89PNG" for drawing in drawn.values())


def test_captions_carry_what_was_computed(drawn: dict[str, Drawing], folder: Path) -> None:
    losses, backprop, descent = (find_json(folder / f"{name}.json") for name in ("losses", "backprop", "descent"))
    assert f"{losses['squared_error']['at_start']:.3f}" in drawn["theory_losses"].caption
    assert "never with squared error" in drawn["theory_losses"].caption  # 20 steps do not suffice
    counts = [method["counts"][-1] for method in backprop["methods"].values()]
    assert f"{counts[2] / counts[0]:.0f} times" in drawn["theory_backprop"].caption
    assert f"{descent['lowest']['loss']:.2f}" in drawn["theory_descent"].caption
    assert "Whole set (60): 2 steps" in drawn["theory_descent"].caption
    assert f"2/λ = {descent['stable_below']:.2f}" in drawn["theory_steps"].caption


def test_the_same_files_give_the_same_bytes(drawn: dict[str, Drawing], folder: Path) -> None:
    with style():
        again = theory.drawings(folder)
    assert [drawing.svg for drawing in again] == [drawing.svg for drawing in drawn.values()]


def test_tables_lay_formulas_slips_and_counts_out(folder: Path) -> None:
    gradients, slips, backprop = theory.tables(folder)
    assert [table.name for table in (gradients, slips, backprop)] == [
        "theory_gradients", "theory_slips", "theory_backprop"
    ]  # fmt: skip
    facts = find_json(folder / "gradients.json")
    assert [row[0] for row in gradients.rows] == [entry["function"] for entry in facts["formulas"]]
    assert all(float(str(row[-1])) < 1e-12 for row in gradients.rows)
    assert all(float(str(row[-1])) > 1e-2 for row in slips.rows)
    assert [row[0] for row in backprop.rows] == ["2", "4", "8", "16", "exponent"]
    assert backprop.rows[0][-1] == "2"
    assert backprop.rows[-2][-1] == "2.1e13"  # 16!
    assert "O(n!)" in backprop.caption


def test_what_has_no_files_is_left_out(folder: Path, tmp_path: Path) -> None:
    assert (theory.drawings(tmp_path), theory.tables(tmp_path)) == ([], [])
    for name in ("losses.json", "backprop.json", "backprop.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with style():
        assert [drawing.name for drawing in theory.drawings(tmp_path)] == ["theory_backprop"]
    assert [table.name for table in theory.tables(tmp_path)] == ["theory_backprop"]


@pytest.mark.parametrize(("number", "text"), [(2.13e-16, "2.1e-16"), (0.0, "0"), (2.0, "2"), (0.927, "0.93")])
def test_numbers_of_any_size(number: float, text: str) -> None:
    assert theory.scientific(number) == text
