"""What the data look like: samples, normalisations, augmentations and the spectrum that whitening evens out."""

from collections.abc import Sequence

import numpy as np

from rdfia.analyse.results import Card
from rdfia.report.evidence import Arrays
from rdfia.report.style import BLUE, INK, WIDTH, Drawing, finish, listed, montage, panels, picture


def draw(card: Card, sheets: Arrays) -> list[Drawing]:
    """Every sheet of an image data set; nothing where the data were not prepared on this machine."""
    says = "Some of the train images as they are, one class in each row."
    shown = [_sheet(card, sheets, "samples", ["samples"], says)] if "samples" in sheets else []
    for group, says in SAYS.items():
        keys = [key for key in sheets if key.startswith(f"{group}/")]
        if keys:
            first = [key for key in ("raw", f"{group}/none") if key in sheets]
            shown.append(_sheet(card, sheets, group, [*first, *sorted(set(keys) - set(first))], says))
    return shown + (_spectrum(card, sheets) if "spectrum" in sheets else [])


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


def _two_digits(number: float) -> str:
    """A large number rounded to two digits: 63,000."""
    return f"{float(f'{number:.2g}'):,.0f}"
