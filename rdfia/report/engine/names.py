"""The names that a text may show: all that the registered functions can make of a chapter, made or not."""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from rdfia.config import ConfigError
from rdfia.report.engine.blocks import PLACE
from rdfia.report.engine.context import Context
from rdfia.report.engine.numbers import REFERENCE
from rdfia.report.engine.registry import Maker

Name = tuple[str, str]  # figure or table, and its name
LIKE = 0.85  # share of letters in common where one name is taken for a misspelling of another


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
    """Return what a text shows or refers to though nothing can make it."""
    known = known_names(makers, context)
    placed = [match for part in text.split("\n\n") if (match := PLACE.fullmatch(part.strip()))]
    placed += REFERENCE.finditer(text)
    return [(kind, name) for kind, name in (match.groups() for match in placed) if (kind, name) not in known]


def check(text: str, makers: Sequence[Maker], context: Context, source: str) -> None:
    """Refuse a text that shows what nothing can make: a ConfigError with the nearest known name.

    A group of which no run is declared any more is passed over, unless it reads like a misspelt one.
    """
    known = known_names(makers, context)
    chapter = context.subject.name if context.subject else ""
    grouped = [(maker.kind, maker.name(chapter, r"(\w+)")) for maker in makers if "{group}" in maker.pattern]
    for kind, name in unknown_names(text, makers, context):
        patterns = [pattern for other, pattern in grouped if other == kind and re.fullmatch(pattern, name)]
        alike = [other for other_kind, other in known if other_kind == kind]
        if not patterns or any(_misspelt(name, alike, pattern) for pattern in patterns):
            near = get_close_matches(f"{kind} {name}", map(" ".join, known), 1, 0)
            hint = f"; did you mean [{near[0]}]?" if near else ""
            raise ConfigError(f"{source}: found [{kind} {name}], allowed: a figure or table that is made{hint}")


def _misspelt(name: str, known: Sequence[str], pattern: str) -> bool:
    """Return whether the part of a name that stands for a group is all but that of a known name."""
    group, *others = [match[1] for each in (name, *known) if (match := re.fullmatch(pattern, each))]
    return bool(get_close_matches(group, others, 1, LIKE))
