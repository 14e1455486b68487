"""What a masked autoencoder paints: images, the patches of them that it sees, and the rest as it thinks it to be."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from rdfia.analyse.results import PERCENT, ChapterResult, RunResult
from rdfia.report.engine.drawing import BLUE, Drawing, finish, listed, montage, panels, picture

Arrays = Mapping[str, npt.NDArray[Any]]
Floats = npt.NDArray[np.float64]
SHOWN = 4  # runs, at most
IMAGE, SEEN, PAINTED, MEAN = range(4)  # the kinds of pictures (4, images, C, H, W)


def draw(chapter: ChapterResult, probes: Arrays) -> list[Drawing]:
    """The same images for each run: as they are, what the encoder sees, and what the decoder paints."""
    runs = [run for run in chapter.runs if f"{run.name}/pictures" in probes][:SHOWN]
    if not runs:
        return []
    found = [probes[f"{run.name}/pictures"].astype(np.float64) for run in runs]
    figure, axes = panels(1 + 2 * len(runs), 1, 1.45)
    _strip(axes[0], found[0][IMAGE], found[0][IMAGE], "the images")
    for place, (run, kinds) in enumerate(zip(runs, found, strict=True)):
        seen, painted = axes[1 + 2 * place : 3 + 2 * place]
        _strip(
            seen,
            kinds[SEEN],
            kinds[IMAGE],
            f"{run.title}: what the encoder sees, {PERCENT * (1 - _share(kinds)):.0f} %",
        )
        _strip(painted, kinds[PAINTED], kinds[IMAGE], f"{run.title}: with the hidden patches painted")
    return [finish(figure, f"{chapter.name}_reconstructions", *_words(runs, found))]


def _strip(axis: Axes, images: Floats, scale: Floats, title: str) -> None:
    """Images (n, C, H, W) side by side, on the scale of the originals; hidden pixels in blue."""
    low, high = scale.min(), scale.max()
    hidden = np.isnan(images).any(1, keepdims=True)
    levels = ((images - low) / max(high - low, 1e-12)).clip(0, 1)
    coloured = np.broadcast_to(levels, (len(images), 3, *images.shape[2:])) if images.shape[1] == 1 else levels
    blue = np.asarray(to_rgb(BLUE))[None, :, None, None]
    axis.imshow(montage(np.where(hidden, blue, coloured), len(images), gap=max(1, images.shape[3] // 14)))
    picture(axis, title)


def _share(kinds: Floats) -> float:
    """The share of the pixels that is hidden."""
    return float(np.isnan(kinds[SEEN]).mean())


def explained(kinds: Floats, painted: int) -> float:
    """1 - Σ (painted - x)² / Σ (x - x̄)² over the hidden pixels x: 0 for their mean everywhere, 1 for all of them."""
    hidden = np.isnan(kinds[SEEN])
    true, guessed = kinds[IMAGE][hidden], kinds[painted][hidden]
    return float(1 - np.square(guessed - true).sum() / max(np.square(true - true.mean()).sum(), 1e-12))


def _words(runs: Sequence[RunResult], found: Sequence[Floats]) -> tuple[str, str]:
    """Caption and description, with how much of the hidden pixels is explained."""
    names, count = listed([run.name for run in runs]), found[0].shape[1]
    shares = [[PERCENT * explained(kinds, painted) for painted in (PAINTED, MEAN)] for kinds in found]
    told = [f"{own:z.0f} % in {run.name} ({mean:z.0f} %)" for run, (own, mean) in zip(runs, shares, strict=True)]
    caption = (
        f"{count} validation images of seed 0, what the encoder sees of them (hidden patches in blue), and what the "
        "decoder paints in their place. Look whether strokes go on through hidden patches, and how blurred they are: "
        "with a squared error the best guess is the mean of all that could stand there. Of the variance of the hidden "
        "pixels here the paintings explain, and in brackets the mean train image would, which looks at nothing: "
        f"{listed(told)}."
    )
    return caption, f"Rows of {count} images: whole, with patches hidden, and with these painted, for {names}."
