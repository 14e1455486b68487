"""Small files, put in place whole and read back with one clear line where they cannot be used."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rdfia.config import ConfigError


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file in the same folder, then put it in place at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        temporary = Path(folder) / path.name
        write(temporary)
        os.replace(temporary, path)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a fresh folder to fill, which takes the place of the old one when nothing went wrong."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        fresh = Path(temporary) / folder.name
        fresh.mkdir()
        yield fresh
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(fresh, folder)


def write_text(text: str, path: Path) -> None:
    """Write a text file."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(content: Any, path: Path) -> None:
    """Write JSON with two spaces of indent, keys in their order, and a last newline."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_text(text, path)


def read_json(path: Path, remedy: str) -> dict[str, Any]:
    """Read the mapping in a JSON file; where there is no file, the error says what makes it."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such file; {remedy}")
    return find_json(path)


def find_json(path: Path) -> dict[str, Any]:
    """Read the mapping in a JSON file, empty where there is no file."""
    found = _read(path, {})
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: found a {type(found).__name__}, allowed: one object")
    return found


def read_list(path: Path, remedy: str) -> list[Any]:
    """Read the list in a JSON file; where there is no file, the error says what makes it."""
    found = _read(path, None)
    if not isinstance(found, list):
        raise ConfigError(f"{path}: found no list; {remedy}")
    return found


def _read(path: Path, missing: Any) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return missing
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}: found no JSON ({error.msg}, line {error.lineno}), allowed: one object") from None
