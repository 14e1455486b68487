"""Small multiples: panels with the same kinds of lines in each, drawn as one artist, ten times as fast as axes.

All panels share the vertical scale, whose numbers stand beside the first of each row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox, IdentityTransform

from rdfia.analyse.curves import Band
from rdfia.report.engine.drawing import GRID, INK, MUTED, WIDTH, canvas
from rdfia.report.engine.ticks import POINTS, extent

GAP, TICK, LINE, KEY = 10.0, 7.0, 14.0, 22.0  # points: between panels, a tick and pad, words, a key
BOLD = 1.12  # how much wider bold letters are
SEEN = 4.6 * POINTS  # of a figure that a phone shows
TICKS = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10])
WHOLE = MaxNLocator(4, steps=[1, 2, 5, 10], integer=True)


@dataclass(frozen=True)
class Stroke:
    """A line of a legend, drawn in any number of panels."""

    label: str
    colour: str
    width: float = 1.4


@dataclass(frozen=True)
class Panel:
    """A title, lines in their bands (a line without one has no room around its mean), and a note in the corner."""

    title: str
    lines: Sequence[tuple[Stroke, Band]]
    note: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        """The first and the last epoch, with some room."""
        epochs = [float(at) for _, band in self.lines for at in band.epochs]
        low, high = (min(epochs), max(epochs)) if epochs else (0.0, 1.0)
        room = 0.05 * ((high - low) or 1.0)
        return low - room, high + room


@dataclass(frozen=True)
class Multiples:
    """Panels in rows, with what stands beside and below; `apart`: each panel has its own epochs, and numbers below."""

    panels: Sequence[Panel]
    columns: int
    height: float  # inches
    below: str
    beside: str
    scale: tuple[float, float]
    apart: bool
    size: float  # points of letters

    @property
    def strokes(self) -> list[Stroke]:
        """Every kind of line once, in the order of the panels."""
        return list(dict.fromkeys(stroke for panel in self.panels for stroke, _ in panel.lines))

    def figure(self) -> Figure:
        """Return them as a figure."""
        shown = min(self.columns, len(self.panels))
        rows = ceil(len(self.panels) / shown)
        figure = canvas(WIDTH * max(shown / self.columns, 0.5), rows * self.height + 0.3)
        figure.add_artist(Drawn(self, shown, rows))
        return figure


class Drawn(Artist):
    """Small multiples on a figure, whose points it counts from the lower left."""

    def __init__(self, what: Multiples, columns: int, rows: int) -> None:
        super().__init__()
        self.what, self.columns, self.rows = what, columns, rows

    def draw(self, renderer: Any) -> None:
        """Draw the legend, then panel by panel."""
        what, size = self.what, self.what.size
        pen = Pen(renderer, size)
        wide, high = renderer.width, renderer.height
        top = high - self._legend(pen, high)
        values = seen_ticks(TICKS, what.scale)
        left = TICK + LINE + max((extent(number(at), size)[0] for at in values), default=0.0)
        foot = TICK + 2 * LINE
        across = (wide - left - 4 - (self.columns - 1) * GAP) / self.columns
        each = (top - (self.rows if what.apart else 1) * foot - self.rows * 1.3 * LINE) / self.rows
        shared = (min(p.ends[0] for p in what.panels), max(p.ends[1] for p in what.panels))
        y = top
        for row in range(self.rows):
            y -= 1.3 * LINE + each
            for column, panel in enumerate(what.panels[row * self.columns : (row + 1) * self.columns]):
                place = row * self.columns + column
                box = Bbox.from_bounds(left + column * (across + GAP), y, across, each)
                numbered = what.apart or place + self.columns >= len(what.panels)
                spot = Spot(box, panel.ends if what.apart else shared, what.scale)
                self._panel(pen, panel, spot, values, numbered, column == 0)
            y -= foot if what.apart else 0

    def _legend(self, pen: "Pen", high: float) -> float:
        """Draw a legend's entries in as many columns as a phone shows; return how high it is."""
        strokes, size = self.what.strokes, self.what.size
        wide = max((extent(stroke.label, size)[0] + KEY + 2 * GAP for stroke in strokes), default=1.0)
        columns = max(1, int(SEEN / wide))
        for place, stroke in enumerate(strokes):
            x, y = 4 + wide * (place % columns), high - LINE * (place // columns + 1)
            pen.line([(x, y + 3), (x + KEY, y + 3)], stroke.colour, stroke.width)
            pen.words(stroke.label, x + KEY + 6, y)
        return LINE * ceil(len(strokes) / columns) + 2

    def _panel(
        self, pen: "Pen", panel: Panel, spot: "Spot", values: Sequence[float], numbered: bool, first: bool
    ) -> None:
        """Draw the grid with its numbers, the lines in their bands, and the words around."""
        box, size = spot.box, self.what.size
        epochs = seen_ticks(WHOLE, spot.epochs)
        xs, ys = spot.across(epochs), spot.up(values)
        for x1, y1, colour in ((box.x1, box.y1, GRID), (box.x0 - 3.5, box.y0 - 3.5, MUTED)):
            pen.strokes([((x, box.y0), (x, y1)) for x in xs] + [((box.x0, y), (x1, y)) for y in ys], colour)
        for stroke, band in panel.lines:
            pen.band(spot, band, stroke.colour)
            pen.line(spot.points(band.epochs, band.mean), stroke.colour, stroke.width, box)
        pen.line([(box.x0, box.y1), (box.x0, box.y0), (box.x1, box.y0)], MUTED, 0.6)
        shrunk = min(size, size * box.width / (BOLD * extent(panel.title, size)[0] + 1))
        pen.words(panel.title, box.x0, box.y1 + 5, size=shrunk, weight="bold")
        for place, line in enumerate(reversed(panel.note.split("\n"))):
            pen.words(line, box.x1 - 3, box.y0 + 3 + place * 9, "right", MUTED, 8.0)
        if numbered:
            for x, epoch in zip(xs, epochs, strict=True):
                pen.words(number(epoch), x, box.y0 - TICK - 0.75 * size, "center")
            pen.words(self.what.below, (box.x0 + box.x1) / 2, box.y0 - TICK - 0.75 * size - LINE, "center")
        if first:
            for y, value in zip(ys, values, strict=True):
                pen.words(number(value), box.x0 - TICK, y - 0.36 * size, "right")
            pen.words(self.what.beside, 0.85 * size, (box.y0 + box.y1) / 2, "center", turned=True)


@dataclass(frozen=True)
class Spot:
    """Where a panel lies, and the ends of its scales."""

    box: Bbox
    epochs: tuple[float, float]
    values: tuple[float, float]

    def across(self, epochs: Any) -> list[float]:
        """Return epochs as places from left to right."""
        return _placed(epochs, self.epochs, self.box.x0, self.box.width)

    def up(self, values: Any) -> list[float]:
        """Return values as places upwards."""
        return _placed(values, self.values, self.box.y0, self.box.height)

    def points(self, epochs: Any, values: Any) -> list[tuple[float, float]]:
        """Return the points that are numbers; a seed that diverged has no more from there on."""
        points = zip(self.across(epochs), self.up(values), strict=True)
        return [point for point in points if isfinite(point[1])]


class Pen:
    """What draws strokes, bands and words in points."""

    def __init__(self, renderer: Any, size: float) -> None:
        self.renderer, self.size = renderer, size

    def strokes(self, lines: Sequence[Sequence[tuple[float, float]]], colour: str, width: float = 0.6) -> None:
        """Draw separate strokes as one path."""
        if lines:
            codes = np.tile(np.array([Path.MOVETO, Path.LINETO], dtype=np.uint8), len(lines))
            self._path(Path(np.asarray(lines).reshape(-1, 2), codes), colour, width)

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float, box: Bbox | None = None) -> None:
        """Draw a line through points, of which the box shows what lies in it."""
        if points:
            self._path(Path(points), colour, width, box)

    def band(self, spot: Spot, band: Band, colour: str) -> None:
        """Fill what lies between the smallest and the largest value."""
        low, high = spot.points(band.epochs, band.low), spot.points(band.epochs, band.high)
        if low != high:
            self._path(Path([*low, *reversed(high)], closed=False), "", 0.0, spot.box, (*to_rgba(colour)[:3], 0.2))

    def _path(self, path: Path, colour: str, width: float, box: Bbox | None = None, fill: Any = None) -> None:
        context = self.renderer.new_gc()
        context.set_linewidth(width)
        if fill:
            context.set_alpha(fill[3])
        else:
            context.set_foreground(colour)
        if box is not None:
            context.set_clip_rectangle(box)
        self.renderer.draw_path(context, path, IdentityTransform(), fill)
        context.restore()

    def words(
        self, words: str, x: float, y: float, align: str = "left", colour: str = INK, size: float = 0.0,
        weight: str = "normal", turned: bool = False,
    ) -> None:  # fmt: skip
        """Write a line that stands on y; `turned`: upwards, on x."""
        font = FontProperties(size=size or self.size, weight=weight)
        look: Any = {"rotation": 90, "rotation_mode": "anchor"} if turned else {}
        text = Text(x, y, words, ha=align, va="baseline", transform=IdentityTransform(), **look)
        context = self.renderer.new_gc()
        context.set_foreground(colour)
        at = self.renderer.height - y if self.renderer.flipy() else y
        self.renderer.draw_text(context, x, at, words, font, 90 if turned else 0, False, text)
        context.restore()


def _placed(values: Any, ends: tuple[float, float], low: float, length: float) -> list[float]:
    places: list[float] = (low + length * (np.asarray(values, dtype=float) - ends[0]) / (ends[1] - ends[0])).tolist()
    return places


def seen_ticks(locator: MaxNLocator, ends: tuple[float, float]) -> list[float]:
    """Return the round numbers between two ends."""
    return [float(at) for at in locator.tick_values(*ends) if ends[0] <= at <= ends[1]]


def number(value: float) -> str:
    """Return a tick's number with a true minus."""
    return f"{value:g}".replace("-", "−")
