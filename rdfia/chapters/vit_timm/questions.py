"""What timm's network sees of a digit, beside what was published of it."""

from collections.abc import Iterator

from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Column

PUBLISHED = ("vits-scratch", "vits-pretrained")  # the figures for this network, from random weights and from others


@table("one_patch")
def one_patch(context: Context) -> Iterator[Rows]:
    """Give for each way to make the digits fit what is set, its patches, what it sees, and how far its logits move."""
    facts, _ = context.theory("one_patch")
    columns = (
        Column("way"), Column("settings", code=True), Column("patches", numeric=True),
        Column("pixels seen", numeric=True), Column("share", "%", numeric=True, digits=0),
        Column("moved from outside", code=True, numeric=True),
        Column("moved from inside", code=True, numeric=True),
    )  # fmt: skip
    if facts:
        rows = [
            (
                way["way"],
                "; ".join(f"{key}={value}" for key, value in way["given"].items()),
                way["patches"],
                way["seen"],
                100 * way["seen"] / facts["pixels"],
                _change(way["outside"]),
                _change(way["inside"]),
            )
            for way in facts["ways"]
        ]
        figures = [figure for figure in context.printed if figure.experiment in PUBLISHED]
        yield Rows(columns, rows, {**facts, "figures": figures})


def _change(logit: float) -> str:
    """Write a change in two digits; none at all is 0."""
    return f"{logit:.1e}" if logit else "0"
