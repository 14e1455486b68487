"""Pictures of a transformer: its attention, in the end and block by block, and what its positions are like."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rdfia.analyse.results import RunResult
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import panels, picture
from rdfia.report.engine.registry import Numbers, Plot, figure
from rdfia.report.figures.kernels import kernel_ranges, plot_kernels

Floats = npt.NDArray[np.float64]
PICTURES, HEADS, BLOCKS = 5, 4, 6  # at most so many inputs, heads and blocks
KERNELS = 8  # patch kernels in a row, at least
COLOURS = "cividis"


def probed(context: Context, name: str) -> list[RunResult]:
    """Return the runs with such an array, the best by validation first."""
    best = [context.chapter.best] if context.chapter.best else []
    runs = [run for run in (*best, *context.chapter.runs) if f"{run.name}/{name}" in context.probes]
    return list({run.name: run for run in runs}.values())


def finest(context: Context, name: str) -> RunResult | None:
    """Return the run with the most patches of those with such an array: on a few there is little to see."""
    runs = probed(context, name)
    return max(runs, key=lambda run: context.probes[f"{run.name}/{name}"].shape[-1], default=None)


@figure("{chapter}_attention", picture=True)
def attention_maps(context: Context) -> Iterator[Plot]:
    """Plot the attention of the head's token in the last block: a row for each image, a column for each head."""
    yield from _attention(context, "attention", "head", HEADS)


@figure("{chapter}_depth")
def depth(context: Context) -> Iterator[Plot]:
    """Plot the attention of the head's token in every block, as the mean over its heads."""
    yield from _attention(context, "depth", "block", BLOCKS)


def _attention(context: Context, name: str, part: str, most: int) -> Iterator[Plot]:
    run = finest(context, name)
    if run is None:
        return
    shares = _shares(context, run, name)[:, :most]
    inputs = context.probes[f"{run.name}/inputs"][: len(shares)]
    drawn = _grid(inputs, shares, ["input", *(f"{part} {index + 1}" for index in range(shares.shape[1]))])
    entropies = entropy(shares)
    facts = {
        "run": run.name,
        "pooled": _pooled(run),
        "tokens": shares[0, 0].size,
        "entropy": entropies.mean(),
        "entropies": entropies.mean(0).tolist(),
        "uniform": np.log(shares[0, 0].size),
    }
    yield Plot(drawn, facts, _numbers(shares, "image", part, "row", "column", "share"))


@figure("{chapter}_rollout")
def rollout(context: Context) -> Iterator[Plot]:
    """Plot the rollout of the best run and of the first, below the same images."""
    runs = probed(context, "rollout")[:2]
    if not runs:
        return
    inputs = context.probes[f"{runs[0].name}/inputs"][:PICTURES]
    shares = {run.name: _shares(context, run, "rollout") for run in runs}
    drawn, axes = _panels(len(inputs), 1 + len(runs))
    for column, image in enumerate(inputs):
        _image(axes[column], image)
        for row, (name, maps) in enumerate(shares.items(), 1):
            _map(axes[row * len(inputs) + column], maps[column], "" if column else name)
    facts = {
        "correlations": {name: contrast_correlation(inputs, maps) for name, maps in shares.items()},
        "pooled": _pooled(runs[0]),
    }
    rows = [(name, *row) for name, maps in shares.items() for row in _cells(maps)]
    yield Plot(drawn, facts, Numbers(("run", "image", "row", "column", "share"), rows))


@figure("{chapter}_positions")
def position_similarity(context: Context) -> Iterator[Plot]:
    """Plot the cosine of each patch's position with those of all others: a small map for each patch, at its place."""
    run = finest(context, "positions")
    if run is None:
        return
    cosines = context.probes[f"{run.name}/positions"].astype(np.float64)
    rows, columns = context.probes[f"{run.name}/attention"].shape[-2:]
    drawn, (axis,) = panels(1, 1, 4.1, 5.4)
    shown = axis.imshow(nested(cosines, rows, columns), cmap="RdBu_r", vmin=-1, vmax=1)
    picture(axis, f"{run.name}: {rows} × {columns} patches")
    drawn.colorbar(shown, ax=axis, shrink=0.8, label="cosine")
    near, far, correlation = _by_distance(cosines, rows, columns)
    facts = {
        "run": run.name,
        "kind": run.config.get("model", {}).get("positions", "learned"),
        "patches": len(cosines),
        "near": near,
        "far": far,
        "correlation": correlation,
    }
    yield Plot(drawn, facts, _numbers(cosines, "patch", "other", "cosine"))


