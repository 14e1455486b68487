"""What the networks do: confusions, mistakes and first-layer filters."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from rdfia.analyse.results import PERCENT, ChapterResult, RunResult
from rdfia.report.curves import DETAILED
from rdfia.report.engine.drawing import WIDTH, Drawing, finish, listed, montage, panels, picture

Arrays = Mapping[str, npt.NDArray[Any]]
FILTERS = 8  # filters in a row


def confusion(chapter: ChapterResult) -> list[Drawing]:
    """Where the best run errs: rows are the true classes, each row sums to 100 %."""
    run = chapter.best
    if run is None or not run.confusion:
        return []
    counts = np.asarray(run.confusion, dtype=np.float64)
    shares = PERCENT * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side_length = min(4.2, 1.6 + 0.3 * len(counts))
    figure, (axis, side) = panels(2, 2, side_length, 2.1 * side_length, gridspec_kw={"width_ratios": [2, 1]})
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=PERCENT, aspect="auto")
    _cells(axis, shares, run.classes)
    _recalls(side, shares, run.classes)
    off = np.where(np.eye(len(shares), dtype=bool), -1, shares)
    true, taken = np.unravel_index(int(off.argmax()), off.shape)
    worst = f"{off[true, taken]:.1f} % of {run.classes[true]} are taken for {run.classes[taken]}"
    caption = (
        f"Confusion of {run.name}, the best run by validation, over the test set and all its seeds, in percent of the "
        f"true class; beside it the share that is right. The most frequent mistake: {worst}."
    )
    return [finish(figure, f"{chapter.name}_confusion", caption, f"Confusion matrix of {run.name}: {worst}.")]


def _cells(axis: Axes, shares: npt.NDArray[np.float64], classes: Sequence[str]) -> None:
    """The numbers in the matrix and its names."""
    axis.grid(False)
    axis.set_xticks(range(len(classes)), classes, rotation=40, ha="right")
    axis.set_yticks(range(len(classes)), classes)
    axis.set_xlabel("predicted")
    axis.set_ylabel("true")
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.5:
            colour = "#fefefe" if share > 55 else "#10131a"
            axis.text(column, row, f"{share:.0f}", ha="center", va="center", color=colour, fontsize=8)


def _recalls(axis: Axes, shares: npt.NDArray[np.float64], classes: Sequence[str]) -> None:
    """The diagonal as bars."""
    axis.barh(range(len(classes)), np.diag(shares), color="#0072b2", height=0.6)
    axis.set_ylim(len(classes) - 0.5, -0.5)
    axis.set_yticks(range(len(classes)), [""] * len(classes))
    axis.set_xlim(0, PERCENT)
    axis.set_xlabel("right (%)")


def filters(chapter: ChapterResult, probes: Arrays) -> list[Drawing]:
    """First-layer filters of seed 0, each run stretched to its own range."""
    runs = [run for run in chapter.runs if f"{run.name}/filters" in probes][: DETAILED // 2]
    if not runs:
        return []
    count, _, height, width = probes[f"{runs[0].name}/filters"].shape
    columns = min(FILTERS, count)
    tall = ceil(count / columns) * (height + 1) / (columns * (width + 1))  # of a sheet of filters one wide
    figure, axes = panels(len(runs), 3, 0.3 + tall * WIDTH / 3)
    for axis, run in zip(axes, runs, strict=True):
        weights = probes[f"{run.name}/filters"]
        low, high = float(weights.min()), float(weights.max())
        scaled = (weights - low) / max(high - low, 1e-12)
        axis.imshow(_coloured(montage(scaled, columns)))
        picture(axis, f"{run.name}: {low:+.2f} to {high:+.2f}")
    caption = (
        f"The {count} first-layer filters ({height} × {width}) of seed 0, each run stretched to its own smallest and "
        "largest weight. Look for edges and colour blobs; filters that still look like noise have learnt little."
    )
    return [finish(figure, f"{chapter.name}_filters", caption, f"First-layer filters of {_names(runs)}.")]


def _coloured(sheet: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """One channel as three, for filters on grey images."""
    return np.repeat(sheet, 3, axis=2) if sheet.shape[2] == 1 else sheet


def mistakes(chapter: ChapterResult, probes: Arrays) -> list[Drawing]:
    """The test images that the best run gets most wrong, with what they are and what they are taken for."""
    run = chapter.best
    if run is None or not len(probes.get(f"{run.name}/mistakes", ())):
        return []
    images, predictions = probes[f"{run.name}/mistakes"], probes[f"{run.name}/prediction"]
    figure, axes = panels(len(images), 8, 1.45)
    for axis, image, (truth, answer, share) in zip(axes, images, predictions, strict=True):
        axis.imshow(image.transpose(1, 2, 0).squeeze(), cmap="gray" if len(image) == 1 else None)
        classes = f"{run.classes[int(truth)]} → {run.classes[int(answer)]}"
        picture(axis, f"{classes}\n{PERCENT * share:.0f} %")
    caption = (
        f"The {len(images)} test images that {run.name}, seed 0, gets most wrong: what each is, what it is taken for, "
        "and how sure the network is. Ask of each whether you would have known better."
    )
    pairs = listed(
        [f"{run.classes[int(truth)]} for {run.classes[int(answer)]}" for truth, answer, _ in predictions[:3]]
    )
    return [finish(figure, f"{chapter.name}_mistakes", caption, f"The worst mistakes of {run.name}: {pairs} first.")]


def _names(runs: Sequence[RunResult]) -> str:
    return listed([run.name for run in runs])
