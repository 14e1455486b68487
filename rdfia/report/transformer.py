"""What a transformer does with an image: where it looks, in the end and block by block, and what it knows of places."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rdfia.analyse.results import ChapterResult, RunResult
from rdfia.report.engine.drawing import Drawing, finish, listed, montage, panels, picture
from rdfia.report.evidence import Arrays

Floats = npt.NDArray[np.float64]
PICTURES, HEADS, BLOCKS = 5, 4, 6  # at most so many inputs, heads and blocks
KERNELS = 8  # patch kernels in a row, at least
LOOKS = "cividis"


def of(chapter: ChapterResult, probes: Arrays, name: str) -> list[RunResult]:
    """The runs with such an array, the best by validation first."""
    best = [chapter.best] if chapter.best else []
    found = [run for run in [*best, *chapter.runs] if f"{run.name}/{name}" in probes]
    return list({run.name: run for run in found}.values())


def finest(chapter: ChapterResult, probes: Arrays, name: str, axis: int = -1) -> RunResult | None:
    """Of the runs with such an array the one with the most patches: on a few there is little to see."""
    return max(of(chapter, probes, name), key=lambda run: probes[f"{run.name}/{name}"].shape[axis], default=None)


def _maps(probes: Arrays, run: RunResult, name: str) -> Floats:
    """An array of attention as shares: what goes to the patches, without what goes to the class token itself."""
    maps = probes[f"{run.name}/{name}"][:PICTURES].astype(np.float64)
    shares: Floats = maps / np.maximum(maps.sum((-2, -1), keepdims=True), 1e-12)
    return shares


def entropy(shares: Floats) -> Floats:
    """-Σ p log p over the patches, in nats: log T where all are looked at alike."""
    found: Floats = -(shares * np.log(np.maximum(shares, 1e-12))).sum((-2, -1))
    return found


def _reader(run: RunResult) -> str:
    """Which token the head reads, and so whose attention this is."""
    pooled = run.config.get("model", {}).get("pool") == "mean"
    return "the mean of all tokens" if pooled else "the class token"


def _image(axis: Axes, image: npt.NDArray[np.generic], title: str = "") -> None:
    """An input as it is, grey or in colours."""
    grey = image.shape[0] == 1
    axis.imshow(image[0] if grey else image.transpose(1, 2, 0), cmap="gray" if grey else None)
    picture(axis, title)


def _sheet(columns: int, rows: int) -> tuple[Figure, list[Axes]]:
    """Square pictures side by side."""
    return panels(columns * rows, columns, 1.3, min(10.0, 1.35 * columns))


def attention(chapter: ChapterResult, probes: Arrays) -> list[Drawing]:
    """Where the head's token looks in the last block: one row for each image, one column for each head."""
    run = finest(chapter, probes, "attention")
    if run is None:
        return []
    maps = _maps(probes, run, "attention")[:, :HEADS]
    inputs = probes[f"{run.name}/inputs"][: len(maps)]
    titles = ["input", *(f"head {index + 1}" for index in range(maps.shape[1]))]
    tokens = maps.shape[2] * maps.shape[3]
    caption = (
        f"Attention of {_reader(run)} over the {tokens} patches in the last block of {run.name}, seed 0; brighter is "
        f"more. The mean entropy is {entropy(maps).mean():.2f} nats, where looking everywhere alike would be "
        f"{np.log(tokens):.2f}."
    )
    alt = f"Attention maps of {run.name} beside their inputs."
    return [finish(_rows(inputs, maps, titles), f"{chapter.name}_attention", caption, alt)]


def _rows(inputs: npt.NDArray[np.generic], maps: Floats, titles: Sequence[str]) -> Figure:
    """Each image with its maps to the right, titles above the first row."""
    figure, axes = _sheet(len(titles), len(inputs))
    for row, (image, parts) in enumerate(zip(inputs, maps, strict=True)):
        here = axes[row * len(titles) : (row + 1) * len(titles)]
        _image(here[0], image, "" if row else titles[0])
        for axis, part, title in zip(here[1:], parts, titles[1:], strict=True):
            axis.imshow(part, cmap=LOOKS, vmin=0)
            picture(axis, "" if row else title)
    return figure


def depth(chapter: ChapterResult, probes: Arrays) -> list[Drawing]:
    """What the head's token looks at in every block, as the mean over its heads."""
    run = finest(chapter, probes, "depth")
    if run is None:
        return []
    maps = _maps(probes, run, "depth")[:, :BLOCKS]
    titles = ["input", *(f"block {index + 1}" for index in range(maps.shape[1]))]
    each = entropy(maps).mean(0)
    tokens = maps.shape[2] * maps.shape[3]
    told = listed([f"{value:.2f}" for value in each])
    caption = (
        f"Attention of {_reader(run)} in each block of {run.name}, first to last, mean over heads, seed 0. Look at "
        f"whether it narrows with depth: the mean entropies are {told} nats; all of the {tokens} patches alike would "
        f"be {np.log(tokens):.2f}."
    )
    alt = f"Attention maps of {run.name} in {len(each)} blocks, beside their inputs."
    inputs = probes[f"{run.name}/inputs"][: len(maps)]
    return [finish(_rows(inputs, maps, titles), f"{chapter.name}_depth", caption, alt)]


