"""The filters of a convolutional network."""

from collections.abc import Iterator
from math import ceil

from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import WIDTH, panels
from rdfia.report.engine.registry import Plot, figure
from rdfia.report.figures.kernels import kernel_ranges, plot_kernels

RUNS = 6  # at most
FILTERS = 8  # in a row


@figure("{chapter}_filters", picture=True)
def filters(context: Context) -> Iterator[Plot]:
    """Plot the first-layer filters of seed 0, each run stretched to its own range."""
    names = [run.name for run in context.chapter.runs if f"{run.name}/filters" in context.probes][:RUNS]
    if not names:
        return
    weights = {name: context.probes[f"{name}/filters"] for name in names}
    count, _, height, width = weights[names[0]].shape
    columns = min(FILTERS, count)
    tall = ceil(count / columns) * (height + 1) / (columns * (width + 1))  # of a sheet of filters one wide
    drawn, axes = panels(len(names), 3, 0.3 + tall * WIDTH / 3)
    for axis, (name, kernels) in zip(axes, weights.items(), strict=True):
        plot_kernels(axis, name, kernels, columns)
    yield Plot(drawn, {"count": count, "height": height, "width": width, "runs": names}, kernel_ranges(weights))
