"""Figures and tables as registered functions of one `Context`.

    @figure("{chapter}_effects{group}")
    def effects(context: Context) -> Iterator[Plot]:
        ...
        yield Plot(figure, facts={"count": 3}, numbers=Numbers(("run", "effect"), rows), group=group.name)

The name holds `{chapter}` where the function is called once for each chapter (without it, once for the study),
`{group}` where it may give one for each group of runs, and `{dataset}` where it gives one for each data set; the
engine fills them in. `[figure cnn_effects_colour]` in a text finds it. The caption is a Jinja template with the
function's name, `captions/effects.md` beside the function's module or in the report's own folder of captions, filled
with the facts.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from matplotlib.figure import Figure

from rdfia.report.engine.context import Context
from rdfia.report.engine.table import Cell, Column

Kind = Literal["figure", "table"]


@dataclass(frozen=True)
class Numbers:
    """The numbers that a figure shows, as the columns and rows of its CSV."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True)
class Curves:
    """The runs whose curves over the epochs a figure shows, by key with their labels: a page's script draws them."""

    measure: str
    runs: Mapping[str, str]


@dataclass(frozen=True)
class Plot:
    """A figure as drawn, with what its caption says and the numbers that it shows."""

    figure: Figure
    facts: Mapping[str, Any]
    numbers: Numbers
    group: str = ""
    dataset: str = ""
    curves: Curves | None = None


@dataclass(frozen=True)
class Rows:
    """A table's columns and rows, with what its caption says; `summary` folds it behind these words."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    facts: Mapping[str, Any] = field(default_factory=dict)
    group: str = ""
    summary: str = ""

    def trimmed(self) -> "Rows":
        """Return the table without the columns that are empty in every row; the first stays: it names the rows."""
        places = range(len(self.columns))
        kept = [i for i in places if not i or any(row[i] not in (None, "") for row in self.rows)]
        rows = [[row[i] for i in kept] for row in self.rows]
        return replace(self, columns=[self.columns[i] for i in kept], rows=rows)


@dataclass(frozen=True)
class Maker:
    """A registered function: what it makes and under which name.

    A `picture` is no chart, and may be a cover. What is made `on_request` is shown only where a text names it.
    """

    kind: Kind
    pattern: str
    function: Callable[[Context], Iterable[Plot | Rows]]
    picture: bool = False
    on_request: bool = False

    @property
    def per_chapter(self) -> bool:
        """Whether it is called once for each chapter, and not once for the study."""
        return "{chapter}" in self.pattern

    @property
    def owner(self) -> str:
        """The folder of the chapter that it belongs to, empty where it serves any chapter."""
        package, name, *_ = self.function.__module__.removeprefix("rdfia.").split(".")
        return name if package == "chapters" else ""

    @property
    def source(self) -> str:
        """Where the code is, as in rdfia/report/figures/effects.py:effects."""
        return f"{self.function.__module__.replace('.', '/')}.py:{self.function.__name__}"

    @property
    def caption(self) -> Path:
        """The template of its caption: beside the function's module, or in the report's own folder."""
        file = f"{self.function.__name__}.md"
        beside = Path(inspect.getfile(self.function)).parent / "captions" / file
        return beside if beside.exists() else Path(__file__).parents[1] / "captions" / file

    def name(self, chapter: str = "", group: str = "", dataset: str = "") -> str:
        """Return the name of one figure or table."""
        suffix = f"_{group.replace(' ', '_')}" if group else ""
        return self.pattern.format(chapter=chapter, group=suffix, dataset=dataset)


Plots = Callable[[Context], Iterable[Plot]]
Tables = Callable[[Context], Iterable[Rows]]
MAKERS: list[Maker] = []


def figure(pattern: str, picture: bool = False, on_request: bool = False) -> Callable[[Plots], Plots]:
    """Register a function that yields plots."""

    def register(function: Plots) -> Plots:
        MAKERS.append(Maker("figure", pattern, function, picture, on_request))
        return function

    return register


def table(pattern: str, on_request: bool = False) -> Callable[[Tables], Tables]:
    """Register a function that yields tables."""

    def register(function: Tables) -> Tables:
        MAKERS.append(Maker("table", pattern, function, on_request=on_request))
        return function

    return register
