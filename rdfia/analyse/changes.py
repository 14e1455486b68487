"""What a run changes, in words: the keys whose resolved values differ from the chapter's base."""

import json
from collections.abc import Mapping
from typing import Any

from rdfia.config import layers, merge

ASIDE = ("group", "record_every", "reference", "snapshots", "title")  # nothing that is trained depends on them


def changes(params: Mapping[str, Any], chapter: str, run: str) -> str:
    """Every key in which the run differs from its base under the same profile, or "the base as it is"."""
    base, over, own = (layer or {} for layer in layers(params, chapter, run).values())
    start = merge(base, over)
    delta = {key: value for key, value in own.items() if key not in ASIDE}
    return "; ".join(_differences(start, merge(start, delta))) or "the base as it is"


def _differences(base: Mapping[str, Any], run: Mapping[str, Any]) -> list[str]:
    """One phrase for each key that differs; a tagged class of the same name is compared key by key."""
    found = []
    for key, value in run.items():
        before = base.get(key)
        if same(before, value):
            continue
        if isinstance(value, Mapping) and isinstance(before, Mapping) and before.get("name") == value.get("name"):
            found.append(f"{_words(key)}: {', '.join(_differences(before, value))}")
        else:
            found.append(f"{_words(key)} {phrase(value)}")
    return found


def written(own: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The dotted keys of the settings that a run writes itself, leaf by leaf."""
    keys: list[str] = []
    for key, value in own.items():
        if prefix or key not in ASIDE:
            keys += written(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [f"{prefix}{key}"]
    return keys


def departures(own: Mapping[str, Any], reference: Mapping[str, Any]) -> tuple[str, ...]:
    """The dotted keys that a run writes otherwise than its reference; what that one alone writes comes last."""
    keys = dict.fromkeys([*written(own), *written(reference)])
    return tuple(key for key in keys if not same(at(own, key), at(reference, key)))


def at(own: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key, None if there is none."""
    node: Any = own
    for step in key.split("."):
        node = node.get(step) if isinstance(node, Mapping) else None
    return node


def same(first: Any, second: Any) -> bool:
    """Equality that keeps `1` and `true` apart, at every depth."""
    return json.dumps(first, sort_keys=True, default=str) == json.dumps(second, sort_keys=True, default=str)


def phrase(value: Any) -> str:
    """A setting as one would say it: `{name: crop, size: 28}` is "crop (size 28)"."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_words(key)} {phrase(item)}" for key, item in value.items() if key != "name")
        name = _words(str(value["name"])) if "name" in value else ""
        return f"{name} ({inner})" if name and inner else name or inner or "none"
    if isinstance(value, list | tuple):
        return " + ".join(phrase(item) for item in value) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else _words(str(value))


def _words(key: str) -> str:
    """A key as words."""
    return key.replace("_", " ")
