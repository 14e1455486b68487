"""Four implementations of one network, laid on each other."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from rdfia.analyse.history import history
from rdfia.analyse.results import RunResult, Study
from rdfia.files import find_json
from rdfia.report.engine.drawing import BLUE, GREEN, INK, ORANGE, PINK, Drawing, finish, panels
from rdfia.report.engine.table import Column, Table
from rdfia.report.theory import scientific

ROLES = {  # who finds the gradients, who applies them
    "by_hand": ("the derived formulas", "written out"),
    "autograd": ("autograd", "written out"),
    "nn": ("autograd, layers by torch.nn", "written out"),
    "optim": ("autograd, layers by torch.nn", "torch.optim"),
}
LOOKS: dict[str, dict[str, Any]] = {  # the later lines are thinner, so that all can be seen
    "by_hand": {"color": BLUE, "linewidth": 7, "alpha": 0.35},
    "autograd": {"color": ORANGE, "linewidth": 4, "alpha": 0.6},
    "nn": {"color": GREEN, "linewidth": 2},
    "optim": {"color": INK, "linewidth": 1, "linestyle": (0, (4, 4))},
}
PRECISIONS = {"float32": "-", "float64": "--"}
COLOURS = {"autograd": ORANGE, "nn": GREEN, "optim": PINK}


def tables(study: Study) -> list[Table]:
    """Who does what, and how far the weights ever part from those of the network by hand."""
    facts = find_json(study.folder() / "theory" / "implementations.json")
    if not facts:
        return []
    columns = (
        Column("implementation", code=True),
        Column("gradients"),
        Column("update"),
        Column("apart in float32", code=True, numeric=True),
        Column("apart in float64", code=True, numeric=True),
        Column("loss apart", code=True, numeric=True),
        Column("test accuracy", "%", numeric=True),
    )
    rows = tuple(_row(study, facts, name) for name in ROLES)
    caption = (
        f"One network written four times. Apart: the largest difference of any weight to `by_hand` after any of "
        f"{facts['epochs']} epochs ({facts['steps']:,} steps of seed 0), where the largest weight grows to "
        f"{facts['largest_weight']:.1f}. Loss apart: the largest difference of the recorded losses of the runs, over "
        "all seeds and epochs. Sums taken in another order are rounded otherwise; nothing else parts them."
    )
    return [Table("implementations", caption.replace("`", ""), columns, rows)]


def _row(study: Study, facts: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    """One implementation."""
    apart = [scientific(facts["largest_difference"][precision][name]) for precision in PRECISIONS]
    run = study.run(f"mlp/{name}")
    loss = _loss_apart(study, study.run("mlp/by_hand"), run)
    return (name, *ROLES[name], *apart, loss, run.test_accuracy if run else None)


def _loss_apart(study: Study, first: RunResult | None, second: RunResult | None) -> str | None:
    """The largest difference of two runs' train losses, None where a run is missing."""
    if first is None or second is None:
        return None
    ours, theirs = (_losses(study, run) for run in (first, second))
    apart = [abs(loss - theirs[at]) for at, loss in ours.items() if at in theirs]
    return scientific(max(apart)) if apart else None


def _losses(study: Study, run: RunResult) -> dict[tuple[Any, Any], float]:
    """The train loss under frozen weights, by seed and epoch."""
    rows = history(study, run)
    return {(row["seed"], row["epoch"]): row["frozen_loss"] for row in rows if row.get("frozen_loss") is not None}  # type: ignore[misc]


def drawings(study: Study) -> list[Drawing]:
    """The four loss curves on each other, and how far the weights part."""
    facts = find_json(study.folder() / "theory" / "implementations.json")
    runs = [run for name in ROLES if (run := study.run(f"mlp/{name}")) is not None and run.test]
    if not facts or not runs:
        return []
    figure, (left, right) = panels(2, 2, 2.9)
    for run in runs:
        losses = {epoch: loss for (seed, epoch), loss in _losses(study, run).items() if seed == 0}
        left.plot(list(losses), list(losses.values()), label=run.name, **LOOKS[run.name])
    left.set(xlabel="epoch", ylabel="train loss", title="loss of seed 0")
    left.legend()
    _apart(study, right)
    caption = (
        "Left: the train loss of the four implementations, from one initialisation and one order of batches; wide "
        "lines lie below thin ones, and all lie on each other. Right: the largest difference of any weight to the "
        "network by hand. It starts at the last digit that a number of 32 or 64 bits has, and stays rounding: "
        f"{scientific(max(facts['largest_difference']['float32'].values()))} and "
        f"{scientific(max(facts['largest_difference']['float64'].values()))} at most."
    )
    return [finish(figure, "implementations", caption, "Four loss curves on each other, and differences of rounding.")]


def _apart(study: Study, axis: Axes) -> None:
    """The differences of the weights by epoch, on a logarithmic axis."""
    from safetensors.numpy import load_file

    arrays = load_file(study.folder() / "theory" / "implementations.safetensors")
    for precision, line in PRECISIONS.items():
        for name, colour in COLOURS.items():
            values = np.where(arrays[f"{precision}/{name}"] > 0, arrays[f"{precision}/{name}"], np.nan)
            axis.semilogy(values, color=colour, linestyle=line, label=f"{name}, {precision}")
    axis.set(xlabel="epoch", ylabel="largest difference", title="weights, apart from by_hand")
    axis.legend(ncols=2, fontsize=8)
