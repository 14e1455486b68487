"""The names that a text may show: all that the registered functions can make of a chapter, made or not."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from rdfia.config import ConfigError
from rdfia.report.engine.blocks import PLACE
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Maker

Name = tuple[str, str]  # figure or table, and its name
LIKE = 0.9  # of two names' letters that are the same where one is taken for a misspelling of the other


def known_names(makers: Sequence[Maker], context: Context) -> dict[Name, Maker]:
    """Return who makes what, under the names with the chapter, its groups and all data sets filled in."""
    known: dict[Name, Maker] = {}
    for maker in makers:
        for name in _names(maker, context):
            other = known.setdefault((maker.kind, name), maker)
            if other is not maker:
                raise ConfigError(f"{maker.source}: found the {maker.kind} {name}, which {other.source} makes too")
    return known


def _names(maker: Maker, context: Context) -> Iterator[str]:
    """Yield each name that a pattern can become, once."""
    chapter, runs = (context.subject.name, context.subject.runs) if context.subject else ("", ())
    groups = dict.fromkeys(["", *(run.group for run in runs)])
    datasets = dict.fromkeys(chapter.dataset for chapter in context.study.chapters)
    yield from dict.fromkeys(maker.name(chapter, group, dataset) for group in groups for dataset in datasets)


def unknown_names(text: str, makers: Sequence[Maker], context: Context) -> list[Name]:
    """Return what a text shows though nothing can make it."""
    known = known_names(makers, context)
    placed = [match for part in text.split("\n\n") if (match := PLACE.fullmatch(part.strip()))]
    return [(kind, name) for kind, name in (match.groups() for match in placed) if (kind, name) not in known]


def check(text: str, makers: Sequence[Maker], context: Context, source: str) -> None:
    """Refuse a text that shows what nothing can make: a ConfigError with the nearest known name.

    A group of which no run is declared any more is passed over, unless its name is all but that of a declared one.
    """
    known = [" ".join(name) for name in known_names(makers, context)]
    for kind, name in unknown_names(text, makers, context):
        wrong = f"{kind} {name}"
        if not _of_other_group(kind, name, makers, context) or _near(wrong, known, context, LIKE):
            near = _near(wrong, known, context, 0)
            hint = f"; did you mean [{near}]?" if near else ""
            raise ConfigError(f"{source}: found [{wrong}], allowed: a figure or table that is made{hint}")


def _of_other_group(kind: str, name: str, makers: Sequence[Maker], context: Context) -> bool:
    """Return whether a name fits a pattern with a group that has no runs."""
    chapter = context.subject.name if context.subject else ""
    grouped = [maker for maker in makers if maker.kind == kind and "{group}" in maker.pattern]
    return any(re.fullmatch(maker.name(chapter, r"\w+"), name) for maker in grouped)


def _near(wrong: str, known: Sequence[str], context: Context, like: float) -> str:
    """Return the known name that is nearest to another one, beside the chapter's name that all begin with."""
    chapter = f" {context.subject.name}_" if context.subject else " "
    short = {name.replace(chapter, " ", 1): name for name in known}
    return next((short[name] for name in get_close_matches(wrong.replace(chapter, " ", 1), short, 1, like)), "")
