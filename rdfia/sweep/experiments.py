"""The command `rdfia experiments`: DVC's experiments, each with what it changed and what that changed.

`dvc exp show` has a column for every parameter and every run; this has a line for every experiment and shows where its
parameters depart from those of the commit that it began from. Its figures are laid beside that commit's; where DVC has
none of it, as of the quick profile, beside those of the workspace.
"""

import json
from collections.abc import Mapping
from typing import Any

from rdfia.config import PARAMS, leaves
from rdfia.sweep import dvc


def table() -> str:
    """Return the experiments as lines of Markdown."""
    said = dvc.run("exp", "show", "--json", quiet=True)
    shown = json.loads(said[said.index("[{") :])
    base = next((row for row in shown if row["rev"] == "workspace"), None)
    rows = [_row(one, row, base) for row in shown for one in row.get("experiments") or ()]
    head = ["| experiment | what it changes | what came of it |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows] if rows else ["no experiments: `dvc exp run -S …` makes one"])


def _row(experiment: Mapping[str, Any], commit: Mapping[str, Any], workspace: Mapping[str, Any] | None) -> str:
    here, there, now = (_values(one) for one in (experiment["revs"][0], commit, workspace or {}))
    there = {kind: there[kind] or now[kind] for kind in there}
    parts = []
    for kind in ("params", "metrics"):
        names = [name for name in here[kind] if here[kind][name] != there[kind].get(name)]
        parts.append("; ".join(f"{n} {there[kind].get(n, '–')} → {here[kind][n]}" for n in names) or "nothing")
    name = experiment.get("name") or str(experiment["revs"][0]["rev"])[:7]
    return f"| {name} | {parts[0]} | {parts[1]} |"


def _values(row: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the parameters and the metrics of a row by their dotted names."""
    data = row.get("data") or {}
    metrics = [file.get("data") or {} for name, file in (data.get("metrics") or {}).items() if "metrics.json" in name]
    params = (data.get("params") or {}).get(str(PARAMS), {}).get("data") or {}
    return {
        "params": dict(leaves(params)),
        "metrics": {key: value for one in metrics for key, value in leaves(one)},
    }
