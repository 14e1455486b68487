"""The registered functions of the project, found in the rooms of the report and in the chapters' folders."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from rdfia.analyse.results import ChapterResult
from rdfia.report.engine.registry import MAKERS, Maker

OWN = "the chapter's own"  # in a reading order, the place of what a chapter's folder has
ROOMS = {"tables": ("tables", "questions"), "figures": ("figures",)}  # each with the modules of a chapter's folder


def chapter_makers(chapter: ChapterResult) -> list[Maker]:
    """Return what is called for a chapter, in reading order: what serves any, what is its own, and what its kind's."""
    folders = dict.fromkeys((chapter.name, chapter.kind or chapter.name))
    return [maker for maker in _makers(list(folders)) if maker.per_chapter]


def study_makers(chapters: Sequence[ChapterResult]) -> list[Maker]:
    """Return what is called once for the study, in the report's rooms and the folders of these chapters."""
    folders = dict.fromkeys(name for chapter in chapters for name in (chapter.name, chapter.kind or chapter.name))
    return [maker for maker in _makers(list(folders)) if not maker.per_chapter]


def _makers(folders: Sequence[str]) -> Iterator[Maker]:
    """Yield the functions that the report and these folders register, room by room in reading order."""
    for room, files in ROOMS.items():
        for module in _modules(room, [f"rdfia.chapters.{name}.{file}" for name in folders for file in files]):
            import_module(module)
            yield from (maker for maker in MAKERS if maker.function.__module__ == module)


def _modules(room: str, own: Sequence[str]) -> Iterator[str]:
    """Yield the modules of a room in reading order, with the chapters' own in their place where they exist."""
    package = import_module(f"rdfia.report.{room}")
    there = [module.name for module in iter_modules(package.__path__)]
    for topic in dict.fromkeys((*package.READING, *there)):
        if topic == OWN:
            yield from filter(_exists, own)
        elif topic in there:
            yield f"{package.__name__}.{topic}"


def _exists(module: str) -> bool:
    """Return whether there is such a module; a chapter that is parameters alone has not even a folder."""
    return find_spec(module.rpartition(".")[0]) is not None and find_spec(module) is not None
