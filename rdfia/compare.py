"""The command `rdfia compare A B`: what differs between two folders of results, file by file and key by key.

JSON is compared by its keys, CSV by its cells, everything else byte by byte. What is different every time (times,
commits, and what MLflow was given) is left out.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rdfia.config import ConfigError
from rdfia.files import json_of

ASIDE = ("timing.json", "tracked.json")
MISSING = "nothing"
Key = tuple[Any, ...]  # of a value: its path in JSON; its row, its column and which of that name in CSV


def compare(first: Path, second: Path, patterns: tuple[str, ...] = ()) -> list[str]:
    """Return one line for each difference, by file; with `patterns` of the files that match one of them alone."""
    for folder in (first, second):
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder, allowed: a folder of results such as reports/quick")
    here, there = (_files(folder, patterns) for folder in (first, second))
    if patterns and not (here or there):
        given = " or ".join(patterns)
        raise ConfigError(f"{first}, {second}: found no file that matches {given}, allowed: such as '*.csv'")
    lines = [f"{name}: in {first} alone" for name in sorted(here.keys() - there.keys())]
    lines += [f"{name}: in {second} alone" for name in sorted(there.keys() - here.keys())]
    for name in sorted(here.keys() & there.keys()):
        if here[name].read_bytes() != there[name].read_bytes():
            lines += [f"{name}: {line}" for line in _differences(here[name], there[name])]
    return lines


def _files(folder: Path, patterns: tuple[str, ...]) -> dict[str, Path]:
    """Return the files of a folder by their path below it."""
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file() and p.name not in ASIDE}
    return {n: p for n, p in found.items() if not patterns or any(p.match(pattern) for pattern in patterns)}


def _differences(first: Path, second: Path) -> Iterator[str]:
    """Yield in what two files differ."""
    here: dict[Key, Any]
    if first.suffix == ".json":
        here, there = (dict(_leaves(json_of(path))) for path in (first, second))
        words = _path
    elif first.suffix == ".csv":
        here, there = (_cells(path) for path in (first, second))
        words = _place
    else:
        digests = [hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in (first, second)]
        yield f"{digests[0]} and {digests[1]}, bytes differ"
        return
    shared = here.keys() & there.keys()
    equal = {key for key in shared if repr(here[key]) == repr(there[key])}  # 1, 1.0 and true are three values
    changed = [key for key in dict.fromkeys([*here, *there]) if key not in equal]
    for key in changed:
        yield f"{words(key)}: {_short(here.get(key, MISSING))} and {_short(there.get(key, MISSING))}"
    if not changed:
        yield "the same values, written otherwise"


def _leaves(value: Any, path: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Yield every value of JSON by its path."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    if items is None or not value:
        yield path, value
        return
    for key, item in items:
        yield from _leaves(item, (*path, key))


def _cells(path: Path) -> dict[Key, str]:
    """Return every cell of a CSV by its row and column; a row is named by its first cells, as many as tell it apart.

    The head, which has no name, is a row too. Of columns with the same name, or with none, each has its number.
    """
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            head, *rows = list(csv.reader(lines)) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: found no table ({error}), allowed: rows of CSV in UTF-8") from None
    labels = [[", ".join(row[:width]) for row in rows] for width in range(1, len(head))]
    unique = (names for names in labels if len(set(names)) == len(rows))
    names = next(unique, [f"row {place}" for place in range(1, len(rows) + 1)])
    wide = head + [""] * max((len(row) - len(head) for row in rows), default=0)
    columns = [(name, wide[: place + 1].count(name)) for place, name in enumerate(wide)]
    every = zip([None, *names], [head, *rows], strict=True)
    return {(name, *column): cell for name, row in every for column, cell in zip(columns, row, strict=False)}


def _path(key: Key) -> str:
    """Name a value of JSON; one that holds no other has no path."""
    return ".".join(map(str, key)) or "all of it"


def _place(key: Key) -> str:
    """Name a cell of CSV."""
    row, column, number = key
    name = f"{column or 'a column without a name'}{f' ({number})' if number > 1 else ''}"
    return f"{'head' if row is None else row}, {name}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 70 else f"{text[:67]}..."
