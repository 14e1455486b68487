"""Tables, once as data: their CSV, their Markdown and their HTML are three ways to write the same cells."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from rdfia.analyse.metrics import Estimate

if TYPE_CHECKING:
    from rdfia.report.engine.registry import Maker


class Linked(str):
    """A text that leads to another place of the report on its pages."""

    link: str

    def __new__(cls, text: str, link: str) -> "Linked":
        made = super().__new__(cls, text)
        made.link = link
        return made


Cell = str | int | float | Estimate | None
MISSING = "–"
MARKUP = re.compile(r"(?P<interval>\[[-+\d., ]+\](?![(\[:]))|[\\`*\[\]|$~]|(?<!\w)_|_(?!\w)")  # of Markdown


@dataclass(frozen=True)
class Column:
    """A heading and how its cells look: `signed` shows a plus, `code` is set in a fixed-width face, `wide` is prose.

    A cell of `runs` names a run, alone or behind its chapter, and leads to its page.

    A `stacked` cell lists things with semicolons between, one below the other on the page. On the page the rows can be
    chosen by the things in all columns that have the same `filter`, which is the name of the choice.
    """

    name: str
    unit: str = ""
    signed: bool = False
    code: bool = False
    runs: bool = False
    numeric: bool = False
    wide: bool = False
    stacked: bool = False
    filter: str = ""
    digits: int = 2

    @property
    def heading(self) -> str:
        """The heading with its unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def number(self, value: float) -> str:
        """A number as the column writes it."""
        sign = "+" if self.signed else ""
        return f"{value:{sign},.{self.digits}f}"

    def text(self, cell: Cell) -> str:
        """A cell for a reader: an estimate is its mean with the interval behind it."""
        if isinstance(cell, Estimate):
            return f"{self.number(cell.mean)} {self.interval(cell)}".rstrip()
        if cell is None or cell == "":
            return MISSING
        if isinstance(cell, str):
            return cell
        return f"{cell:,}" if isinstance(cell, int) else self.number(cell)

    def interval(self, cell: Cell) -> str:
        """The interval of an estimate alone; why there is none where seeds are equal, empty where there is one seed."""
        if not isinstance(cell, Estimate) or cell.low is None or cell.high is None:
            return f"({cell.seeds} equal seeds)" if isinstance(cell, Estimate) and cell.seeds > 1 else ""
        return f"[{self.number(cell.low)}, {self.number(cell.high)}]"


@dataclass(frozen=True)
class Table:
    """A named table with a caption."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    maker: "Maker | None" = None
    group: str = ""
    summary: str = ""  # words that a click unfolds it from
    reading: str = ""  # how such a table is read, which a page says once
    chapter: str = ""  # whose runs it names, where it names them without their chapter
    kind: ClassVar[Literal["table"]] = "table"

    @property
    def spread(self) -> tuple[bool, ...]:
        """Which columns hold estimates, and so need three columns in CSV."""
        cells = zip(*self.rows, strict=True) if self.rows else ((None,) for _ in self.columns)
        return tuple(any(isinstance(cell, Estimate) for cell in column) for column in cells)

    def csv(self) -> str:
        """Comma-separated values; an estimate takes three columns, for its mean, `low` and `high`."""
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        names = [column.heading for column in self.columns]
        spread = self.spread
        writer.writerow(_flat([[n, f"{n} low", f"{n} high"] if s else [n] for n, s in zip(names, spread, strict=True)]))
        for row in self.rows:
            writer.writerow(_flat([_plain(cell, s) for cell, s in zip(row, spread, strict=True)]))
        return lines.getvalue()

    def markdown(self) -> str:
        """A table for a forge; numbers are set to the right."""
        head = [escaped(column.heading) for column in self.columns]
        rule = ["---:" if column.numeric else "---" for column in self.columns]
        body = [[escaped(c.text(cell)) for c, cell in zip(self.columns, row, strict=True)] for row in self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *body]) + "\n"


def _plain(cell: Cell, spread: bool) -> list[object]:
    """A cell for CSV, rounded to two decimals as everywhere."""
    if isinstance(cell, Estimate):
        return [_rounded(cell.mean), _rounded(cell.low), _rounded(cell.high)]
    values: list[object] = [round(cell, 2) if isinstance(cell, float) else cell]
    return values + [None] * (2 if spread else 0)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _flat(parts: Sequence[Sequence[object]]) -> list[object]:
    return [cell for part in parts for cell in part]


def escaped(text: str) -> str:
    """Text that a forge shows as it is: it opens no tag, link, code, emphasis, formula or list, and ends no cell."""
    line = text.replace("\n", " ").replace("&", "&amp;").replace("<", "&lt;")
    line = MARKUP.sub(lambda found: found["interval"] or f"\\{found[0]}", line)
    return re.sub(r"^(\d*)([-+=#.)>])(?=\s|$|[=#-])", r"\1\\\2", line)
