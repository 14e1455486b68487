"""Decision regions of networks on points of the plane, at the end of training and on the way there."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from rdfia.analyse.groups import Group, groups
from rdfia.analyse.results import RunResult
from rdfia.report.engine.context import Arrays, Context
from rdfia.report.engine.drawing import MOST_PANELS, panels
from rdfia.report.engine.plane import SIDE, SUMMARY, Array, plot_examples, plot_plane, shade, summary
from rdfia.report.engine.registry import Numbers, Plot, figure

GAP = 0.2  # between two maps of a row
STEP = SIDE + GAP


@figure("{chapter}{group}_regions", picture=True)
def regions(context: Context) -> Iterator[Plot]:
    """Plot a map for each run of a group, with the examples."""
    probes = context.probes
    for group, shown in _probed(context, "boundary"):
        sheet, axes = panels(len(shown), 4, 2.25, sharex=True, sharey=True)
        for axis, (name, label) in zip(axes, shown.items(), strict=True):
            plot_plane(axis, probes[f"{name}/boundary"])
            plot_examples(axis, probes.get("points/train"), probes.get("points/validation"))
            axis.set_title(label)
        numbers = Numbers(("run", *SUMMARY), [(name, *summary(probes[f"{name}/boundary"])) for name in shown])
        yield Plot(sheet, {"labels": list(shown.values())}, numbers, group.name)


@figure("{chapter}{group}_strip")
def strips(context: Context) -> Iterator[Plot]:
    """Plot how the regions come about: a row for each run of a group, which ends with the map after training."""
    for group, shown in _probed(context, "strip"):
        ends = {run.name: _end(run) for run in group.runs if run.name in shown}
        rows = {name: _strip(context.probes, name, ends[name]) for name in shown}
        longest = max(len(maps) for maps in rows.values())
        sheet, axes = panels(len(shown), 1, 10 / longest)
        for axis, (name, label) in zip(axes, shown.items(), strict=True):
            _plot_row(axis, rows[name])
            axis.set(xlim=(0, longest * STEP - GAP), ylim=(0, SIDE), aspect="equal", xticks=(), yticks=())
            axis.set_ylabel(label)
        numbers = [(name, epoch, *summary(plane)) for name, maps in rows.items() for epoch, plane in maps]
        yield Plot(sheet, {"labels": list(shown.values())}, Numbers(("run", "epoch", *SUMMARY), numbers), group.name)


def _probed(context: Context, key: str) -> Iterator[tuple[Group, Mapping[str, str]]]:
    """Yield the groups with the labels of their runs that have an array, by name."""
    for group in groups(context.chapter):
        named = zip(group.runs, group.labels, strict=True)
        shown = [(run.name, label) for run, label in named if f"{run.name}/{key}" in context.probes]
        if shown:
            yield group, dict(shown[:MOST_PANELS])


def _end(run: RunResult) -> object:
    """Return the epoch of the weights that are drawn, those of the first sound seed; early stopping chooses it."""
    if run.config.get("patience"):
        return next(iter(run.record.sound_seeds.values()))["epoch"]
    return run.config.get("epochs", "")


def _strip(probes: Arrays, name: str, end: object) -> list[tuple[object, Array]]:
    """Return the epochs of a run with the map at each."""
    epochs = [*probes[f"{name}/epochs"].tolist(), end]
    maps = [*probes[f"{name}/strip"], probes[f"{name}/boundary"]]
    return [(epoch, np.asarray(plane, dtype=np.float64)) for epoch, plane in zip(epochs, maps, strict=True)]


def _plot_row(axis: Axes, maps: Sequence[tuple[object, Array]]) -> None:
    """Plot maps side by side in one axes, which is faster than one for each."""
    for place, (epoch, plane) in enumerate(maps):
        shade(axis, plane, place * STEP, 0.0)
        axis.text(place * STEP, SIDE * 1.03, f"epoch {epoch}", fontsize=9, va="bottom")
    axis.spines[:].set_visible(False)
    axis.grid(False)
