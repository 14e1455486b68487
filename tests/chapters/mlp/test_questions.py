"""The figures on the written questions of part 1: what is plotted, and what their captions carry."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rdfia.analyse.read_study import read_study
from rdfia.chapters.mlp import questions
from rdfia.files import read_json, write_json
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Plot
from tests.chapters.answers import answered, numbered, plotted
from tests.report import sample
from tests.report.making import drawings, plots

FIGURES = {
    questions.losses: "theory_losses",
    questions.backprop: "theory_backprop",
    questions.batch_sizes: "theory_descent",
    questions.learning_rates: "theory_steps",
}
Function = Callable[[Context], Iterable[Plot]]


@pytest.mark.parametrize(("function", "name"), FIGURES.items())
def test_the_same_answers_give_the_same_bytes(function: Function, name: str, answers: Context, tmp_path: Path) -> None:
    first, second = drawings(function, answers)[0], drawings(function, answers)[0]
    assert first.name == name
    assert first == second
    assert drawings(function, answered(tmp_path)) == []


def test_losses_are_plotted_and_written_alike(answers: Context) -> None:
    [plot] = plots(questions.losses, answers)
    assert numbered(plot) == plotted(plot)
    _, arrays = answers.theory("losses")
    flow = [y for panel, line, _, y in plot.numbers.rows if (panel, line) == ("descent on ỹ", "squared error")]
    assert flow == arrays["squared_error/flow"].tolist()


def test_the_losses_caption_has_the_pushes_and_the_steps(answers: Context) -> None:
    facts, _ = answers.theory("losses")
    caption = drawings(questions.losses, answers)[0].caption
    both = [f"{facts[kind]['at_start']:.3f}" for kind in ("cross_entropy", "squared_error")]
    assert f"the pushes are {both[0]} and {both[1]}" in caption
    assert "never with squared error" in caption  # 20 steps do not suffice


def test_multiplications_are_plotted_beside_those_of_backpropagation(answers: Context) -> None:
    facts, _ = answers.theory("backprop")
    [plot] = plots(questions.backprop, answers)
    assert numbered(plot) == plotted(plot)
    counts = [method["counts"] for method in facts["methods"].values()]
    ratios = [y for panel, _, _, y in plot.numbers.rows if panel == questions.COST_PANELS[1]]
    np.testing.assert_allclose(ratios, np.divide(counts, counts[0]).flatten())
    naive = f"take {counts[1][-1] / counts[0][-1]:.0f} and {counts[2][-1] / counts[0][-1]:.0f} times"
    assert naive in drawings(questions.backprop, answers)[0].caption


def test_the_factorial_is_scaled_to_its_start_and_ends_below_the_top() -> None:
    n, curve = questions._factorial([2, 16], 10.0, 1e5)
    assert (n[0], curve[0]) == pytest.approx((2, 10))
    assert np.interp(4, n, curve) == pytest.approx(10 * 24 / 2, rel=1e-3)
    assert 0.5e5 < curve[-1] <= 1e5


@pytest.mark.parametrize("function", [questions.batch_sizes, questions.learning_rates])
def test_paths_are_plotted_with_their_losses(function: Function, answers: Context) -> None:
    [plot] = plots(function, answers)
    *maps, last = plot.figure.axes
    paths = [np.transpose(axis.lines[-1].get_data()).tolist() for axis in maps]
    ends = [np.transpose(line.get_data()).tolist() for line in last.lines]
    rows = [[row[1:] for row in plot.numbers.rows if row[0] == axis.get_title("left")] for axis in maps]
    assert [[list(point) for _, *point, _ in path] for path in rows] == paths
    assert [[[time, loss] for time, *_, loss in path] for path in rows] == ends


def test_the_captions_of_descent_have_its_steps_and_its_limit(answers: Context) -> None:
    facts, _ = answers.theory("descent")
    batches, rates = (drawings(function, answers)[0].caption for function in list(FIGURES)[2:])
    assert f"the star is the lowest point ({facts['lowest']['loss']:.2f})." in batches
    assert "Whole set (60): 2 steps" in batches
    assert f"2/λ = {facts['stable_below']:.2f} cannot" in rates


def test_without_a_curvature_there_is_no_limit(answers: Context, tmp_path: Path) -> None:
    context = answered(tmp_path)
    folder, copy = (study.folder() / "theory" for study in (answers.study, context.study))
    write_json(read_json(folder / "descent.json", "") | {"stable_below": None}, copy / "descent.json")
    (copy / "descent.safetensors").write_bytes((folder / "descent.safetensors").read_bytes())
    assert drawings(questions.learning_rates, context)[0].caption.endswith("too large a step jumps across the valley.")


def test_implementations_are_plotted_where_their_weights_differ(answers: Context, tmp_path: Path) -> None:
    declared = sample.write(tmp_path)
    source, copy = answers.study.folder() / "theory", tmp_path / "reports" / "full" / "theory"
    copy.mkdir()
    for kind in ("json", "safetensors"):
        (copy / f"implementations.{kind}").write_bytes((source / f"implementations.{kind}").read_bytes())
    context = Context(read_study(declared, tmp_path), ())
    [plot] = plots(questions.implementation_losses, context)
    assert numbered(plot) == plotted(plot)
    lines: dict[Any, list[Any]] = {}
    for panel, line, _, y in plot.numbers.rows:
        lines.setdefault((panel, line), []).append(y)
    assert len(lines[questions.IMPLEMENTATION_PANELS[0], "autograd"]) == 9  # the sample's epochs of seed 0
    worst = max(y for (panel, line), ys in lines.items() if line.endswith("float32") for y in ys)
    assert questions.scientific(worst) in drawings(questions.implementation_losses, context)[0].caption
    assert drawings(questions.implementation_losses, answers) == []  # no run, no figure
