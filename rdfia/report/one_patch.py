"""What timm's network sees of a digit, as a table, beside what was published of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rdfia.analyse import published
from rdfia.files import find_json
from rdfia.report.engine.drawing import listed
from rdfia.report.engine.table import Column, Table

PUBLISHED = ("vits-scratch", "vits-pretrained")  # the figures for this network, from random weights and from others


def tables(folder: Path) -> list[Table]:
    """The table of the question `one_patch`, if its file is in `folder`."""
    facts = find_json(folder / "one_patch.json")
    return [_table(facts)] if facts else []


def _table(facts: Mapping[str, Any]) -> Table:
    """For each way to make the digits fit: what is set, its patches, what it sees, and how far its logits move."""
    columns = (
        Column("way"), Column("settings", code=True), Column("patches", numeric=True),
        Column("pixels seen", numeric=True), Column("share", "%", numeric=True, digits=0),
        Column("moved from outside", code=True, numeric=True),
        Column("moved from inside", code=True, numeric=True),
    )  # fmt: skip
    rows = tuple(
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
    )
    return Table("one_patch", f"{_refusal(facts)} {_sight(facts)} {_beside(facts)}", columns, rows)


def _refusal(facts: Mapping[str, Any]) -> str:
    side = facts["side"]
    return f"timm's {facts['model']} as it stands refuses a digit of {side}×{side}: “{facts['error']}”"


def _sight(facts: Mapping[str, Any]) -> str:
    """How to read the columns, and which ways see less than the whole."""
    corner, blind = facts["corner"], [way for way in facts["ways"] if way["seen"] < facts["pixels"]]
    said = [f"{way['way']} makes {_count(way['patches'])} and sees {way['seen']} of {facts['pixels']}" for way in blind]
    return (
        "Below, ways to make it fit, all with in_chans=1. Pixels seen: those where the gradient of any logit is not 0. "
        f"Moved: the largest change of any logit when every pixel outside the {corner}×{corner} at the top left is "
        "drawn anew, and when one inside is; the network has random weights and is reduced in width and depth, which "
        "changes no patch. " + (f"Look at the 0: {listed(said)} pixels." if said else "Every way sees all pixels.")
    )


def _change(logit: float) -> str:
    """A change in two digits, all to one look; none at all is 0."""
    return f"{logit:.1e}" if logit else "0"


def _count(patches: int) -> str:
    return "one patch" if patches == 1 else f"{patches} patches"


def _beside(facts: Mapping[str, Any]) -> str:
    """The published accuracies, and what they would mean."""
    figures = [figure for figure in published.read() if figure.experiment in PUBLISHED]
    said = listed([f"{figure.value} % ({figure.report}, {figure.settings})" for figure in figures])
    least = min(way["seen"] for way in facts["ways"])
    share = f"{100 * least / facts['pixels']:.0f} % of the pixels"
    return f"Published on MNIST: {said}. If nothing but img_size and in_chans was set, they were read from {share}."
