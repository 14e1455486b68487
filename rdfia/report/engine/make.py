"""From registered functions to finished figures and tables: their names, captions and files."""

import csv
import io

from rdfia.report.engine.caption import caption
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import Drawing, finish, style
from rdfia.report.engine.registry import Maker, Numbers, Plot, Rows
from rdfia.report.engine.table import Table


def make(maker: Maker, context: Context) -> list[Drawing | Table]:
    """Call a registered function and finish all that it gives."""
    with style():
        return [_finished(maker, context, item) for item in maker.function(context)]


def _finished(maker: Maker, context: Context, item: Plot | Rows) -> Drawing | Table:
    chapter = context.subject.name if context.subject else ""
    text, reading, description = caption(maker.caption, item.facts)
    if isinstance(item, Rows):
        name = maker.name(chapter, item.group)
        columns, rows = tuple(item.columns), tuple(map(tuple, item.rows))
        return Table(name, text, columns, rows, maker, item.group, item.summary, reading, chapter)
    name = maker.name(chapter, item.group, item.dataset)
    numbers = written(item.numbers)
    return finish(item.figure, name, text, description, maker, item.group, numbers, reading, item.curves)


def written(numbers: Numbers) -> str:
    """Write the numbers of a figure as CSV, in at most six significant digits."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(numbers.columns)
    writer.writerows([f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row] for row in numbers.rows)
    return lines.getvalue()
