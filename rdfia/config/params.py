"""The parameter file: its outline is checked when it is read, and its parts are taken by their keys."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rdfia.config.errors import ConfigError, nearest, options, shorten, similar
from rdfia.config.yaml_values import parse_yaml

PARAMS = Path("params.yaml")
KEY = re.compile(r"[a-z0-9_]{1,64}")  # names become paths, words of commands and keys of DVC
OUTLINE = ("profile", "profiles", "data", "theory")  # every other key is a chapter
CHAPTER = ("kind", "one_stage", "dataset", "base", "runs")
LEAVE_OUT, ONLY = "leave_out", "only"  # in a profile's chapter: the runs that it does not train, or does
FROM = "from"  # in a profile: the one that it changes
# Names of stages beside the chapters' own, and what DVC's templates mean by them.
RESERVED = ("check", "prepare", "evaluate", "report", "track", "item", "key")
TAKEN = ("raw", "bench")  # folders beside those of the profiles


def load(path: Path = PARAMS) -> dict[str, Any]:
    """Read the parameters of the study and check their outline; a run's settings are checked when it is resolved."""
    params = read(path)
    chapters = [key for key in params if key not in OUTLINE]
    for where in ("profiles", "data"):
        _names(params.get(where, {}), path, where)
    _names(dict.fromkeys(chapters), path, "")
    for chapter in chapters:
        _chapter(params, chapter, path)
    profiles = section(params, "profiles")
    for name, over in profiles.items():
        _profile(params, name, over, path)
    for name in profiles:
        _origin(params, name, path)
    return params


def _chapter(params: Mapping[str, Any], chapter: str, path: Path) -> None:
    """Refuse a chapter that is none, or whose name means something else; its runs are mappings or nothing."""
    if chapter in RESERVED or chapter.startswith("declare_"):
        raise ConfigError(f"{path}: {chapter}: found the name of a stage, allowed: any but {options(RESERVED)}")
    own = params[chapter]
    _only(own, CHAPTER, path, chapter, f"a chapter's {', '.join(CHAPTER)}{similar(chapter, OUTLINE)}")
    runs = own.get("runs")
    if not isinstance(runs, Mapping) or not runs:
        raise ConfigError(f"{path}: {chapter}.runs: found {shorten(runs)}, allowed: one run or more")
    _names(runs, path, f"{chapter}.runs")
    for run, lines in runs.items():
        _mapping(lines, path, f"{chapter}.runs.{run}")


def _profile(params: Mapping[str, Any], name: str, over: Any, path: Path) -> None:
    """Refuse a profile that names what is not there, or holds no mappings."""
    where, known = f"profiles.{name}", section(params, "data")
    if name in TAKEN:
        raise ConfigError(f"{path}: {where}: found the name of a folder, allowed: any but {options(TAKEN)}")
    parts = ("data", *(key for key in params if key not in OUTLINE))
    _only(over, (FROM, *parts), path, where, options(parts))
    _only(over.get("data", {}), tuple(known), path, f"{where}.data", options(known))
    for dataset, settings in over.get("data", {}).items():
        _mapping(settings, path, f"{where}.data.{dataset}")
    for chapter in over.keys() - {"data", FROM}:
        _mapping(over[chapter], path, f"{where}.{chapter}")
        for key in (LEAVE_OUT, ONLY):
            chosen = (over[chapter] or {}).get(key)
            _names(chosen if isinstance(chosen, list) else (), path, f"{where}.{chapter}.{key}")


def _origin(params: Mapping[str, Any], name: str, path: Path) -> None:
    """Refuse a profile that is from none, or from itself at any distance."""
    line, profiles = [name], section(params, "profiles")
    while (origin := (profiles[line[-1]] or {}).get(FROM)) is not None:
        if not isinstance(origin, str) or origin not in profiles or origin in line:
            allowed = options(other for other in profiles if other not in line)
            raise ConfigError(f"{path}: profiles.{line[-1]}.{FROM}: found {shorten(origin)}, allowed: {allowed}")
        line.append(origin)


def _mapping(node: Any, path: Path, where: str) -> None:
    """Refuse what is neither a mapping nor left empty."""
    if not isinstance(node, Mapping | None):
        raise ConfigError(f"{path}: {where}: found {shorten(node)}, allowed: a mapping of keys")


def _only(node: Any, allowed: Sequence[str], path: Path, where: str, words: str) -> None:
    """Refuse a node that is no mapping, or has a key that is not allowed."""
    if not isinstance(node, Mapping):
        raise ConfigError(f"{path}: {where}: found {shorten(node)}, allowed: {words}")
    for key in node:
        if key not in allowed:
            raise ConfigError(f"{path}: {where}.{key}: unknown key; allowed: {words}")


def _names(names: Any, path: Path, where: str) -> None:
    """Refuse names that could not be a file's or a word of a command."""
    for name in names if isinstance(names, Mapping | list) else ():
        if not isinstance(name, str) or not KEY.fullmatch(name):
            key = f"{where}.{name}" if where else name
            allowed = "1 to 64 of a-z, 0-9 and _"
            raise ConfigError(f"{path}: {shorten(key)}: found a name with other signs, allowed: {allowed}")


def read(path: Path) -> dict[str, Any]:
    """Read a YAML file; one that cannot be read, or is no mapping, is a ConfigError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; run from the project's root") from None
    except OSError as error:
        raise ConfigError(f"{path}: found what cannot be read ({error.strerror}), allowed: a file") from None
    params = parse_yaml(content, path)
    if not isinstance(params, dict):
        raise ConfigError(f"{path}: found {shorten(params)}, allowed: a mapping of keys")
    return params


def section(params: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Return the mapping at `keys` of the parameter file; a missing or misshapen one is a ConfigError."""
    node: Any = params
    for depth, key in enumerate(keys):
        where = ".".join(keys[: depth + 1])
        if key not in node:
            raise ConfigError(f"{PARAMS}: {where}: no such key; allowed: {nearest(key, node)}")
        node = node[key]
        if not isinstance(node, Mapping):
            raise ConfigError(f"{PARAMS}: {where}: found {shorten(node)}, allowed: a mapping of keys")
    return dict(node)


def profile(params: Mapping[str, Any]) -> str:
    """Return the name of the chosen profile."""
    name, profiles = params.get("profile"), section(params, "profiles")
    if not isinstance(name, str) or name not in profiles:
        raise ConfigError(f"{PARAMS}: profile: found {shorten(name)}, allowed: {options(profiles)}")
    return name


def over(params: Mapping[str, Any], part: str) -> dict[str, Mapping[str, Any]]:
    """Return what the chosen profile says of a chapter or of the data, by the key where it is written, its own last.

    A profile is the one that it is `from`, changed by its own lines.
    """
    profiles, line = section(params, "profiles"), [profile(params)]
    while (origin := section(profiles, line[0]).get(FROM)) is not None:
        line.insert(0, origin)
    found = {f"profiles.{name}.{part}": profiles[name].get(part) for name in line if part in profiles[name]}
    for where, lines in found.items():
        if not isinstance(lines, Mapping | None):
            raise ConfigError(f"{PARAMS}: {where}: found {shorten(lines)}, allowed: a mapping of keys")
    return {where: lines or {} for where, lines in found.items()}
