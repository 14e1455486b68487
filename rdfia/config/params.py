"""The parameter file: read strictly, its outline checked, its parts by their keys."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from rdfia.config.errors import ConfigError, nearest, options, shorten

PARAMS = Path("params.yaml")
KEY = re.compile(r"[a-z0-9_]{1,64}")  # names become paths, words of commands and keys of DVC
OUTLINE = ("profile", "profiles", "data", "theory")  # every other key is a chapter
CHAPTER = ("kind", "one_stage", "dataset", "base", "runs")


class _Loader(yaml.SafeLoader):
    """YAML 1.2 numbers: `1e-3` is a float, as it is for DVC. A key that stands twice is an error."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"found the key {name!r}, allowed: a word", key.start_mark
                )
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {name!r} stands twice", key.start_mark)
            seen.add(name)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf)$|^\.(nan|NaN)$"),
    list("-+0123456789."),
)


def load(path: Path = PARAMS) -> dict[str, Any]:
    """Read the parameters of the study and check their outline; a run's settings are checked when it is resolved."""
    params = read(path)
    chapters = [key for key in params if key not in OUTLINE]
    for chapter in chapters:
        _only(params[chapter], CHAPTER, path, chapter, f"a chapter's {', '.join(CHAPTER)}")
        _named(params[chapter].get("runs", {}), path, f"{chapter}.runs")
    _named(params.get("profiles", {}), path, "profiles")
    _named(params.get("data", {}), path, "data")
    _named(dict.fromkeys(chapters), path, "")
    for name, over in section(params, "profiles").items():
        _only(over, ("data", *chapters), path, f"profiles.{name}", options(("data", *chapters)))
        known = section(params, "data")
        _only(over.get("data", {}), tuple(known), path, f"profiles.{name}.data", options(known))
    return params


def _only(node: Any, allowed: Sequence[str], path: Path, where: str, words: str) -> None:
    """Refuse a node that is no mapping, or has a key that is not allowed."""
    if not isinstance(node, Mapping):
        raise ConfigError(f"{path}: {where}: found {shorten(node)}, allowed: {words}")
    for key in node:
        if key not in allowed:
            raise ConfigError(f"{path}: {where}.{key}: unknown key; allowed: {words}")


def _named(node: Any, path: Path, where: str) -> None:
    """Refuse names that could not be a file's or a word of a command."""
    for name in node if isinstance(node, Mapping) else ():
        if not KEY.fullmatch(name):
            key = f"{where}.{name}" if where else name
            raise ConfigError(f"{path}: {key!r}: found a name with other signs, allowed: 1 to 64 of a-z, 0-9 and _")


def read(path: Path) -> dict[str, Any]:
    """Read a YAML file; one that is not there or not YAML is a ConfigError."""
    try:
        params = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; run from the project's root") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
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
