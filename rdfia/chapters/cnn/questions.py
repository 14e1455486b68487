"""Tables on the written questions of convolutions: formulas beside counts, and the course's network layer by layer."""

from collections.abc import Iterator
from typing import Any

from rdfia.report.engine.context import Context, Facts
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column
from rdfia.words import listed

QUANTITIES = {
    "values": "values of the output",
    "weights": "weights of the filter",
    "dense": "weights of a dense layer",
    "unshared": "weights without sharing",
}
REPORTS = ("R2023a", "R2026")  # whose counts of single layers are not ours


@table("theory_sizes")
def convolution_formulas(context: Context) -> Iterator[Rows]:
    """Give every formula, ours and printed, with the share of sizes at which it is right and the first where not."""
    facts, _ = context.theory("convolution")
    columns = (
        Column("quantity"), Column("formula", code=True, wide=True), Column("printed in"),
        Column("sizes where right", numeric=True), Column("first where wrong", wide=True),
    )  # fmt: skip
    if facts:
        rows = [
            (QUANTITIES[f["quantity"]], f["written"], listed(f["reports"]), f["right"], _first_wrong(f["first_wrong"]))
            for f in facts["formulas"]
        ]
        yield Rows(columns, rows, facts)


@table("theory_convolution")
def convolution_layers(context: Context) -> Iterator[Rows]:
    """Give output, weights and receptive field of each layer, and the sums, with what reports print."""
    facts, _ = context.theory("convolution")
    columns = (
        Column("layer"), Column("output"), Column("weights", numeric=True),
        *(Column(f"weights in {report}", numeric=True) for report in REPORTS),
        Column("receptive field", numeric=True), Column("by the gradient", numeric=True),
        Column("most rows seen", numeric=True),
    )  # fmt: skip
    if facts:
        fields = {field["layer"]: field for field in facts["fields"]}
        rows = [_layer(layer, fields.get(layer["layer"])) for layer in facts["layers"]]
        yield Rows(columns, [*rows, *_sums(facts)], facts)


def _first_wrong(case: dict[str, Any] | None) -> str:
    """Say the first size at which a formula fails."""
    if case is None:
        return ""
    sizes = ", ".join(f"{name} = {case[name]}" for name in "xyzkps")
    return f"{sizes}: {case['gives']:,g} for {case['counted']:,}"


def _layer(layer: dict[str, Any], field: dict[str, Any] | None) -> tuple[Cell, ...]:
    printed = [layer["printed"][report] for report in REPORTS]
    seen = (field["sides"]["ours"], field["seen"], field["within"]) if field else (None, None, None)
    return (layer["layer"], " × ".join(map(str, layer["output"])), layer["weights"], *printed, *seen)


def _sums(facts: Facts) -> Iterator[tuple[Cell, ...]]:
    totals = [facts["total"], *(facts["printed_totals"][report] for report in REPORTS)]
    yield ("in all", "", *totals, None, None, None)
    yield ("for each train image", "", *(total / facts["examples"] for total in totals), None, None, None)
