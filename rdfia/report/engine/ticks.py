"""Axes whose ticks are places and words: matplotlib keeps five artists for each, half of a drawing's time.

Locators, formatters and `tick_params` are matplotlib's own. An axis draws its grid as one path and its ticks as
another; turned labels and labels of several lines are texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib import font_manager, rcParams
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.backends.backend_agg import get_hinting_flag
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import NullLocator
from matplotlib.transforms import Bbox, IdentityTransform

Floats = npt.NDArray[np.float64]
FONT = "DejaVu Sans"
RULES: Any = rcParams  # as they are inside `drawing.style`
DEEP = "lp"  # letters that reach as far up and down as any
POINTS, FINE = 72, 110  # dots in an inch: those of a figure, and those that words are measured in


@cache
def extent(words: str, size: float) -> tuple[float, float, float]:
    """Return the width of a line in the figures' font, how far it reaches up and how far down, in points."""
    font: Any = font_manager.get_font(font_manager.findfont(FontProperties(family=FONT)))
    font.set_size(size, FINE)
    font.set_text(words, 0.0, flags=get_hinting_flag())  # type: ignore[no-untyped-call]
    width, height, down = (length / 64 / FINE * POINTS for length in (*font.get_width_height(), font.get_descent()))
    return width, height - down, down


@dataclass(frozen=True)
class Mark:
    """A label of an axis with its place in pixels, and its box; `text` where it is not one plain line."""

    words: str
    at: tuple[float, float]
    box: Bbox
    text: Text | None = None