def rolled(chapter: ChapterResult, probes: Arrays) -> list[Drawing]:
    """The rollout of the best run and of the first, below the same images."""
    runs = of(chapter, probes, "rollout")[:2]
    if not runs:
        return []
    inputs = probes[f"{runs[0].name}/inputs"][:PICTURES]
    figure, axes = _sheet(len(inputs), 1 + len(runs))
    for column, image in enumerate(inputs):
        _image(axes[column], image)
        for row, run in enumerate(runs, 1):
            axis = axes[row * len(inputs) + column]
            axis.imshow(_maps(probes, run, "rollout")[column], cmap=LOOKS, vmin=0)
            picture(axis, "" if column else run.name)
    told = listed([f"{ink(inputs, _maps(probes, run, 'rollout')):+.2f} in {run.name}" for run in runs])
    caption = (
        f"Attention rollout of {listed([run.name for run in runs])}, seed 0: how much each patch reaches "
        f"{_reader(runs[0])} through all blocks, the residual counted in; brighter is more. Look at whether the bright "
        f"patches are those with something in them: the correlation with the contrast of a patch, which is the "
        f"standard deviation of its pixels, is {told}."
    )
    alt = f"Images, and below them the attention rollout of {listed([run.name for run in runs])}."
    return [finish(figure, f"{chapter.name}_rollout", caption, alt)]


def ink(inputs: npt.NDArray[np.generic], maps: Floats) -> float:
    """The correlation of what is gathered from a patch with the standard deviation of its pixels; 0 if one is flat."""
    rows, columns = maps.shape[-2:]
    n, channels, height, width = inputs.shape
    parts = inputs.astype(np.float64).reshape(n, channels, rows, height // rows, columns, width // columns)
    contrast = parts.std((1, 3, 5))
    return _correlation(contrast.ravel(), maps.ravel())


def _correlation(left: Floats, right: Floats) -> float:
    """Pearson's, 0 where one side does not vary."""
    return float(np.corrcoef(left, right)[0, 1]) if np.ptp(left) and np.ptp(right) else 0.0


def positions(chapter: ChapterResult, probes: Arrays) -> list[Drawing]:
    """How alike the position of each patch is to those of all others: a small map for each patch, at its place."""
    run = finest(chapter, probes, "positions")
    if run is None:
        return []
    alike = probes[f"{run.name}/positions"].astype(np.float64)
    rows, columns = probes[f"{run.name}/attention"].shape[-2:]
    figure, (axis,) = panels(1, 1, 4.1, 5.4)
    sheet = _nested(alike, rows, columns)
    shown = axis.imshow(sheet, cmap="RdBu_r", vmin=-1, vmax=1)
    picture(axis, f"{run.name}: {rows} × {columns} patches")
    figure.colorbar(shown, ax=axis, shrink=0.8, label="cosine")
    near, far, r = _by_distance(alike, rows, columns)
    kind = run.config.get("model", {}).get("positions", "learned")
    caption = (
        f"The {kind} positions of {run.name}, seed 0. Each small map belongs to the patch at its place and shows the "
        "cosine between its position and those of all patches; blue is opposed. Look for maps that are red around "
        f"their own place: neighbours have a mean cosine of {near:+.2f}, all other pairs {far:+.2f}, and the "
        f"correlation of cosine with distance is {r:+.2f}."
    )
    alt = f"Maps of the cosine between position embeddings of {run.name}, one for each of {len(alike)} patches."
    return [finish(figure, f"{chapter.name}_positions", caption, alt)]


def _nested(alike: Floats, rows: int, columns: int) -> Floats:
    """Maps (T, T) laid out as the patches are, no number between them."""
    maps = alike.reshape(rows, columns, rows, columns)
    sheet = np.full((rows, rows + 1, columns, columns + 1), np.nan)
    sheet[:, :rows, :, :columns] = maps.transpose(0, 2, 1, 3)
    flat: Floats = sheet.reshape(rows * (rows + 1), columns * (columns + 1))[:-1, :-1]
    return flat


def _by_distance(alike: Floats, rows: int, columns: int) -> tuple[float, float, float]:
    """The mean cosine of neighbours, of all other pairs, and the correlation of cosine with distance."""
    places = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), -1).reshape(-1, 2)
    distance = np.linalg.norm(places[:, None] - places[None], axis=-1)
    near, far = distance == 1, distance > 1
    means = [float(alike[pairs].mean()) if pairs.any() else float("nan") for pairs in (near, far)]
    other = distance > 0
    return means[0], means[1], _correlation(distance[other], alike[other])


def patches(chapter: ChapterResult, probes: Arrays) -> list[Drawing]:
    """The kernels that make a token of a patch, as images; each run stretched to its own range."""
    runs = of(chapter, probes, "patches")[:2]
    if not runs:
        return []
    figure, axes = panels(len(runs), 2, 2.6)
    for axis, run in zip(axes, runs, strict=True):
        weights = probes[f"{run.name}/patches"].astype(np.float64)
        scaled = (weights - weights.min()) / max(float(np.ptp(weights)), 1e-12)
        sheet = montage(scaled, max(KERNELS, round((2 * len(weights)) ** 0.5)))  # twice as wide as high
        axis.imshow(np.repeat(sheet, 3, axis=2) if sheet.shape[2] == 1 else sheet)
        picture(axis, f"{run.name}: {weights.min():+.2f} to {weights.max():+.2f}")
    sizes = listed([f"{_size(probes, run)} in {run.name}" for run in runs])
    caption = (
        f"The kernels of the patch embedding, seed 0: {sizes}; each run is stretched to its own smallest and largest "
        "weight. Look for strokes and slow waves; kernels that still look like noise have learnt little."
    )
    names = listed([run.name for run in runs])
    return [finish(figure, f"{chapter.name}_patches", caption, f"Kernels of the patch embedding of {names}.")]


def _size(probes: Arrays, run: RunResult) -> str:
    count, _, height, width = probes[f"{run.name}/patches"].shape
    return f"{count} of {height} × {width}"
