"""The loss of every step of a run, beside what an epoch records of it."""

from collections.abc import Iterator

import numpy as np

from rdfia.analyse.results import RunResult
from rdfia.report.engine.axes import above
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, INK, ORANGE, panels
from rdfia.report.engine.lines import plot_lines
from rdfia.report.engine.plane import Array
from rdfia.report.engine.registry import Plot, figure

STEP, MEAN, VALIDATION = "train, of each batch", "train, mean of the epoch so far", "validation, at an epoch's end"
LOOKS = {
    STEP: {"color": BLUE, "linestyle": "", "marker": ".", "markersize": 2.5, "alpha": 0.6},
    MEAN: {"color": INK, "linewidth": 1.5},
    VALIDATION: {"color": ORANGE, "linestyle": "", "marker": "o", "markersize": 6, "clip_on": False},
}


@figure("{chapter}_steps")
def step_losses(context: Context) -> Iterator[Plot]:
    """Plot the loss of each step of the first seed of a run that keeps them and searches no learning rate."""
    for run in context.chapter.runs:
        trace = context.probes.get(f"{run.name}/trace")
        if trace is not None and not run.searching:
            yield _plot(run, np.asarray(trace, dtype=np.float64)[0, 1])
            return


def _plot(run: RunResult, losses: Array) -> Plot:
    """Plot all steps over the epochs that they have taken so far; where another seed trained longer, its own steps."""
    first = [row for row in run.history if row["seed"] == run.history[0]["seed"] and row["epoch"]]
    epochs = len(first)
    losses = losses[: int(first[-1]["step"] or 0)]
    by_epoch = losses.reshape(epochs, -1)
    steps = by_epoch.shape[1]
    means = by_epoch.cumsum(1) / np.arange(1, steps + 1)
    means[:, 0] = np.nan  # parts the epochs; the mean of one batch is that batch
    at = np.arange(1, losses.size + 1) / steps
    validation = np.array([row["validation_loss"] for row in first], dtype=np.float64)
    parts = {STEP: (at, losses), MEAN: (at, means.ravel()), VALIDATION: (np.arange(1, epochs + 1), validation)}
    sheet, axes = panels(1, 1, 3.2)
    numbers = plot_lines({"loss": axes[0]}, {("loss", part): line for part, line in parts.items()}, LOOKS)
    axes[0].set(xlabel="epoch", ylabel="loss", xlim=(0, epochs))
    axes[0].set_xticks(range(epochs + 1))
    axes[0].set_ylim(0, 1.15 * float(np.nanmax(losses[: steps // 4 or 1])))
    above(sheet, *axes[0].get_legend_handles_labels())
    last = by_epoch[-1]
    facts = {"run": run.name, "steps": steps, "epochs": epochs, "batch": run.config["batch_size"]}
    return Plot(sheet, facts | {"low": last.min(), "mean": last.mean(), "high": last.max()}, numbers)
