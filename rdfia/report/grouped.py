"""The runs of a table: those of a chapter, or of one of its groups where the chapter is crowded."""

from dataclasses import replace

from rdfia.analyse.groups import Group, groups
from rdfia.analyse.metrics import LEVEL
from rdfia.analyse.results import PERCENT, ChapterResult
from rdfia.report.engine.table import Table

CROWDED = 20  # runs that one table or drawing holds; a longer one is read by nobody
SURE = f"{PERCENT * LEVEL:.0f} %"


def parts(chapter: ChapterResult) -> list[Group]:
    """The groups of a crowded chapter, each with the runs that it is measured against; else all runs as one."""
    if len(chapter.runs) > CROWDED:
        return groups(chapter)
    return [Group("", chapter.runs, tuple(run.name for run in chapter.runs))]


def said(chapter: ChapterResult, part: Group) -> str:
    """Whose runs these are."""
    if len(part.runs) == len(chapter.runs) or not any(run.group for run in chapter.runs):
        return f"of the chapter {chapter.name}"
    return f"of the group {part.name}" if part.name else f"of the chapter {chapter.name} that are in no group"


def together(chapter: ChapterResult, part: Group) -> str:
    """For how many comparisons the intervals of effects hold at once: 1 - (1 - level) / m for each of m in a group."""
    names = dict.fromkeys(run.group for run in part.runs if not part.name or run.group == part.name)
    firsts = {name: next(run for run in chapter.runs if run.group == name) for name in names}
    counts = {name: m for name, run in firsts.items() if (m := chapter.comparisons(run))}
    if not counts:
        return ""
    if len(counts) == 1:
        (m,) = counts.values()
        return (
            f"The intervals of {m} effects hold together at {SURE}."
            if m > 1
            else f"The interval of the one effect holds at {SURE}."
        )
    told = ", ".join(f"{m} in {name or 'no group'}" for name, m in counts.items())
    return f"The intervals of effects hold together at {SURE} for the comparisons of a group: {told}."


def trimmed(table: Table) -> Table:
    """The table without the columns that hold nothing in any row; the first stays, because it names the rows."""
    kept = [
        place
        for place in range(len(table.columns))
        if not place or any(row[place] not in (None, "") for row in table.rows)
    ]
    columns = tuple(table.columns[place] for place in kept)
    return replace(table, columns=columns, rows=tuple(tuple(row[place] for place in kept) for row in table.rows))
