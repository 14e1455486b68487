"""Small files, put in place whole and read back with one clear line where they cannot be used."""

import errno
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

from rdfia.config import ConfigError

SCRATCH = ".rdfia-"  # how the names of temporary folders begin: git and DVC ignore them
ANEW = "remove it, and `dvc repro` makes it again (`git checkout` where it is committed)"


def project() -> Path:
    """Return the project's own folder, also for an experiment in a copy of it: there DVC says which it is."""
    return Path(os.environ.get("DVC_ROOT") or "")


def in_copy() -> bool:
    """Tell whether this is an experiment in a copy of the project."""
    return project().resolve() != Path().resolve()


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside the path, then put it in place at once."""
    with scratch(path) as temporary:
        write(temporary / path.name)
        _share(temporary / path.name, path.parent)
        os.replace(temporary / path.name, path)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a fresh folder to fill, which takes the place of the old one when nothing went wrong.

    Another process may put one there meanwhile, such as one that trains the same run: the last to come stays.
    """
    with scratch(folder) as temporary:
        fresh = temporary / folder.name
        fresh.mkdir()
        yield fresh
        for path in filter(Path.is_file, fresh.iterdir()):
            _share(path, fresh)
        for number in count():
            with suppress(FileNotFoundError):
                os.replace(folder, temporary / f"old{number}")
            try:
                os.replace(fresh, folder)
                break
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path`, on its file system, and remove it; an error of the system names the path."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{SCRATCH}{os.getpid()}-") as temporary:
            yield Path(temporary)
    except Exception as error:
        number = _unnamed(error)
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


def _share(path: Path, folder: Path) -> None:
    """Let those read and write a file who may a folder: safetensors makes its own for their owner alone."""
    path.chmod(folder.stat().st_mode & 0o666)


def _unnamed(error: Exception) -> int | None:
    """Return the number of an error of the system that names no file that stays; safetensors has it in its words."""
    if isinstance(error, OSError):
        return error.errno if error.filename is None or SCRATCH in str(error.filename) else None
    number = re.search(r"\(os error (\d+)\)$", str(error))
    return int(number[1]) if number else None


def left_behind(folder: Path) -> list[Path]:
    """Return the temporary folders below a folder whose processes were killed."""
    found = [path for path in folder.rglob(f"{SCRATCH}*-*") if path.is_dir()]
    return sorted(path for path in found if not _runs(int(path.name.removeprefix(SCRATCH).split("-")[0])))


def _runs(process: int) -> bool:
    """Tell whether a process runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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
    found = json_of(path, {})
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: found a {type(found).__name__}, allowed: one object")
    return found


def read_list(path: Path, remedy: str) -> list[Any]:
    """Read the list in a JSON file; where there is no file, the error says what makes it."""
    found = json_of(path)
    if not isinstance(found, list):
        raise ConfigError(f"{path}: found no list; {remedy}")
    return found


def json_of(path: Path, missing: Any = None) -> Any:
    """Read whatever is in a JSON file, `missing` where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except FileNotFoundError:
        return missing
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: found no text in UTF-8, allowed: one object of JSON; {ANEW}") from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets within brackets
        why = f"{error.msg}, line {error.lineno}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise ConfigError(f"{path}: found no JSON ({why}), allowed: one object; {ANEW}") from None


def _no_number(name: str) -> NoReturn:
    """Refuse NaN and infinities, which Python reads and JSON does not have."""
    raise ValueError(f"{name} is no number")


@contextmanager
def tensors_of(path: Path) -> Iterator[None]:
    """Name the file and what to do, where the tensors in it cannot be read."""
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        raise ConfigError(f"{path}: found no tensors ({error}), allowed: safetensors; {ANEW}") from None
