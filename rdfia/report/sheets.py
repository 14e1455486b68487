"""What the data look like: samples, normalisations, augmentations and the spectrum that whitening evens out."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from rdfia.analyse.results import Card
from rdfia.report.engine.drawing import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PINK,
    WIDTH,
    Drawing,
    finish,
    listed,
    montage,
    panels,
    picture,
)
from rdfia.report.evidence import Arrays


def draw(card: Card, sheets: Arrays) -> list[Drawing]:
    """Every sheet of an image data set; nothing where the data were not prepared on this machine."""
    says = "Some of the train images as they are, one class in each row."
    shown = [_sheet(card, sheets, "samples", ["samples"], says)] if "samples" in sheets else []
    for group, says in SAYS.items():
        keys = [key for key in sheets if key.startswith(f"{group}/")]
        if keys:
            first = [key for key in ("raw", f"{group}/none") if key in sheets]
            shown.append(_sheet(card, sheets, group, [*first, *sorted(set(keys) - set(first))], says))
    shown += _spectrum(card, sheets) if "spectrum" in sheets else []
    return shown + (whitening(card, sheets) if "directions/train" in sheets else [])


RIDGES = (BLUE, GREEN, ORANGE, PINK)
SAYS = {
    "normalise": (
        "The same images under each normalisation, brought back to a visible range. Look at what is kept: a shift and "
        "a scale per channel leave the picture as it is, whitening keeps the edges and drops the smooth parts, and "
        "PCA leaves no picture at all; of the whitened patches the first three channels are shown as colours."
    ),
    "augment": (
        "The same images under each augmentation, one image in each row, first as it is and then as it may be drawn. "
        "Look whether the class can still be told: an augmentation that hides it teaches the wrong thing."
    ),
}


def _sheet(card: Card, sheets: Arrays, group: str, keys: Sequence[str], says: str) -> Drawing:
    """Panels side by side, one for each key; every panel is one montage."""
    first = sheets[keys[0]].shape
    across = 3 if len(keys) > 1 else 1
    width = WIDTH if across > 1 else 0.5 * WIDTH
    figure, axes = panels(len(keys), across, width / across * first[0] * first[3] / (first[1] * first[4]) + 0.3, width)
    for axis, key in zip(axes, keys, strict=True):
        rows, columns, *image = sheets[key].shape
        tiles = sheets[key].reshape(rows * columns, *image)
        axis.imshow(montage(tiles if image[0] == 3 else tiles.repeat(3, axis=1), columns))
        picture(axis, key.split("/")[-1].replace("_", " "))
    names = listed([key.split("/")[-1].replace("_", " ") for key in keys])
    return finish(figure, f"{card.name}_{group}", f"{card.label}: {says}", f"Contact sheet of {card.name}: {names}.")


def _spectrum(card: Card, sheets: Arrays) -> list[Drawing]:
    """Eigenvalues of the train covariance, from the largest to the smallest."""
    values = np.sort(sheets["spectrum"].astype(np.float64))[::-1]
    figure, (axis,) = panels(1, 1, 2.3)
    axis.loglog(np.arange(1, len(values) + 1), np.maximum(values, 1e-12), color=BLUE)
    share = values.cumsum() / values.sum()
    most = int(np.searchsorted(share, 0.9)) + 1
    axis.axvline(most, color=INK, linewidth=0.8, linestyle=":")
    axis.set(xlabel="component", ylabel="variance")
    ratio = values[0] / max(values[values > 0][-1], 1e-300)
    caption = (
        f"{card.label}: variance along each principal component of the train set. {most} of {len(values)} components "
        f"(dotted line) hold 90 % of it, and the largest is about {_two_digits(ratio)} times the smallest: "
        "whitening divides by the root of this curve, so without a floor it blows up what is little more than noise."
    )
    return [finish(figure, f"{card.name}_spectrum", caption, f"Falling spectrum of {card.name} on logarithmic axes.")]


def whitening(card: Card, sheets: Arrays) -> list[Drawing]:
    """What a ridge does to train and validation images: their variance along each direction, and the pictures."""
    keys = [key for key in sheets if key.startswith("whitening/")]
    columns, _, height, width = sheets[keys[0]].shape[1:]
    tall = 0.5 * WIDTH * (height + 1) / (columns * (width + 1)) + 0.3
    figure, axes = panels(2 + len(keys), 2, tall, height_ratios=(2.9 / tall, *[1] * ceil(len(keys) / 2)))
    figure.set_figheight(2.9 + tall * ceil(len(keys) / 2) + 0.3)
    _directions(axes[0], sheets, {0: ("", INK)}, "before whitening")
    ridges = zip((f"ε = {epsilon:g}" for epsilon in sheets["directions/epsilon"]), RIDGES, strict=False)
    _directions(axes[1], sheets, dict(enumerate(ridges, 1)), "after whitening")
    for axis, key in zip(axes[2:], keys, strict=True):
        axis.imshow(montage(sheets[key][0], columns))
        picture(axis, key.split("/")[1])
    names = listed([key.split("/")[1] for key in keys])
    alt = f"Variance along each direction of {card.name} by ridge, and pictures of validation images: {names}."
    return [finish(figure, f"{card.name}_whitening", _said(card, sheets), alt)]


def _directions(axis: Axes, sheets: Arrays, rows: Mapping[int, tuple[str, str]], title: str) -> None:
    """Variance along the directions of train: dashed of train images, solid of validation images."""
    for row, (name, colour) in rows.items():
        for split, line in (("train", "--"), ("validation", "-")):
            places, variance = _binned(sheets[f"directions/{split}"][row])
            said = name if name and split == "validation" else None if name else split
            axis.plot(places, variance, line, color=colour, label=said)
    axis.set(xscale="log", yscale="log", title=title, xlabel="direction, the strongest first", ylabel="variance")
    axis.margins(y=0.1)
    axis.legend(loc="lower left" if len(rows) == 1 else "center left")


def _binned(variance: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Places and means of bins that widen with the place; what has no variance at all is left out."""
    edges = np.unique(np.geomspace(1, len(variance) + 1, 60).astype(int)) - 1
    means = np.add.reduceat(variance, edges[:-1]) / np.diff(edges)
    places = (edges[:-1] + edges[1:] + 1) / 2
    return places[means > 0], means[means > 0]


def _said(card: Card, sheets: Arrays) -> str:
    """The caption: how much more validation images vary than train images, for each ridge."""
    train, validation = (sheets[f"directions/{split}"].sum(1)[1:] for split in ("train", "validation"))
    ratios = [
        f"{_two_digits(ratio)} at ε = {epsilon:g}"
        for ratio, epsilon in zip(validation / train, sheets["directions/epsilon"], strict=True)
    ]
    return (
        f"{card.label}: ZCA whitening by its ridge ε, in units of the mean eigenvalue. Above, the variance of train "
        "images (dashed) and of validation images (solid) along the eigenvectors of train. Look where the two part: "
        "there a direction was never really seen, and whitening blows up noise. Over all directions, whitened "
        f"validation images vary as much as train images times {listed(ratios)}. Below, validation images: each panel "
        "on one scale around grey, but for those that were brought to [0, 1] by mistake, which are shown as they are; "
        f"their own statistics are those of {int(sheets['directions/measured'][0])} validation images."
    )


def _two_digits(number: float) -> str:
    """A number rounded to two digits: 63,000 or 1.3."""
    return f"{float(f'{number:.2g}'):,g}" if number < 10 else f"{float(f'{number:.2g}'):,.0f}"
