"""The computed answers to the written questions: which drawings and tables they make, from files alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rdfia.files import find_json
from rdfia.report import attention_cost, one_patch, theory_figures
from rdfia.report.engine.drawing import Drawing, listed
from rdfia.report.engine.table import Cell, Column, Table
from rdfia.report.evidence import Arrays

Facts = Mapping[str, Any]
COUNT = {1: "one", 2: "two", 3: "three"}
FIGURES = {
    "losses": (theory_figures.losses,),
    "backprop": (theory_figures.backprop,),
    "descent": (theory_figures.batches, theory_figures.rates),
    "attention": (attention_cost.draw,),
}


def drawings(folder: Path) -> list[Drawing]:
    """The figures of the questions whose files are in `folder`."""
    found = [name for name in FIGURES if all((folder / f"{name}.{kind}").exists() for kind in ("json", "safetensors"))]
    return [draw(*_answer(folder / name)) for name in found for draw in FIGURES[name]]


def tables(folder: Path) -> list[Table]:
    """The tables of the questions whose files are in `folder`."""
    gradients, backprop = (find_json(folder / f"{name}.json") for name in ("gradients", "backprop"))
    return [
        *([_gradients(gradients), _slips(gradients)] if gradients else []),
        *([_backprop(backprop)] if backprop else []),
        *attention_cost.tables(find_json(folder / "attention.json")),
        *one_patch.tables(folder),
    ]


def _answer(path: Path) -> tuple[Facts, Arrays]:
    """The facts and the arrays of a question."""
    from safetensors.numpy import load_file

    return find_json(path.with_suffix(".json")), load_file(path.with_suffix(".safetensors"))


def scientific(number: float) -> str:
    """A number of any size in two digits: 2.1e-16, 0.93."""
    return f"{number:.1e}" if 0 < number < 1e-3 else f"{number:.2g}"


def _gradients(facts: Facts) -> Table:
    """Every formula beside its code and its error."""
    columns = (
        Column("formula", code=True), Column("question"), Column("loss"), Column("code", code=True, wide=True),
        Column("relative error", code=True, numeric=True),
    )  # fmt: skip
    rows = [(f["function"], f["question"], f["loss"], f["code"], scientific(f["error"])) for f in facts["formulas"]]
    worst = max(f["error"] for f in facts["formulas"])
    sizes = ", ".join(f"{name} up to {top}" for name, top in facts["largest_sizes"].items() if name != "networks")
    caption = (
        f"Every gradient derived on paper, as the code says it, against PyTorch's autograd on {facts['shapes']} random "
        f"networks ({sizes}) with 64-bit numbers. The error is ‖a − b‖ / ‖b‖, with a from the formula and b from "
        "autograd, the largest over the networks. Such numbers near 1 stand "
        f"{scientific(float(np.finfo(np.float64).eps))} apart, so an error of about that size is rounding and nothing "
        f"else, and 0 means that both do the same sums; the largest here is {scientific(worst)}. "
        "cross_entropy_of_softmax is no gradient: it is the loss from ỹ, laid beside the loss from ŷ."
    )
    return Table("theory_gradients", caption, columns, tuple(rows))


def _slips(facts: Facts) -> Table:
    """The wrong formulas, to show what the check says of one."""
    columns = (
        Column("in place of", code=True), Column("what is wrong", wide=True), Column("code", code=True, wide=True),
        Column("relative error", code=True, numeric=True),
    )  # fmt: skip
    rows = [(s["instead_of"], s["mistake"], s["code"], scientific(s["error"])) for s in facts["wrong_formulas"]]
    least, worst = min(s["error"] for s in facts["wrong_formulas"]), max(f["error"] for f in facts["formulas"])
    caption = (
        "The same check on formulas that are wrong on purpose, for a check that cannot fail shows nothing. The "
        f"smallest error here is {scientific(least)}, the largest of the right formulas {scientific(worst)}. "
        "A dropped sign gives 2 exactly: ‖−b − b‖ / ‖b‖."
    )
    return Table("theory_slips", caption, columns, tuple(rows))


def _backprop(facts: Facts) -> Table:
    """Multiplications by depth, with the fitted exponents below."""
    heads = theory_figures.METHODS.values()
    columns = (Column("layers n"), *(Column(head, numeric=True) for head in heads), Column("n!", numeric=True))
    methods = [facts["methods"][name] for name in theory_figures.METHODS]
    rows: list[tuple[Cell, ...]] = []
    for index, depth in enumerate(facts["depths"]):
        counts = [method["counts"][index] for method in methods]
        rows.append((str(depth), *counts, _power_of_ten(facts["log10_factorial"][index])))
    rows.append(("exponent", *(method["exponent"] for method in methods), None))
    fitted = listed([str(depth) for depth in facts["fitted_on"]])
    caption = (
        f"Multiplications done for all weight gradients of a chain of n tanh layers of width {facts['width']}, counted "
        "while they are done; every way gives autograd's gradients, to a relative error of "
        f"{scientific(max(method['error'] for method in methods))}. The last row is the exponent k of a growth as nᵏ, "
        f"fitted over n = {fitted}. {_claims(facts)}"
    )
    return Table("theory_backprop", caption, columns, tuple(rows))


def _claims(facts: Facts) -> str:
    """What the published reports say, beside what was counted."""
    said = [
        f"{COUNT.get(claim['reports'], claim['reports'])} of the published reports "
        f"{'say' if claim['reports'] > 1 else 'says'} {claim['naive']} for the naive way"
        + (f" and {claim['backprop']} for backpropagation" if claim["backprop"] else "")
        for claim in facts["claims"]
    ]
    counts = [facts["methods"][name]["counts"] for name in theory_figures.METHODS]
    last, before = facts["depths"][-1], facts["depths"][-2]
    grown = max(count[-1] / count[-2] for count in counts)
    factorial = facts["log10_factorial"][-1] - facts["log10_factorial"][-2]
    claimed = ", ".join(said)
    return (
        f"{claimed[0].upper()}{claimed[1:]}. From {before} to {last} layers n! grows {_power_of_ten(factorial)} times, "
        f"and the dearest way counted here {grown:.1f} times."
    )


def _power_of_ten(exponent: float) -> str:
    """10 to a power: in full while it is short, then in two digits, 1.3e89."""
    whole = int(exponent)
    return f"{10**exponent:,.0f}" if whole < 7 else f"{10 ** (exponent - whole):.1f}e{whole}"
