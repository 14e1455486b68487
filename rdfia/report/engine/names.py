"""The names that a text may show: all that the registered functions can make of a chapter, made or not."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from rdfia.config import ConfigError
from rdfia.report.engine.blocks import PLACE
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Maker

Name = tuple[str, str]  # figure or table, and its name


def known_names(makers: Sequence[Maker], context: Context) -> dict[Name, Maker]:
    """Return who makes what, under the names with the chapter, its groups and all data sets filled in."""
    found: dict[Name, Maker] = {}
    for maker in makers:
        for name in _names(maker, context):
            other = found.setdefault((maker.kind, name), maker)
            if other is not maker:
                raise ConfigError(f"{maker.source}: found the {maker.kind} {name}, which {other.source} makes too")
    return found


def _names(maker: Maker, context: Context) -> Iterator[str]:
    """Yield each name that a pattern can become, once."""
    runs = context.subject.runs if context.subject else ()
    groups = dict.fromkeys(["", *(run.group for run in runs)])
    datasets = dict.fromkeys(chapter.dataset for chapter in context.study.chapters)
    chapter = context.subject.name if context.subject else ""
    yield from dict.fromkeys(maker.name(chapter, group, dataset) for group in groups for dataset in datasets)


def check(text: str, names: Mapping[Name, Maker], where: str) -> None:
    """Refuse a text that shows what nothing can make: a ConfigError with the nearest known name."""
    for part in text.split("\n\n"):
        placed = PLACE.fullmatch(part.strip())
        if placed and (placed[1], placed[2]) not in names:
            wrong, known = f"{placed[1]} {placed[2]}", [" ".join(name) for name in names]
            near = get_close_matches(wrong, known, 1, cutoff=0)
            hint = f"; did you mean [{near[0]}]?" if near else ""
            raise ConfigError(f"{where}: found [{wrong}], allowed: a figure or table that is made{hint}")
