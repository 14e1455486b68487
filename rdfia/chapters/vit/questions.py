"""What attention costs against the number of tokens: operations, memory and time of four ways, and their exponents."""

from collections.abc import Iterator
from typing import Any

from matplotlib.ticker import EngFormatter, NullFormatter, NullLocator

from rdfia.report.engine.axes import above
from rdfia.report.engine.context import Context, Facts
from rdfia.report.engine.drawing import BLUE, GREEN, ORANGE, PINK, panels
from rdfia.report.engine.lines import plot_lines
from rdfia.report.engine.registry import Plot, Rows, figure, table
from rdfia.report.engine.table import Cell, Column

WAYS = {
    "written": ("written out", "O(n²·d)"),
    "fused": ("fused kernel", "O(n²·d)"),
    "linear": ("linear", "O(n·d²)"),
    "windowed": ("windows", "O(n·w·d)"),
}
MARKS = ((BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-"), (PINK, "D", "--"))  # dashes for a line on another
LOOKS: dict[str, dict[str, Any]] = {
    label: {"color": colour, "marker": mark, "linestyle": dashes, "markersize": 4.5}
    for (label, _), (colour, mark, dashes) in zip(WAYS.values(), MARKS, strict=True)
}
COSTS = {"flops": "FLOPs of a sequence, forwards", "bytes": "memory at the peak", "nanoseconds": "time of a step"}
HEADINGS = {"flops": "FLOPs", "bytes": "bytes", "nanoseconds": "seconds"}
UNITS = {"flops": ("", 1), "bytes": ("B", 1), "nanoseconds": ("s", 1e-9)}


@figure("theory_attention")
def attention_cost(context: Context) -> Iterator[Plot]:
    """Plot a panel for operations, one for memory, and one for seconds where they were taken."""
    facts, _ = context.theory("attention")
    if not facts:
        return
    costs, tokens = _costs(facts), facts["tokens"]
    sheet, axes = panels(len(costs), len(costs), 3.3)
    lines = {
        (COSTS[cost], label): (tokens, [UNITS[cost][1] * value for value in facts["ways"][name][cost]])
        for cost in costs
        for name, (label, _) in WAYS.items()
    }
    numbers = plot_lines({COSTS[cost]: axis for cost, axis in zip(costs, axes, strict=True)}, lines, LOOKS)
    for axis, cost in zip(axes, costs, strict=True):
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.set_xticks(tokens, [str(n) for n in tokens])
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.yaxis.set_major_formatter(EngFormatter(UNITS[cost][0], sep=" "))
        axis.yaxis.set_minor_locator(NullLocator())
        axis.set(xlabel="tokens n", title=COSTS[cost])
    above(sheet, *axes[0].get_legend_handles_labels())
    less = facts["ways"]["written"]["bytes"][-1] / facts["ways"]["fused"]["bytes"][-1]
    yield Plot(sheet, {**facts, "timed": "nanoseconds" in costs, "less": less}, numbers)


def _costs(facts: Facts) -> list[str]:
    """Return what was counted or measured."""
    return [cost for cost in COSTS if all(cost in way for way in facts["ways"].values())]


@table("theory_attention")
def attention_exponents(context: Context) -> Iterator[Rows]:
    """Give the exponents of each way beside what is claimed."""
    facts, _ = context.theory("attention")
    if facts:
        costs, n = _costs(facts), facts["tokens"][-1]
        columns = (
            Column("attention"),
            Column("claim"),
            *(Column(f"{HEADINGS[cost]} grow as n to the", numeric=True) for cost in costs),
            *(Column(f"{HEADINGS[cost]} at {n}", code=True, numeric=True) for cost in costs),
        )
        rows = [_exponents(facts["ways"][name], name, costs) for name in WAYS]
        yield Rows(columns, rows, {**facts, "timed": "nanoseconds" in costs})


def _exponents(way: Facts, name: str, costs: list[str]) -> tuple[Cell, ...]:
    last = (EngFormatter(UNITS[cost][0], 1, sep=" ")(UNITS[cost][1] * way[cost][-1]).strip() for cost in costs)
    return (*WAYS[name], *(float(way["exponents"][cost]) for cost in costs), *last)


@table("theory_product")
def product_of_queries_and_keys(context: Context) -> Iterator[Rows]:
    """Give the published claim about Q Kᵀ beside the count."""
    facts, _ = context.theory("attention")
    if facts:
        product = facts["product"]
        columns = (
            Column("grows with"),
            Column("counted exponent", numeric=True),
            Column(f"{product['report']} says", numeric=True),
            Column("sizes", stacked=True),
            Column("FLOPs", stacked=True),
        )
        rows = [
            (
                f"{name} {letter}",
                product[name]["exponent"],
                product[f"over_{name}"],
                "; ".join(map(str, product[name]["sizes"])),
                "; ".join(f"{count:,}" for count in product[name]["flops"]),
            )
            for name, letter in (("tokens", "n"), ("width", "d"))
        ]
        agrees = all(round(product[name]["exponent"]) == product[f"over_{name}"] for name in ("tokens", "width"))
        yield Rows(columns, rows, {**product, "agrees": agrees})
