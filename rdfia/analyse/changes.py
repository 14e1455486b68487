"""What one run changes of another: the settings in which their records differ, as keys and in words.

A tagged class under another name is one change; one of the same name is compared key by key. A list is one setting.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rdfia.config import Config

ASIDE = ("record_every", "snapshots")  # what is written down, on which nothing that is trained depends
HASH = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")
Settings = Mapping[str, Any]


def changes(run: Settings, reference: Settings, brief: Settings | None = None) -> str:
    """Say in words in which settings a run differs from the one that it is measured against.

    `brief` has the run's settings without those that have their default value.
    """
    return "; ".join(_phrases(run, reference, brief or run)) or "the base as it is"


def _phrases(run: Settings, reference: Settings, brief: Settings) -> Iterator[str]:
    for key, value in run.items():
        before, short = reference.get(key), brief.get(key, value)
        if key in ASIDE or deep_equal(before, value):
            continue
        if _same_kind(before, value):
            yield f"{_words(key)}: {', '.join(_phrases(value, before or {}, short))}"
        else:
            yield f"{_words(key)} {phrase(short)}"


def changed_keys(run: Settings, reference: Settings, prefix: str = "") -> tuple[str, ...]:
    """Return the dotted keys in which the settings of two runs differ."""
    keys: list[str] = []
    for key in dict.fromkeys([*run, *reference]):
        value, before = run.get(key), reference.get(key)
        if (key in ASIDE and not prefix) or deep_equal(value, before):
            continue
        inner = _same_kind(before, value)
        keys += changed_keys(value or {}, before or {}, f"{prefix}{key}.") if inner else [f"{prefix}{key}"]
    return tuple(keys)


def _same_kind(first: Any, second: Any) -> bool:
    """Tell whether both are tagged classes of one name, or mappings without."""
    both = isinstance(first, Mapping) and isinstance(second, Mapping)
    return both and first.get("name") == second.get("name")


def brief(settings: Config) -> dict[str, Any]:
    """Return settings without those that have their default value, but for the names of tagged classes."""
    found: dict[str, Any] = {}
    for name, known in type(settings).model_fields.items():
        value = getattr(settings, name)
        if name == "name" or value != known.get_default(call_default_factory=True):
            found[name] = _brief(value)
    return found


def _brief(value: Any) -> Any:
    if isinstance(value, Config):
        return brief(value)
    return [_brief(item) for item in value] if isinstance(value, tuple | list) else value


def get_path(settings: Settings, key: str) -> Any:
    """Return the value at a dotted key, None if there is none."""
    node: Any = settings
    for step in key.split("."):
        node = node.get(step) if isinstance(node, Mapping) else None
    return node


def deep_equal(first: Any, second: Any) -> bool:
    """Compare at every depth, and keep `1` and `true` apart."""
    return json.dumps(first, sort_keys=True, default=str) == json.dumps(second, sort_keys=True, default=str)


def phrase(value: Any) -> str:
    """Say a setting: `{name: crop, size: 28}` is "crop (size 28)"."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_words(key)} {phrase(item)}" for key, item in value.items() if key != "name")
        name = _words(str(value["name"])) if "name" in value else ""
        return f"{name} ({inner})" if name and inner else name or inner or "none"
    if isinstance(value, list | tuple):
        return " + ".join(phrase(item) for item in value) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else _words(HASH.sub(r"\1…", str(value)))


def _words(key: str) -> str:
    """Return a key as words."""
    return key.replace("_", " ")
