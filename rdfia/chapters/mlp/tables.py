"""Tables on the written questions of part 1, and on four implementations of one network."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rdfia.analyse.loss_differences import largest_difference
from rdfia.report.engine.context import Context, Facts
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column

METHODS = {
    "backprop": "backpropagation",
    "stored": "naive, activations kept",
    "recomputed": "naive, nothing kept",
}
ROLES = {  # who finds the gradients, who applies them
    "by_hand": ("the derived formulas", "written out"),
    "autograd": ("autograd", "written out"),
    "nn": ("autograd, layers by torch.nn", "written out"),
    "optim": ("autograd, layers by torch.nn", "torch.optim"),
}
PRECISIONS = ("float32", "float64")
EPSILON = float(np.finfo(np.float64).eps)


@table("theory_gradients")
def gradients(context: Context) -> Iterator[Rows]:
    """Give every derived formula with its code and its error against autograd."""
    facts, _ = context.theory("gradients")
    columns = (
        Column("formula", code=True), Column("question"), Column("loss"), Column("code", code=True, wide=True),
        Column("relative error", code=True, numeric=True),
    )  # fmt: skip
    if facts:
        rows = [(f["function"], f["question"], f["loss"], f["code"], scientific(f["error"])) for f in facts["formulas"]]
        yield Rows(columns, rows, {**facts, "epsilon": scientific(EPSILON), "worst": _worst(facts["formulas"])})


@table("theory_wrong_formulas")
def wrong_formulas(context: Context) -> Iterator[Rows]:
    """Give the formulas that are wrong on purpose, to show what the check reports of one."""
    facts, _ = context.theory("gradients")
    columns = (
        Column("in place of", code=True), Column("what is wrong", wide=True), Column("code", code=True, wide=True),
        Column("relative error", code=True, numeric=True),
    )  # fmt: skip
    if facts:
        wrong = facts["wrong_formulas"]
        rows = [(f["instead_of"], f["mistake"], f["code"], scientific(f["error"])) for f in wrong]
        least = scientific(min(f["error"] for f in wrong))
        yield Rows(columns, rows, {"least": least, "worst": _worst(facts["formulas"])})


@table("theory_backprop")
def multiplications(context: Context) -> Iterator[Rows]:
    """Give the multiplications by depth, with the fitted exponents below."""
    facts, _ = context.theory("backprop")
    if facts:
        columns = (Column("layers n"), *(Column(c, numeric=True) for c in (*METHODS.values(), "n!")))
        methods, factorial = [facts["methods"][name] for name in METHODS], facts["log10_factorial"]
        rows: list[tuple[Cell, ...]] = [
            (str(depth), *(method["counts"][index] for method in methods), power_of_ten(factorial[index]))
            for index, depth in enumerate(facts["depths"])
        ]
        rows.append(("exponent", *(method["exponent"] for method in methods), None))
        growth = {
            "error": _worst(methods),
            "growth": max(method["counts"][-1] / method["counts"][-2] for method in methods),
            "factorial_growth": power_of_ten(factorial[-1] - factorial[-2]),
        }
        yield Rows(columns, rows, {**facts, **growth})


@table("theory_single_steps")
def valleys(context: Context) -> Iterator[Rows]:
    """Give where descent from the shallow valley ends, by the learning rate."""
    facts, _ = context.theory("single_steps")
    columns = (
        Column("learning rate"), Column("ends at x", numeric=True), Column("in the valley"),
        Column("height there", numeric=True),
    )  # fmt: skip
    if facts:
        rows = [
            (
                f"{one['rate']:g}",
                one["end"],
                "the deep one" if one["left_it"] else "the shallow one, where it began",
                one["height"],
            )
            for one in facts["valleys"]
        ]
        yield Rows(columns, rows, facts)


@table("theory_selection")
def chosen_on_test(context: Context) -> Iterator[Rows]:
    """Give the figure of the best of several equal models on the test set that chose it, and on a fresh one."""
    facts, _ = context.theory("selection")
    columns = (
        Column("test examples"), Column("models"), Column("the best on these", "%", numeric=True),
        Column("the same on fresh ones", "%", numeric=True),
    )  # fmt: skip
    if facts:
        rows = [(f"{one['size']:,}", str(one["models"]), one["test"], one["fresh"]) for one in facts["cases"]]
        yield Rows(columns, rows, facts)


@table("theory_calibration")
def reliabilities(context: Context) -> Iterator[Rows]:
    """Give for each range of ŷ its mean and how often the answer is right, by the length of training."""
    facts, _ = context.theory("calibration")
    columns = (
        Column("steps"), Column("ŷ of the answer"), Column("fresh examples", numeric=True),
        Column("mean ŷ", "%", numeric=True), Column("right", "%", numeric=True),
    )  # fmt: skip
    if facts:
        rows = [
            (f"{one['steps']:,}", f"{b['from']:g} to {b['to']:g}", b["count"], 100 * b["share"], 100 * b["right"])
            for one in facts["networks"]
            for b in one["fresh"]["bins"]
        ]
        yield Rows(columns, rows, facts)


@table("theory_likelihood")
def likelihoods(context: Context) -> Iterator[Rows]:
    """Give each loss beside the likelihood, by the number of classes."""
    facts, _ = context.theory("likelihood")
    columns = (
        Column("classes"), Column("−log likelihood, an example", numeric=True, digits=4),
        Column("cross-entropy", numeric=True, digits=4), Column("binary, of every output", numeric=True, digits=4),
        Column("product over nx", numeric=True, digits=4),
    )  # fmt: skip
    if facts:
        keys = ("likelihood", "cross_entropy", "binary", "over_inputs")
        yield Rows(columns, [(str(case["classes"]), *(case[key] for key in keys)) for case in facts["cases"]], facts)


@table("theory_approximation")
def hidden_layers(context: Context) -> Iterator[Rows]:
    """Give the largest error of fits by hidden units with tanh and without."""
    facts, _ = context.theory("approximation")
    columns = (
        Column("hidden units"), Column("largest error with tanh", numeric=True, digits=4),
        Column("without", numeric=True, digits=4),
    )  # fmt: skip
    if facts:
        yield Rows(columns, [(str(fit["units"]), fit["tanh"], fit["linear"]) for fit in facts["fits"]], facts)


@table("theory_graphs")
def graphs(context: Context) -> Iterator[Rows]:
    """Give which graphs have an order, how right the gradients through them are, and how often a corner is met."""
    facts, _ = context.theory("graphs")
    columns = (
        Column("graph"), Column("has an order"), Column("error of a slope", code=True, numeric=True),
        Column("draws at a corner", numeric=True),
    )  # fmt: skip
    if facts:
        rows = [
            (one["graph"], "yes" if one["ordered"] else "no", one["error"] and scientific(one["error"]), one["met"])
            for one in facts["graphs"]
        ]
        yield Rows(columns, rows, facts)


@table("implementations")
def implementations(context: Context) -> Iterator[Rows]:
    """Give who does what, and how far the weights ever part from those of the network by hand."""
    facts, _ = context.theory("implementations")
    columns = (
        Column("implementation", code=True),
        Column("gradients"),
        Column("update"),
        *(Column(f"apart in {precision}", code=True, numeric=True) for precision in PRECISIONS),
        Column("loss apart", code=True, numeric=True),
        Column("test accuracy", "%", numeric=True),
    )
    if facts:
        yield Rows(columns, [_implementation(context, facts, name) for name in ROLES], facts)


def _implementation(context: Context, facts: Facts, name: str) -> tuple[Cell, ...]:
    apart = [scientific(facts["largest_difference"][precision][name]) for precision in PRECISIONS]
    first, run = context.study.run("mlp/by_hand"), context.study.run(f"mlp/{name}")
    loss = largest_difference(first, run) if first and run else None
    accuracy = run.test_accuracy if run else None
    return (name, *ROLES[name], *apart, None if loss is None else scientific(loss), accuracy)


def _worst(entries: list[dict[str, Any]]) -> str:
    """Return the largest error."""
    return scientific(max(entry["error"] for entry in entries))


def scientific(number: float) -> str:
    """Write a number of any size in two digits: 2.1e-16, 0.93."""
    return f"{number:.1e}" if 0 < number < 1e-3 else f"{number:.2g}"


def power_of_ten(exponent: float) -> str:
    """Write 10 to a power: in full while it is short, then in two digits, 1.3e89."""
    whole = int(exponent)
    return f"{10**exponent:,.0f}" if whole < 7 else f"{10 ** (exponent - whole):.1f}e{whole}"
