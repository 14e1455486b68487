"""The command `rdfia experiments`: DVC's experiments, each with what it changed and what that changed.

`dvc exp show` has a column for every parameter and every run; this has a line for every experiment and shows where its
parameters depart from those of the commit that it began from. Its figures are laid beside that commit's; where DVC has
none of it, as of the quick profile, those are shown in which the experiments differ from each other.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from rdfia.config import PARAMS, leaves
from rdfia.sweep import dvc

NONE = "–"  # where there is no such parameter or figure


def table() -> str:
    """Return the experiments as lines of Markdown."""
    said = dvc.run("exp", "show", "--json", quiet=True)
    shown = json.loads(said[said.index("[{") :])
    every = [(one, _values(row)) for row in shown for one in row.get("experiments") or ()]
    here = [_values(one["revs"][0]) for one, _ in every]
    now = next((_values(row) for row in shown if row["rev"] == "workspace"), {})
    figures = [one["metrics"] for one in (*here, now) if one.get("metrics")]
    differ = {name for one in figures for name in one if any(one[name] != other.get(name) for other in figures)}
    rows = [_row(_name(one), own, there, differ) for (one, there), own in zip(every, here, strict=True)]
    head = ["| experiment | what it changes | what came of it |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows] if rows else ["no experiments: `dvc exp run -S …` makes one"])


def _name(experiment: Mapping[str, Any]) -> str:
    return str(experiment.get("name") or experiment["revs"][0]["rev"][:7])


def _row(name: str, here: Mapping[str, Any], there: Mapping[str, Any], differ: Collection[str]) -> str:
    changed = _changes(here["params"], there["params"]) or "nothing"
    if there["metrics"]:
        came = _changes(here["metrics"], there["metrics"]) or "nothing"
    else:
        shown = "; ".join(f"{n} {value}" for n, value in here["metrics"].items() if n in differ)
        came = shown or "no figures of its commit, and no experiment with others"
    return f"| {name} | {changed} | {came} |"


def _changes(here: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    """Return what is other here than there, with both values."""
    changed = [name for name in dict.fromkeys([*here, *there]) if here.get(name, NONE) != there.get(name, NONE)]
    return "; ".join(f"{name} {there.get(name, NONE)} → {here.get(name, NONE)}" for name in changed)


def _values(row: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the parameters and the metrics of a row by their dotted names."""
    data = row.get("data") or {}
    metrics = [file.get("data") or {} for name, file in (data.get("metrics") or {}).items() if "metrics.json" in name]
    params = (data.get("params") or {}).get(str(PARAMS), {}).get("data") or {}
    return {
        "params": dict(leaves(params)),
        "metrics": {key: value for one in metrics for key, value in leaves(one)},
    }
