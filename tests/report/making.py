"""A context of one chapter with given arrays, and what a registered function makes of it."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from safetensors.numpy import save_file

from rdfia.analyse.published import Published
from rdfia.analyse.results import ChapterResult, Study
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import Drawing, style
from rdfia.report.engine.make import make
from rdfia.report.engine.registry import MAKERS, Plot
from rdfia.report.engine.table import Table


def context(
    root: Path, chapter: ChapterResult, probes: dict[str, Any] | None = None, printed: Sequence[Published] = ()
) -> Context:
    """Return the context of a chapter, whose arrays are written below `root`."""
    study = Study(root, "full", (chapter,), {chapter.dataset: chapter.runs[0].card})
    path = study.folder() / "probes" / f"{chapter.name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(probes or {}, path)
    return Context(study, tuple(printed), chapter)


def plots(function: Callable[[Context], Iterable[Plot]], given: Context) -> list[Plot]:
    """Return what a function plots, in the report's style."""
    with style():
        return list(function(given))


def drawings(function: Callable[[Context], Iterable[Any]], given: Context) -> list[Drawing]:
    """Return the finished figures of a function."""
    return [item for item in _made(function, given) if isinstance(item, Drawing)]


def tables(function: Callable[[Context], Iterable[Any]], given: Context) -> list[Table]:
    """Return the finished tables of a function."""
    return [item for item in _made(function, given) if isinstance(item, Table)]


def _made(function: Callable[[Context], Iterable[Any]], given: Context) -> list[Drawing | Table]:
    return make(next(maker for maker in MAKERS if maker.function is function), given)


def shown(plot: Plot, panel: int) -> Any:
    """Return the array that a panel shows."""
    return plot.figure.axes[panel].get_images()[0].get_array()


def titles(plot: Plot) -> list[str]:
    """Return the title of each panel that is seen."""
    return [axis.get_title(loc="left") for axis in plot.figure.axes if axis.get_visible()]
