"""Ticks of logarithmic axes as plain text: a text of the study, such as a class named `$a$`, is never typeset as LaTeX.

matplotlib sets `10⁻³` as LaTeX, for which every text of a figure would be read as LaTeX where it has two dollars.
"""

import re

from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, LogFormatterMathtext

RAISED = str.maketrans("-−0123456789.", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹·")


class PlainPowers(Formatter):
    """The ticks of another formatter without LaTeX: `$\\mathdefault{10^{-3}}$` is 10⁻³."""

    def __init__(self, powers: Formatter) -> None:
        self.powers = powers

    def __call__(self, x: float, pos: int | None = None) -> str:
        return plain(self.powers(x, pos))

    def set_locs(self, locs: list[float]) -> None:
        self.powers.set_locs(locs)


def plain(latex: str) -> str:
    """Return a power that matplotlib wrote as LaTeX in plain text."""
    text = re.sub(r"^\$\\mathdefault\{(.*)\}\$$", r"\1", latex).replace(r"\times", "×")
    return re.sub(r"\^\{(.*?)\}", lambda power: power[1].translate(RAISED), text)


def plain_powers(figure: Figure) -> None:
    """Write the powers on all logarithmic axes as plain text."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            for get, put in (
                (axis.get_major_formatter, axis.set_major_formatter),
                (axis.get_minor_formatter, axis.set_minor_formatter),
            ):
                if isinstance(powers := get(), LogFormatterMathtext):
                    put(PlainPowers(powers))
