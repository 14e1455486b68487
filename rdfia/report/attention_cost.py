"""What attention costs against the number of tokens: operations, memory and time of four ways, and their exponents."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, NullFormatter, NullLocator

from rdfia.report.engine.drawing import BLUE, GREEN, ORANGE, PINK, Drawing, finish, listed, panels
from rdfia.report.engine.table import Cell, Column, Table
from rdfia.report.evidence import Arrays

Facts = Mapping[str, Any]
WAYS = {
    "written": ("written out", "O(n²·d)", BLUE, "o"),
    "fused": ("fused kernel", "O(n²·d)", ORANGE, "s"),
    "linear": ("linear", "O(n·d²)", GREEN, "^"),
    "windowed": ("windows", "O(n·w·d)", PINK, "D"),
}
KINDS = {"flops": "FLOPs of a sequence, forwards", "bytes": "memory at the peak", "nanoseconds": "time of a step"}
FACTORS = {"nanoseconds": 1e-9}
UNITS = {"flops": "", "bytes": "B", "nanoseconds": "s"}


def draw(facts: Facts, arrays: Arrays) -> Drawing:
    """A panel for operations, one for memory, and one for seconds where they were taken."""
    kinds = _kinds(facts)
    figure, axes = panels(len(kinds), len(kinds), 3.3)
    for axis, kind in zip(axes, kinds, strict=True):
        _panel(axis, facts, kind)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=len(WAYS))
    ends = f"{facts['tokens'][0]} to {facts['tokens'][-1]}"
    alt = f"Line charts of {_said(kinds)} of four ways of attention against {ends} tokens, on logarithmic axes."
    return finish(figure, "theory_attention", _words(facts), alt)


def _kinds(facts: Facts) -> list[str]:
    """What was counted or measured."""
    return [kind for kind in KINDS if all(kind in way for way in facts["ways"].values())]


def _said(kinds: list[str]) -> str:
    words = {"flops": "operations", "bytes": "memory", "nanoseconds": "time"}
    return listed([words[kind] for kind in kinds])


def _panel(axis: Axes, facts: Facts, kind: str) -> None:
    """The four ways, straight lines where the cost is a power of n."""
    for place, (name, (label, _, colour, mark)) in enumerate(WAYS.items()):
        values = [FACTORS.get(kind, 1) * value for value in facts["ways"][name][kind]]
        style = "--" if place % 2 else "-"  # those that lie on others where both do about the same products
        axis.plot(facts["tokens"], values, mark, linestyle=style, color=colour, label=label, markersize=4.5)
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.set_xticks(facts["tokens"], [str(n) for n in facts["tokens"]])
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.yaxis.set_major_formatter(EngFormatter(UNITS[kind], sep=" "))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.set(xlabel="tokens n", title=KINDS[kind])


def _words(facts: Facts) -> str:
    """What is counted and what is measured, what the ways have in common, and where the square begins to matter."""
    told, n = facts["settings"], facts["tokens"][-1]
    written, fused = facts["ways"]["written"], facts["ways"]["fused"]
    less = written["bytes"][-1] / fused["bytes"][-1]
    seconds = (
        f" Seconds are the best of {told['repeats']}, measured on a {facts['device']}: no two runs of this "
        "page have the same."
    )
    return (
        f"Attention alone, without the projections around it: {told['batch']} sequences, width {told['width']}, "
        f"{told['heads']} heads, windows of {facts['window']} tokens. Operations are counted for one sequence "
        "forwards; memory is the most that lives at one time, forwards and backwards, counted tensor by tensor. Look "
        f"at the slopes: all pairs of tokens cost their square however they are computed, but the fused kernel never "
        f"holds them, and at {n} tokens needs {less:.0f} times fewer bytes.{seconds * ('nanoseconds' in written)} With "
        "this width the products cost more than the four matrices of their own layer from "
        f"{facts['matrices']['layer']} tokens on, and more than all matrices of a block from "
        f"{facts['matrices']['block']}."
    )


def tables(facts: Facts) -> list[Table]:
    """The exponents of each way beside what is claimed, and what the product of queries and keys costs."""
    return [_exponents(facts), _product(facts)] if facts else []


def _exponents(facts: Facts) -> Table:
    kinds, n = _kinds(facts), facts["tokens"][-1]
    heads = {"flops": "FLOPs", "bytes": "bytes", "nanoseconds": "seconds"}
    columns = (
        Column("attention"),
        Column("claim"),
        *(Column(f"{heads[kind]} grow as n to the", numeric=True) for kind in kinds),
        *(Column(f"{heads[kind]} at {n}", code=True, numeric=True) for kind in kinds),
    )
    rows = tuple(_row(facts, name, kinds) for name in WAYS)
    fitted = listed([str(n) for n in facts["fitted_on"]])
    measured = " Seconds are measured and differ from run to run." * ("nanoseconds" in kinds)
    caption = (
        f"Exponents of the costs of attention in the number of tokens n, by least squares on logarithms over n = "
        f"{fitted}; d is the width of a head and w that of a window. Operations and bytes are counted, and are the "
        f"same each time.{measured} Look at the bytes of the fused kernel beside its operations."
    )
    return Table("theory_attention", caption, columns, rows)


def _row(facts: Facts, name: str, kinds: list[str]) -> tuple[Cell, ...]:
    label, claim, *_ = WAYS[name]
    way, short = facts["ways"][name], {kind: EngFormatter(UNITS[kind], 1, sep=" ") for kind in kinds}
    last = (short[kind](FACTORS.get(kind, 1) * way[kind][-1]).strip() for kind in kinds)
    return (label, claim, *(float(way["exponents"][kind]) for kind in kinds), *last)


def _product(facts: Facts) -> Table:
    """The published claim about Q Kᵀ beside the count."""
    product = facts["product"]
    columns = (
        Column("grows with"),
        Column("counted exponent", numeric=True),
        Column(f"{product['report']} says", numeric=True),
        Column("sizes", stacked=True),
        Column("FLOPs", stacked=True),
    )
    rows: list[tuple[Cell, ...]] = []
    for name, letter in (("tokens", "n"), ("width", "d")):
        counts = product[name]
        sizes = "; ".join(str(size) for size in counts["sizes"])
        flops = "; ".join(f"{count:,}" for count in counts["flops"])
        rows.append((f"{name} {letter}", counts["exponent"], product[f"over_{name}"], sizes, flops))
    n, d = (product[name]["exponent"] for name in ("tokens", "width"))
    swapped = "so that the two are exchanged: each pair of tokens is one product of d numbers"
    agrees = round(n) == product["over_tokens"] and round(d) == product["over_width"]
    caption = (
        f"Operations of {product['product']} for one head, counted by PyTorch while it multiplies: over n with "
        f"d = {product['fixed']['width']}, and over d with n = {product['fixed']['tokens']}. {product['report']} gives "
        f"{product['claimed']}. Counted are exponents {n:.2f} in n and {d:.2f} in d, "
        f"{'as it says' if agrees else swapped}."
    )
    return Table("theory_product", caption, columns, tuple(rows))
