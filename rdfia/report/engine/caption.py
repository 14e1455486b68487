"""Captions: Jinja templates filled with the facts that a figure or a table returns.

A template's text is the caption. A line `+++` parts it from how such a content is read, which a page says once, and in
a figure's a line `---` from the description for who cannot see it. Words
that several captions share are macros in `captions/shared.md`.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from rdfia.analyse.metrics import LEVEL
from rdfia.analyse.results import PERCENT
from rdfia.report.engine.drawing import listed

SHARED = Path(__file__).parents[1] / "captions"


def caption(path: Path, facts: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the caption, how it is read and the description, empty where there is none, each as one line."""
    text, _, description = _template(path).render(**facts).partition("\n---\n")
    own, _, reading = f"{text}\n".partition("\n+++\n")
    return " ".join(own.split()), " ".join(reading.split()), " ".join(description.split())


@cache
def _template(path: Path) -> Template:
    return environment().from_string(path.read_text(encoding="utf-8"))


def environment() -> Environment:
    """Return an environment in which a name that is not among the facts is an error.

    Filters: `listed` ("a, b and c"), `fixed(n)` with n decimals, `signed(n)` with the sign too, `plain` as short as it
    goes (%g), `rounded` to two digits ("63,000"), `span(n)` from the smallest to the largest. `sure` is the level of
    intervals, "95 %".
    """
    loader = FileSystemLoader(SHARED)
    made = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"listed": listed, "fixed": _fixed, "signed": _signed, "plain": _plain}
    made.filters |= {"rounded": _rounded, "span": _span}
    made.globals["sure"] = f"{PERCENT * LEVEL:.0f} %"
    return made


def _fixed(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}"


def _signed(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}"


def _plain(value: float) -> str:
    return f"{value:g}"


def _rounded(value: float) -> str:
    """Write a number to two digits: 63,000 or 1.3."""
    short = float(f"{value:.2g}")
    return f"{short:,g}" if value < 10 else f"{short:,.0f}"


def _span(values: Sequence[float], digits: int = 2) -> str:
    """Write the smallest and the largest value, or the one that all have."""
    low, high = (f"{choose(values):.{digits}f}" for choose in (min, max))
    return low if low == high else f"{low} to {high}"
