"""The chapters: a folder each, found by its name.

    run.py          what is trained: the class `ChapterRun`
    text.md         the text of its page
    figures.py, tables.py, questions.py, captions/   what the report shows of this chapter alone

Training imports `run.py` alone. A chapter that trains what another does, on other data or with another base, names it
as its `kind` in params.yaml, and needs a folder only for a text of its own.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdfia.config import PARAMS, ConfigError, options, section, shorten

if TYPE_CHECKING:
    from rdfia.train.run import Run

FOLDERS = Path(__file__).parent


def kinds() -> list[str]:
    """Return the names of the folders that train something."""
    return sorted(path.parent.name for path in FOLDERS.glob("*/run.py"))


def kind(params: Mapping[str, Any], chapter: str) -> str:
    """Return the folder whose class a chapter's runs are: the `kind` that it names, else its own."""
    name = section(params, chapter).get("kind", chapter)
    if name not in kinds():
        hint = "" if "kind" in params[chapter] else f"; or make the folder rdfia/chapters/{chapter} with a run.py"
        raise ConfigError(f"{PARAMS}: {chapter}.kind: found {shorten(name)}, allowed: {options(kinds())}{hint}")
    return str(name)


def run_class(kind: str) -> "type[Run]":
    """Return the configuration class of the runs of a kind of chapter."""
    found: type[Run] = import_module(f"rdfia.chapters.{kind}.run").ChapterRun
    return found


def dataset(params: Mapping[str, Any], chapter: str) -> str:
    """Return the name of the data set that a chapter trains on."""
    name, known = section(params, chapter).get("dataset"), section(params, "data")
    if not isinstance(name, str) or name not in known:
        raise ConfigError(f"{PARAMS}: {chapter}.dataset: found {shorten(name)}, allowed: {options(known)}")
    return name