class Ticks:
    """What `XAxis` and `YAxis` share, put before them: no `Tick` is ever made."""

    majorTicks: Any = ()  # noqa: N815
    minorTicks: Any = ()  # noqa: N815
    along: ClassVar[int]  # 0: from left to right, 1: upwards
    look: ClassVar[dict[str, Any]]  # how a text stands at its place
    own: Any = None  # of these labels
    seen: tuple[Any, Any] = (None, None)

    def __getattr__(self, name: str) -> Any:  # for mypy: what matplotlib's axis has
        raise AttributeError(name)

    def get_major_ticks(self, numticks: int | None = None) -> list[Any]:
        return []

    def get_minor_ticks(self, numticks: int | None = None) -> list[Any]:
        return []

    def _get_ticks_position(self) -> int:
        return 1  # below or to the left

    def _update_ticks(self) -> list[Any]:
        return []

    def set_ticklabels(self, labels: Any, *, minor: bool = False, **look: Any) -> Any:
        """Set the labels; `look` is how their texts differ from those of other axes."""
        self.own = look or None
        return super().set_ticklabels(labels, minor=minor)  # type: ignore[misc]

    def places(self, major: bool) -> tuple[Floats, list[str]]:
        """Return where in pixels ticks are, along the axis, and their words."""
        ticker, style = (self.major, self._major_tick_kw) if major else (self.minor, self._minor_tick_kw)
        if isinstance(ticker.locator, NullLocator) or not self._tick_group_visible(style):
            return np.empty(0), []
        values = np.asarray(self.get_majorticklocs() if major else self.get_minorticklocs(), dtype=float)
        words = ticker.formatter.format_ticks(values)
        start, end = self.get_transform().transform(np.asarray(self.get_view_interval(), dtype=float))
        shares = (self.get_transform().transform(values) - start) / (end - start)
        inside = (shares > -1e-9) & (shares < 1 + 1e-9)
        box = self.axes.bbox
        low, length = (box.y0, box.height) if self.along else (box.x0, box.width)
        return low + length * shares[inside], [word for word, shown in zip(words, inside, strict=True) if shown]

    def marks(self) -> tuple[tuple[Floats, Floats], list[Mark]]:
        """Return the places of major and minor ticks, and the labels; made again where the axis has moved."""
        now = (self.axes.bbox.bounds, self.axes.figure.dpi, *self.get_view_interval())
        if self.seen[0] != now:
            (major, words), (minor, others) = self.places(True), self.places(False)
            labels = [*zip(major, words, strict=True), *zip(minor, others, strict=True)]
            shown = self._major_tick_kw.get("label1On", True)
            self.seen = (now, ((major, minor), [self.mark(place, word) for place, word in labels if shown and word]))
        return self.seen[1]  # type: ignore[no-any-return]

    def mark(self, place: float, words: str) -> Mark:
        """Return a label at a place along the axis."""
        scale, box = self.axes.figure.dpi / POINTS, self.axes.bbox
        pad = scale * (self.length(True) + RULES["xtick.major.pad"])
        at = (box.x0 - pad, place) if self.along else (place, box.y0 - pad)
        if self.own or "\n" in words:
            text = Text(at[0], at[1], words, **(self.font() | self.look | (self.own or {})))
            text.set_figure(self.axes.figure)
            return Mark(words, at, text.get_window_extent(), text)
        width, up, down = (scale * length for length in extent(words, self.size))
        deep_up, deep_down = (scale * length for length in extent(DEEP, self.size)[1:])
        up, down = max(up, deep_up), max(down, deep_down)
        x, y = (at[0], at[1] - up / 2) if self.along else (at[0], at[1] - up)
        left = x - width if self.along else x - width / 2
        return Mark(words, (x, y), Bbox.from_bounds(left, y - down, width, up + down))

    @property
    def size(self) -> float:
        """The points of a label's letters."""
        return float(self._get_tick_label_size(self.axis_name))

    def length(self, major: bool) -> float:
        """The points of a tick."""
        name = f"{self.axis_name}tick.{'major' if major else 'minor'}.size"
        style = self._major_tick_kw if major else self._minor_tick_kw
        return float(style.get("size", RULES[name]))

    def font(self) -> dict[str, Any]:
        """How a label is written, at its place in pixels."""
        return {"transform": IdentityTransform(), "fontsize": self.size, "color": RULES["xtick.labelcolor"]}

    def _get_ticklabel_bboxes(self, ticks: Any, renderer: Any) -> tuple[list[Bbox], list[Bbox]]:
        return [mark.box for mark in self.marks()[1]], []

    def _update_label_position(self, renderer: Any) -> None:
        boxes = [mark.box for mark in self.marks()[1]]
        pad = self.labelpad * self.axes.figure.dpi / POINTS
        if self.along:
            self.label.set_x(min([box.x0 for box in boxes] + [self.axes.bbox.x0]) - pad)
        else:
            self.label.set_y(min([box.y0 for box in boxes] + [self.axes.bbox.y0]) - pad)

    def draw(self, renderer: Any) -> None:
        """Draw the grid, the ticks, and the labels with the axis's own."""
        if self.get_visible():
            places, marks = self.marks()
            box, scale = self.axes.bbox, self.axes.figure.dpi / POINTS
            low, high = (box.x0, box.x1) if self.along else (box.y0, box.y1)
            for major, at in zip((True, False), places, strict=True):
                style = self._major_tick_kw if major else self._minor_tick_kw
                if style.get("gridOn"):
                    self._strokes(renderer, at, low, high, "grid")
                if style.get("tick1On", True) and self.length(major):
                    self._strokes(renderer, at, low - scale * self.length(major), low, "xtick")
            self._words(renderer, marks)
            super().draw(renderer)  # type: ignore[misc]

    def _strokes(self, renderer: Any, at: Floats, start: float, end: float, kind: str) -> None:
        """Draw short or long lines across the axis as one path."""
        if not len(at):
            return
        points = np.stack([np.stack([at, np.full_like(at, side)], -1) for side in (start, end)], 1).reshape(-1, 2)
        context = renderer.new_gc()
        context.set_foreground(RULES[f"{kind}.color"])
        width = RULES["grid.linewidth" if kind == "grid" else "xtick.major.width"]
        context.set_linewidth(renderer.points_to_pixels(width))
        codes = np.tile(np.array([Path.MOVETO, Path.LINETO], dtype=np.uint8), len(at))
        renderer.draw_path(context, Path(points[:, ::-1] if self.along else points, codes), IdentityTransform())
        context.restore()

    def _words(self, renderer: Any, marks: Sequence[Mark]) -> None:
        """Draw the labels; those of one line by one text, which is what the renderer reads their alignment from."""
        anchor = Text(**(self.font() | self.look))
        context, high = renderer.new_gc(), renderer.height if renderer.flipy() else 0
        context.set_foreground(anchor.get_color())
        for mark in marks:
            if mark.text:
                mark.text.draw(renderer)
            else:
                anchor.set_position(mark.at)
                x, y = mark.at
                renderer.draw_text(context, x, abs(high - y), mark.words, anchor.get_fontproperties(), 0, False, anchor)
        context.restore()


class Across(Ticks, XAxis):
    """The axis below."""

    along = 0
    look: ClassVar[dict[str, Any]] = {"ha": "center", "va": "top"}


class Upwards(Ticks, YAxis):
    """The axis to the left."""

    along = 1
    look: ClassVar[dict[str, Any]] = {"ha": "right", "va": "center_baseline"}


class Panel(Axes):
    """Axes with these ticks; the page is seen through them."""

    def _init_axis(self) -> None:
        self.xaxis = Across(self, clear=False)
        self.yaxis = Upwards(self, clear=False)
        for axis, sides in ((self.xaxis, ("bottom", "top")), (self.yaxis, ("left", "right"))):
            for side in sides:
                self.spines[side].register_axis(axis)

    def clear(self) -> None:
        """Begin anew; a spine learns its place from its first tick, of which there is none."""
        super().clear()
        for side in ("left", "bottom"):
            self.spines[side].set_position(("outward", 0.0))
