"""What a masked autoencoder paints: images, the patches of them that it sees, and its guess of the rest."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from rdfia.analyse.results import PERCENT
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import BLUE, montage, panels, picture
from rdfia.report.engine.registry import Numbers, Plot, figure

Floats = npt.NDArray[np.float64]
SHOWN = 4  # runs, at most
IMAGE, SEEN, PAINTED, MEAN = range(4)  # the kinds of pictures (4, images, C, H, W)


@figure("{chapter}_reconstructions")
def reconstructions(context: Context) -> Iterator[Plot]:
    """Plot the same images for each run: as they are, what the encoder sees, and what the decoder paints."""
    runs = [run for run in context.chapter.runs if f"{run.name}/pictures" in context.probes][:SHOWN]
    if not runs:
        return
    pictures = [context.probes[f"{run.name}/pictures"].astype(np.float64) for run in runs]
    drawn, axes = panels(1 + 2 * len(runs), 1, 1.45)
    _strip(axes[0], pictures[0][IMAGE], pictures[0][IMAGE], "the images")
    rows = []
    for place, (run, kinds) in enumerate(zip(runs, pictures, strict=True)):
        seen = PERCENT * (1 - float(np.isnan(kinds[SEEN]).mean()))
        _strip(axes[1 + 2 * place], kinds[SEEN], kinds[IMAGE], f"{run.title}: what the encoder sees, {seen:.0f} %")
        painted = f"{run.title}: with the hidden patches painted"
        _strip(axes[2 + 2 * place], kinds[PAINTED], kinds[IMAGE], painted)
        rows.append((run.name, seen, *(PERCENT * explained(kinds, guess) for guess in (PAINTED, MEAN))))
    numbers = Numbers(("run", "seen (%)", "explained (%)", "explained by the mean image (%)"), rows)
    yield Plot(drawn, {"count": pictures[0].shape[1], "rows": rows}, numbers)


def _strip(axis: Axes, images: Floats, scale: Floats, title: str) -> None:
    """Plot images (n, C, H, W) side by side, on the scale of the originals; hidden pixels in blue."""
    low, high = scale.min(), scale.max()
    hidden = np.isnan(images).any(1, keepdims=True)
    levels = ((images - low) / max(high - low, 1e-12)).clip(0, 1)
    blue = np.asarray(to_rgb(BLUE))[None, :, None, None]
    axis.imshow(montage(np.where(hidden, blue, levels), len(images), gap=max(1, images.shape[3] // 14)))
    picture(axis, title)


def explained(kinds: Floats, painted: int) -> float:
    """Return 1 - Σ (painted - x)² / Σ (x - x̄)² over the hidden pixels x: 0 for their mean everywhere, 1 for all."""
    hidden = np.isnan(kinds[SEEN])
    true, guessed = kinds[IMAGE][hidden], kinds[painted][hidden]
    return float(1 - np.square(guessed - true).sum() / max(np.square(true - true.mean()).sum(), 1e-12))
