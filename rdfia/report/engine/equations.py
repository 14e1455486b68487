"""Equations as pictures: matplotlib sets the LaTeX, so that the page needs neither a network nor a script."""

from functools import cache

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser

from rdfia.report.engine.drawing import INK, RULES, Drawing, finish

SIZE = 14.0  # points
MARGIN = 2.0  # points around
# Glyphs as outlines: a reader has no mathematical font
LOOK = {"text.parse_math": True, "mathtext.fontset": "stix", "svg.fonttype": "path", "figure.facecolor": "none"}


@cache
def equation(latex: str) -> Drawing:
    """An equation on one line; what is read aloud is its LaTeX."""
    text = f"${latex}$"
    with rc_context(RULES | LOOK):
        font = FontProperties(size=SIZE)
        width, height, depth, *_ = MathTextParser("path").parse(text, dpi=72, prop=font)
        wide, high = width + 2 * MARGIN, height + 2 * MARGIN
        figure = Figure(figsize=(wide / 72, high / 72), dpi=72)
        FigureCanvasAgg(figure)
        figure.text(MARGIN / wide, (depth + MARGIN) / high, text, fontproperties=font, color=INK)
        return finish(figure, "equation", "", latex)
