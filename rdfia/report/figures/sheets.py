"""Figures of each data set: samples, normalisations, augmentations and the spectrum that whitening evens out."""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from rdfia.analyse.results import Card
from rdfia.report.engine.context import Arrays, Context, Facts
from rdfia.report.engine.drawing import BLUE, GREEN, INK, ORANGE, PINK, WIDTH, montage, panels, picture
from rdfia.report.engine.registry import Numbers, Plot, figure

Floats = npt.NDArray[np.float64]
RIDGES = (BLUE, GREEN, ORANGE, PINK)


@figure("{dataset}_samples")
def samples(context: Context) -> Iterator[Plot]:
    """Yield some of the train images of each data set as they are, one class in each row."""
    for card, sheets in _image_sets(context):
        if "samples" in sheets:
            yield _sheet(card, sheets, ["samples"])


@figure("{dataset}_normalise")
def normalise(context: Context) -> Iterator[Plot]:
    """Yield the same images under each normalisation."""
    for card, sheets in _image_sets(context):
        yield from _variants(card, sheets, "normalise")


@figure("{dataset}_augment")
def augment(context: Context) -> Iterator[Plot]:
    """Yield the same images under each augmentation."""
    for card, sheets in _image_sets(context):
        yield from _variants(card, sheets, "augment")


@figure("{dataset}_spectrum")
def spectrum(context: Context) -> Iterator[Plot]:
    """Yield the eigenvalues of the train covariance, from the largest to the smallest; equal images have none."""
    for card, sheets in _image_sets(context):
        if "spectrum" in sheets and sheets["spectrum"].any():
            yield _spectrum(card, np.sort(sheets["spectrum"].astype(np.float64))[::-1])


@figure("{dataset}_whitening")
def whitening(context: Context) -> Iterator[Plot]:
    """Yield what a ridge does to train and validation images: their variance along each direction, and the pictures."""
    for card, sheets in _image_sets(context):
        if "directions/train" in sheets and sheets["directions/train"].any():
            yield _whitening(card, sheets)


def _image_sets(context: Context) -> Iterator[tuple[Card, Arrays]]:
    """Yield each data set with its sheets, none where the data were not prepared on this machine."""
    for name, card in context.study.cards.items():
        yield card, context.sheets(name)


def _variants(card: Card, sheets: Arrays, group: str) -> Iterator[Plot]:
    """Yield the sheets of a group, first the images as they are."""
    keys = [key for key in sheets if key.startswith(f"{group}/")]
    first = [key for key in ("raw", f"{group}/none") if key in sheets]
    if keys:
        yield _sheet(card, sheets, [*first, *sorted(set(keys) - set(first))])


def _sheet(card: Card, sheets: Arrays, keys: Sequence[str]) -> Plot:
    """Return panels side by side, one for each key; every panel is one montage."""
    first = sheets[keys[0]].shape
    across = 3 if len(keys) > 1 else 1
    width = WIDTH if across > 1 else 0.5 * WIDTH
    plot, axes = panels(len(keys), across, width / across * first[0] * first[3] / (first[1] * first[4]) + 0.3, width)
    names = [key.split("/")[-1].replace("_", " ") for key in keys]
    rows = []
    for axis, key, name in zip(axes, keys, names, strict=True):
        count, columns, *image = sheets[key].shape
        tiles = sheets[key].reshape(count * columns, *image)
        axis.imshow(montage(tiles, columns))
        picture(axis, name)
        rows.append((name, count, columns, *image))
    numbers = Numbers(("panel", "rows", "columns", "channels", "height", "width"), rows)
    return Plot(plot, {"label": card.label, "dataset": card.name, "panels": names}, numbers, dataset=card.name)


def _spectrum(card: Card, values: Floats) -> Plot:
    plot, (axis,) = panels(1, 1, 2.3)
    axis.loglog(np.arange(1, len(values) + 1), np.maximum(values, 1e-12), color=BLUE)
    share = values.cumsum() / values.sum()
    most = int(np.searchsorted(share, 0.9)) + 1
    axis.axvline(most, color=INK, linewidth=0.8, linestyle=":")
    axis.set(xlabel="component", ylabel="variance")
    ratio = values[0] / max(values[values > 0][-1], 1e-300)
    facts = {"label": card.label, "dataset": card.name, "most": most, "components": len(values), "ratio": ratio}
    numbers = Numbers(("component", "variance"), list(enumerate(values.tolist(), 1)))
    return Plot(plot, facts, numbers, dataset=card.name)


def _whitening(card: Card, sheets: Arrays) -> Plot:
    keys = [key for key in sheets if key.startswith("whitening/")]
    columns, _, height, width = sheets[keys[0]].shape[1:]
    tall = 0.5 * WIDTH * (height + 1) / (columns * (width + 1)) + 0.3
    plot, axes = panels(2 + len(keys), 2, tall, height_ratios=(2.9 / tall, *[1] * ceil(len(keys) / 2)))
    plot.set_figheight(2.9 + tall * ceil(len(keys) / 2) + 0.3)
    ridges = dict(enumerate((f"ε = {epsilon:g}" for epsilon in sheets["directions/epsilon"]), 1))
    colours = dict(zip(ridges, RIDGES, strict=False))
    rows = _directions(axes[0], sheets, {0: ""}, {0: INK}, "before whitening")
    rows += _directions(axes[1], sheets, {row: ridges[row] for row in colours}, colours, "after whitening")
    names = [key.split("/")[1] for key in keys]
    for axis, key, name in zip(axes[2:], keys, names, strict=True):
        axis.imshow(montage(sheets[key][0], columns))
        picture(axis, name)
    facts = {"label": card.label, "dataset": card.name, "panels": names, **_blown(sheets)}
    return Plot(plot, facts, Numbers(("ridge", "split", "direction", "variance"), rows), dataset=card.name)


def _directions(
    axis: Axes, sheets: Arrays, names: Mapping[int, str], colours: Mapping[int, str], title: str
) -> list[tuple[str, str, float, float]]:
    """Plot variance along the directions of train: dashed of train images, solid of validation images."""
    rows = []
    for row, name in names.items():
        for split, line in (("train", "--"), ("validation", "-")):
            places, variance = binned(sheets[f"directions/{split}"][row])
            label = name if name and split == "validation" else None if name else split
            axis.plot(places, variance, line, color=colours[row], label=label)
            rows += [(name, split, *point) for point in zip(places.tolist(), variance.tolist(), strict=True)]
    axis.set(xscale="log", yscale="log", title=title, xlabel="direction, the strongest first", ylabel="variance")
    axis.margins(y=0.1)
    axis.legend(loc="lower left" if len(names) == 1 else "center left")
    return rows


def binned(variance: Floats) -> tuple[Floats, Floats]:
    """Return places and means of bins that widen with the place; what has no variance at all is left out."""
    edges = np.unique(np.geomspace(1, len(variance) + 1, 60).astype(int)) - 1
    means = np.add.reduceat(variance, edges[:-1]) / np.diff(edges)
    places = (edges[:-1] + edges[1:] + 1) / 2
    return places[means > 0], means[means > 0]


def _blown(sheets: Arrays) -> Facts:
    """Return how much more validation images vary than train images over all directions, for each ridge."""
    train, validation = (sheets[f"directions/{split}"].sum(1)[1:] for split in ("train", "validation"))
    ratios = zip(sheets["directions/epsilon"].tolist(), (validation / train).tolist(), strict=True)
    return {"ratios": list(ratios), "measured": int(sheets["directions/measured"][0])}
