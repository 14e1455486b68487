"""Runs that are read together: a grid over one setting, or variants of one thing, and what they are measured against.

Runs say their group in the parameters. Where those of a group change one and the same setting of one reference to a
number or a word, the reference has a value of it too: it takes its place among them, and they are called by values.
"""

from dataclasses import dataclass
from typing import Any

from rdfia.analyse.changes import get_path, phrase
from rdfia.analyse.results import ChapterResult, RunResult

CROWDED = 20  # runs that one table or drawing holds; a longer one is read by nobody


@dataclass(frozen=True)
class Group:
    """Runs in reading order, with what each is called here."""

    name: str
    runs: tuple[RunResult, ...]
    labels: tuple[str, ...]

    @property
    def suffix(self) -> str:
        """The group's name at the end of a file's."""
        return f"_{self.name.replace(' ', '_')}" if self.name else ""


def groups(chapter: ChapterResult) -> list[Group]:
    """The chapter's groups in the order of the parameters; runs without one are a group of that name."""
    names = dict.fromkeys(run.group for run in chapter.runs)
    return [_group(chapter, name, [run for run in chapter.runs if run.group == name]) for name in names]


def table_groups(chapter: ChapterResult) -> list[Group]:
    """Return the groups of a crowded chapter, each with the runs that it is measured against; else all runs as one."""
    if len(chapter.runs) > CROWDED:
        return groups(chapter)
    return [Group("", chapter.runs, tuple(run.name for run in chapter.runs))]


def _group(chapter: ChapterResult, name: str, runs: list[RunResult]) -> Group:
    own = {run.name for run in runs}
    references = dict.fromkeys(run.reference for run in runs if run.reference not in own) if name else {}
    together = [*(run for run in chapter.runs if run.name in references), *runs]
    keys = {key for run in runs for key in run.delta}
    values = {run.name: get_path(run.config, next(iter(keys), "")) for run in together}
    short = all(isinstance(value, int | float | str) for value in values.values())
    if not name or len(keys) != 1 or len(references) > 1 or not short:
        return Group(name, tuple(together), tuple(run.name for run in together))
    together.sort(key=lambda run: _order(values[run.name]))
    setting = next(iter(keys)).rpartition(".")[2].replace("_", " ")
    return Group(name, tuple(together), tuple(f"{setting} {phrase(values[run.name])}" for run in together))


def _order(value: Any) -> tuple[bool, float]:
    """Numbers by size; a word, like `all`, after them."""
    number = isinstance(value, int | float)
    return (not number, float(value) if number else 0.0)
