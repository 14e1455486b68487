"""The tables of README.md, from the results that are in git: the headline, and what was done in how much time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import dropwhile
from math import floor
from pathlib import Path

from rdfia.analyse.results import RunResult
from rdfia.config import ConfigError
from rdfia.report.engine.context import Context
from rdfia.report.engine.findings import verdict
from rdfia.report.engine.table import Cell, Column, Table
from rdfia.words import listed

PAGE = Path("README.md")
HEADLINE = (
    Column("our run", code=True),
    Column("data"),
    Column("scale"),
    Column("test accuracy", "%", numeric=True),
    Column("published", "%"),
    Column("verdict"),
)
TIMES = (
    Column("what"),
    Column("on"),
    Column("runs", numeric=True),
    Column("by the clock", "minutes", numeric=True, digits=0),
    Column("runs in 45 minutes", numeric=True, digits=0),
    Column("in an hour", numeric=True, digits=0),
    Column("in a night of 8 hours", numeric=True, digits=0),
)


def filled(text: str, contexts: Sequence[Context]) -> str:
    """Return the README with its tables written anew; each stands below a comment with its name."""
    tables = (
        Table("headline", "", HEADLINE, tuple(row for context in contexts for row in _headline(context))),
        Table("times", "", TIMES, tuple(row for context in contexts for row in _times(context))),
    )
    for table in tables:
        before, mark, after = text.partition(f"<!-- {table.name}: `rdfia findings` writes it -->\n\n")
        if not mark:
            raise ConfigError(f"{PAGE}: found no comment above the table {table.name}, allowed: one with its name")
        rest = after.splitlines(keepends=True)
        text = before + mark + table.markdown() + "".join(dropwhile(lambda line: line.startswith("|"), rest))
    return text


def _headline(context: Context) -> Iterator[tuple[Cell, ...]]:
    """Yield the runs whose published figures are findings, with the scale at which they were trained."""
    for found in context.findings:
        run = context.study.run(found.decision.place)
        if run and found.decision.printed:
            theirs = listed([each.value for each in found.decision.printed])
            yield run.key, run.card.label, _scale(run), run.test_accuracy, theirs, verdict(found)


def _scale(run: RunResult) -> str:
    """Return for how long a run was trained, on what batches, and how often."""
    settings = (("epochs", "{} epochs"), ("batch_size", "batches of {}"))
    said = [words.format(run.config[key]) for key, words in settings if key in run.config]
    return ", ".join((*said, f"{len(run.test)} seeds"))


def _times(context: Context) -> Iterator[tuple[Cell, ...]]:
    """Yield for each machine how many runs it did in how much time by the clock, side by side."""
    machines: dict[str, list[RunResult]] = defaultdict(list)
    for run in context.study.runs:
        if run.timing.get("started"):
            machines[_machine(run)].append(run)
    for machine, runs in machines.items():
        minutes = busy([_span(run) for run in runs]) / 60
        chapters = listed(list(dict.fromkeys(run.chapter for run in runs)))
        each = (floor(len(runs) * wanted / minutes) for wanted in (45, 60, 480))
        yield f"{context.study.profile}: {chapters}", machine, len(runs), minutes, *each


def _machine(run: RunResult) -> str:
    """Return the processor of a run, and how many cores it had where it is no GPU."""
    machine = run.timing["machine"]
    return str(machine["processor"] if machine["device"] == "cuda" else f"{machine['cores']} cores")


def _span(run: RunResult) -> tuple[float, float]:
    """Return when a run began and ended, in seconds."""
    began = datetime.fromisoformat(run.timing["started"]).timestamp()
    return began, began + run.timing["seconds"]


def busy(spans: Sequence[tuple[float, float]]) -> float:
    """Return for how many seconds at least one run was in progress."""
    total, until = 0.0, float("-inf")
    for began, ended in sorted(spans):
        total += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return total
