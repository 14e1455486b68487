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
    if first.suffix == ".json":
        here, there = (dict(_leaves(json_of(path))) for path in (first, second))
    elif first.suffix == ".csv":
        here, there = (_cells(path) for path in (first, second))
    else:
        digests = [hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in (first, second)]
        yield f"{digests[0]} and {digests[1]}, bytes differ"
        return
    shared = here.keys() & there.keys()
    equal = {key for key in shared if repr(here[key]) == repr(there[key])}  # 1, 1.0 and true are three values
    changed = [key for key in dict.fromkeys([*here, *there]) if key not in equal]
    for key in changed:
        yield f"{key}: {_short(here.get(key, MISSING))} and {_short(there.get(key, MISSING))}"
    if not changed:
        yield "the same values, written otherwise"


def _leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value of JSON by its path."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    if items is None or not value:
        yield prefix, value
        return
    for key, item in items:
        yield from _leaves(item, f"{prefix}.{key}" if prefix else str(key))


def _cells(path: Path) -> dict[str, str]:
    """Return every cell of a CSV by its row and column; a row is named by its first cells, as many as tell it apart."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            head, *rows = list(csv.reader(lines)) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: found no table ({error}), allowed: rows of CSV in UTF-8") from None
    labels = [[", ".join(row[:width]) for row in rows] for width in range(1, len(head))]
    unique = (names for names in labels if len(set(names)) == len(rows))
    names = next(unique, [f"row {place}" for place in range(1, len(rows) + 1)])
    pairs = ((name, zip(head, row, strict=False)) for name, row in zip(names, rows, strict=True))
    return {f"{name}, {column}": cell for name, cells in pairs for column, cell in cells}


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 70 else f"{text[:67]}..."
