"""Where a chapter's best run errs: its confusions, and its worst mistakes."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from rdfia.analyse.results import PERCENT
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, INK, panels, picture, shortened
from rdfia.report.engine.registry import Numbers, Plot, figure

LONG, WRAPPED = 24, 15  # letters of a class beside the matrix, and above one of the pictures
CELL, ON_LIGHT, ON_DARK = "#08519c", INK, "#fefefe"  # a full cell, and words on a light and on a full one
FIRST = 3  # mistakes that the description names


@figure("{chapter}_confusion")
def confusion(context: Context) -> Iterator[Plot]:
    """Plot the confusion matrix of the best run: rows are the true classes, each row sums to 100 %."""
    run = context.chapter.best
    if run is None or not run.confusion:
        return
    counts = np.asarray(run.confusion, dtype=np.float64)
    shares = PERCENT * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side_length = min(4.2, 1.6 + 0.3 * len(counts))
    drawn, (axis, side) = panels(2, 2, side_length, 2.1 * side_length, gridspec_kw={"width_ratios": [2, 1]})
    axis.imshow(_tinted(shares / PERCENT), aspect="auto")
    _cells(axis, shares, run.classes)
    _recalls(side, shares, run.classes)
    off = np.where(np.eye(len(shares), dtype=bool), -1, shares)
    truth, taken = np.unravel_index(int(off.argmax()), off.shape)
    facts = {"run": run.name, "share": off[truth, taken], "truth": run.classes[truth], "taken": run.classes[taken]}
    rows = [(run.classes[i], run.classes[j], float(share)) for (i, j), share in np.ndenumerate(shares)]
    yield Plot(drawn, facts, Numbers(("true", "predicted", "share (%)"), rows))


def _tinted(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return shares from 0 to 1 as colours (rows, columns, 4): where nothing lies the page is seen."""
    colours = np.full((*shares.shape, 4), to_rgba(CELL))
    colours[..., 3] = shares
    return colours


def _cells(axis: Axes, shares: npt.NDArray[np.float64], classes: Sequence[str]) -> None:
    """Write the numbers into the matrix, and its names beside it."""
    names = [shortened(name, LONG) for name in classes]
    axis.grid(False)
    axis.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(names)), names)
    axis.set_xlabel("predicted")
    axis.set_ylabel("true")
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.5:
            colour = ON_DARK if share > 55 else ON_LIGHT
            axis.text(column, row, f"{share:.0f}", ha="center", va="center", color=colour, fontsize=8)


def _recalls(axis: Axes, shares: npt.NDArray[np.float64], classes: Sequence[str]) -> None:
    """Plot the diagonal as bars."""
    axis.barh(range(len(classes)), np.diag(shares), color=BLUE, height=0.6)
    axis.set_ylim(len(classes) - 0.5, -0.5)
    axis.set_yticks(range(len(classes)), [""] * len(classes))
    axis.set_xlim(0, PERCENT)
    axis.set_xlabel("right (%)")


@figure("{chapter}_mistakes", picture=True)
def mistakes(context: Context) -> Iterator[Plot]:
    """Plot the test images that the best run gets most wrong, with their class and the prediction."""
    run = context.chapter.best
    if run is None or not len(context.probes.get(f"{run.name}/mistakes", ())):
        return
    images = context.probes[f"{run.name}/mistakes"]
    rows = [
        (run.classes[int(truth)], run.classes[int(prediction)], PERCENT * float(share))
        for truth, prediction, share in context.probes[f"{run.name}/prediction"]
    ]
    drawn, axes = panels(len(images), 8, 1.45)
    for axis, image, (truth, prediction, share) in zip(axes, images, rows, strict=True):
        axis.imshow(image.transpose(1, 2, 0).squeeze(), cmap="gray" if len(image) == 1 else None)
        names = [shortened(name, WRAPPED) for name in (truth, prediction)]
        arrow = " →\n" if len(truth + prediction) > WRAPPED else " → "
        picture(axis, f"{arrow.join(names)}\n{share:.0f} %")
    numbers = Numbers(("true", "predicted", "probability (%)"), rows)
    yield Plot(drawn, {"run": run.name, "count": len(images), "first": rows[:FIRST]}, numbers)
