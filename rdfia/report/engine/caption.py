"""Captions: Jinja templates filled with the facts that a figure or a table returns.

A template's text is the caption. In a figure's, a line `---` parts it from the description for who cannot see it.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from rdfia.report.engine.drawing import listed

CAPTIONS = Path(__file__).parents[1] / "captions"


def caption(path: Path, facts: Mapping[str, Any]) -> tuple[str, str]:
    """Return the caption and the description, empty where there is none, each as one line."""
    text, _, description = _template(path).render(**facts).partition("\n---\n")
    return " ".join(text.split()), " ".join(description.split())


@cache
def _template(path: Path) -> Template:
    return environment().from_string(path.read_text(encoding="utf-8"))


def environment() -> Environment:
    """Return an environment in which a name that is not among the facts is an error, and captions may share macros.

    Filters: `listed` ("a, b and c"), `fixed(n)` with n decimals, `signed(n)` with the sign too, `plain` as short as it
    goes (%g).
    """
    made = Environment(
        loader=FileSystemLoader(CAPTIONS), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"listed": listed, "fixed": _fixed, "signed": _signed, "plain": _plain}
    return made


def _fixed(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}"


def _signed(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}"


def _plain(value: float) -> str:
    return f"{value:g}"
