"""One look for all figures, and how a figure becomes bytes that are the same on every drawing.

The colours are Okabe and Ito's, which readers with colour-blindness tell apart. Figures are drawn for white paper;
the page swaps the colours named here for its own, so that they follow a dark screen.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rdfia.report.engine.compact import compact
from rdfia.report.engine.powers import plain_powers
from rdfia.report.engine.ticks import FONT, Panel
from rdfia.words import listed as listed

if TYPE_CHECKING:
    from rdfia.report.engine.registry import Curves, Maker

INK, MUTED, GRID, PAPER = "#1d2330", "#667085", "#dfe3e8", "#ffffff"
BLUE, ORANGE, GREEN, PINK = "#0072b2", "#d55e00", "#009e73", "#c974a3"
MAP_INK = "#10131a"  # on a map, which keeps its colours on a dark screen
PAGE = "#fcfcfb"  # behind words that lie on a line: the page's own paper, where PAPER is left away
THEME = {
    INK: "--ink", MUTED: "--muted", GRID: "--line", BLUE: "--blue", ORANGE: "--orange", GREEN: "--green",
    PINK: "--pink", PAGE: "--paper",
}  # fmt: skip
LIGHT = {variable: colour for colour, variable in THEME.items()}
DARK = {
    "--ink": "#e6e9ef", "--muted": "#9aa4b2", "--line": "#333a46", "--blue": "#5ab4ee", "--orange": "#ff9248",
    "--green": "#3ecfa0", "--pink": "#e9a3c9", "--paper": "#14171d",
}  # fmt: skip
WIDTH = 10.0  # inches
LEVELS = 63  # of a colour in a picture, above none
MOST_PANELS = 12  # of runs one by one: in a figure of more each would be too small
RESOLUTION = 110  # dots per inch in which words are measured

RULES: Any = {
    "font.family": FONT,
    "font.size": 9.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # else each title looks for what stands above the axes, where nothing does
    "axes.labelsize": 9.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "text.color": INK,
    "text.parse_math": False,  # a class or a title may have dollars
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.linewidth": 1.4,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "image.interpolation": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "rdfia",
    "path.simplify_threshold": 0.3,
}


@dataclass(frozen=True)
class Drawing:
    """A figure as files, with the caption that says what to look at and a description for who cannot see it."""

    name: str
    caption: str
    alt: str
    svg: bytes
    maker: "Maker | None" = None
    group: str = ""
    numbers: str = ""  # what it shows, as CSV
    reading: str = ""  # how such a figure is read, which a page says once
    curves: "Curves | None" = None
    kind: ClassVar[Literal["figure"]] = "figure"


@contextmanager
def style() -> Iterator[None]:
    """The project's look, inside the block alone."""
    with matplotlib.rc_context(RULES):
        yield


def panels(count: int, columns: int, height: float, width: float = WIDTH, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure of `count` panels of `height` inches, in rows of at most `columns` that fill `width` inches.

    Fewer panels than columns make a narrower figure, of half the width at least, so that panels are alike.
    """
    shown = max(1, min(columns, count))
    rows = max(1, ceil(count / shown))
    figure = canvas(width * max(shown / columns, 0.5), rows * height + 0.3, layout="constrained")
    grid = figure.subplots(rows, shown, squeeze=False, subplot_kw={"axes_class": Panel}, **options)
    axes: list[Axes] = list(grid.flat)
    for axis in axes[count:]:
        axis.set_visible(False)
    return figure, axes[:count]


def canvas(width: float, height: float, **options: Any) -> Figure:
    """Return an empty figure of so many inches."""
    figure = Figure(figsize=(width, height), dpi=RESOLUTION, **options)
    FigureCanvasAgg(figure)
    return figure


def picture(axes: Axes, title: str) -> None:
    """Make an axes a plain frame for an image."""
    axes.set_title(title, fontweight="normal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def montage(images: Any, columns: int, gap: int = 1) -> Any:
    """Images (n, 1 or 3, h, w) laid out as one (H, W, 4), through which the page is seen between them.

    Of each colour they keep 64 levels: the noise below them is a quarter of the bytes, and no eye sees it.
    """
    n, _, h, w = images.shape
    rows = ceil(n / columns)
    sheet = np.zeros((rows * (h + gap) - gap, columns * (w + gap) - gap, 4), dtype=np.uint8)
    levels = np.rint(images * (LEVELS / (255 if images.dtype == np.uint8 else 1)))
    for index, image in enumerate(np.rint(levels * (255 / LEVELS))):
        top, left = (index // columns) * (h + gap), (index % columns) * (w + gap)
        sheet[top : top + h, left : left + w, :3] = image.transpose(1, 2, 0)
        sheet[top : top + h, left : left + w, 3] = 255
    return sheet


def shortened(name: str, letters: int) -> str:
    """Return a name that is cut where it is longer than its place."""
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def finish(figure: Figure, name: str, caption: str, alt: str, *more: Any) -> Drawing:
    """Write the figure as SVG, without a date; `more` are further fields of the drawing."""
    svg = io.BytesIO()
    plain_powers(figure)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)  # with "none" a place is held for it, and the figure is drawn twice
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return Drawing(name, caption, alt, compact(svg.getvalue()), *more)


def themed(svg: bytes) -> str:
    """The SVG with the page's colours for light and dark, its system font, and no background."""
    text = svg.decode("utf-8")
    text = text[text.index("<svg") :].replace(f"font-family: {FONT}", "font-family: system-ui, sans-serif")
    text = re.sub(rf"fill: {PAPER}(?=[;}}'])", "fill: none", text)
    for colour, variable in THEME.items():
        text = re.sub(rf"(fill|stroke): {colour}\b", rf"\1: var({variable})", text)
    light, dark = (";".join(f"{k}:{v}" for k, v in palette.items() if f"var({k})" in text) for palette in (LIGHT, DARK))
    rules = f"<style>:root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
    head, body = text.split(">", 1)
    return f"{head}>{rules}{body}"