@figure("{chapter}_patches")
def patch_kernels(context: Context) -> Iterator[Plot]:
    """Plot the kernels that make a token of a patch; each run stretched to its own range."""
    weights = {run.name: context.probes[f"{run.name}/patches"] for run in probed(context, "patches")[:2]}
    if not weights:
        return
    drawn, axes = panels(len(weights), 2, 2.6)
    for axis, (name, kernels) in zip(axes, weights.items(), strict=True):
        columns = max(KERNELS, round((2 * len(kernels)) ** 0.5))  # twice as wide as high
        plot_kernels(axis, name, kernels.astype(np.float64), columns)
    yield Plot(drawn, {"shapes": {name: each.shape for name, each in weights.items()}}, kernel_ranges(weights))


def _shares(context: Context, run: RunResult, name: str) -> Floats:
    """Return an array of attention as shares: what goes to the patches, without what goes to the class token itself."""
    maps = context.probes[f"{run.name}/{name}"][:PICTURES].astype(np.float64)
    shares: Floats = maps / np.maximum(maps.sum((-2, -1), keepdims=True), 1e-12)
    return shares


def entropy(shares: Floats) -> Floats:
    """Return -Σ p log p over the patches, in nats: log T where the attention is uniform."""
    entropies: Floats = -(shares * np.log(np.maximum(shares, 1e-12))).sum((-2, -1))
    return entropies


def _pooled(run: RunResult) -> bool:
    """Return whether the head reads the mean of all tokens, and not the class token."""
    return bool(run.config.get("model", {}).get("pool") == "mean")


def contrast_correlation(inputs: npt.NDArray[Any], maps: Floats) -> float:
    """Correlate what is gathered from a patch with the standard deviation of its pixels; 0 if one is flat."""
    rows, columns = maps.shape[-2:]
    n, channels, height, width = inputs.shape
    parts = inputs.astype(np.float64).reshape(n, channels, rows, height // rows, columns, width // columns)
    return _correlation(parts.std((1, 3, 5)).ravel(), maps.ravel())


def _correlation(left: Floats, right: Floats) -> float:
    """Return Pearson's correlation, 0 where one side does not vary."""
    return float(np.corrcoef(left, right)[0, 1]) if np.ptp(left) and np.ptp(right) else 0.0


def _by_distance(cosines: Floats, rows: int, columns: int) -> tuple[float, float, float]:
    """Return the mean cosine of neighbours, of all other pairs, and the correlation of cosine with distance."""
    places = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), -1).reshape(-1, 2)
    distance = np.linalg.norm(places[:, None] - places[None], axis=-1)
    near, far = (float(cosines[pairs].mean()) if pairs.any() else np.nan for pairs in (distance == 1, distance > 1))
    other = distance > 0
    return near, far, _correlation(distance[other], cosines[other])


def nested(cosines: Floats, rows: int, columns: int) -> Floats:
    """Lay maps (T, T) out as the patches are, no number between them."""
    maps = cosines.reshape(rows, columns, rows, columns)
    sheet = np.full((rows, rows + 1, columns, columns + 1), np.nan)
    sheet[:, :rows, :, :columns] = maps.transpose(0, 2, 1, 3)
    flat: Floats = sheet.reshape(rows * (rows + 1), columns * (columns + 1))[:-1, :-1]
    return flat


def _grid(inputs: npt.NDArray[Any], maps: Floats, titles: Sequence[str]) -> Figure:
    """Plot each image with its maps to the right, titles above the first row."""
    drawn, axes = _panels(len(titles), len(inputs))
    for row, (image, parts) in enumerate(zip(inputs, maps, strict=True)):
        first, *others = axes[row * len(titles) : (row + 1) * len(titles)]
        _image(first, image, "" if row else titles[0])
        for axis, part, title in zip(others, parts, titles[1:], strict=True):
            _map(axis, part, "" if row else title)
    return drawn


def _panels(columns: int, rows: int) -> tuple[Figure, list[Axes]]:
    """Return square panels side by side."""
    return panels(columns * rows, columns, 1.3, min(10.0, 1.35 * columns))


def _image(axis: Axes, image: npt.NDArray[Any], title: str = "") -> None:
    """Plot an input as it is, grey or in colours."""
    grey = image.shape[0] == 1
    axis.imshow(image[0] if grey else image.transpose(1, 2, 0), cmap="gray" if grey else None)
    picture(axis, title)


def _map(axis: Axes, shares: Floats, title: str) -> None:
    axis.imshow(shares, cmap=COLOURS, vmin=0)
    picture(axis, title)


def _numbers(values: Floats, *columns: str) -> Numbers:
    """Return the values of an array in long form: a column for each of its axes, and one for the value."""
    return Numbers(columns, _cells(values))


def _cells(values: Floats) -> list[tuple[object, ...]]:
    return [(*(place + 1 for place in places), float(value)) for places, value in np.ndenumerate(values)]
