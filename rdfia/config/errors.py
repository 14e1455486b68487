"""A setting that cannot be used, in one line: the file, the key, what stands there and what is allowed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

UNKNOWN = "extra_forbidden"  # the rule of pydantic that a key breaks which no field has


class ConfigError(Exception):
    """A setting that cannot be used: one line that names the file, the key, what was found and what is allowed."""


def options(names: Iterable[object]) -> str:
    """Return what is allowed, with commas."""
    return ", ".join(str(name) for name in names) or "nothing"


def nearest(name: object, names: Iterable[object], most: int = 12) -> str:
    """Return the names that are allowed; of very many those that resemble `name`, and how many there are."""
    known = [str(one) for one in names]
    if len(known) <= most:
        return options(known)
    return f"one of {len(known)} names{similar(name, known) or f', as {known[0]}'}"


def similar(name: object, names: Iterable[object]) -> str:
    """Return the question whether a name that resembles it was meant; nothing where none does."""
    close = get_close_matches(str(name)[:64], [str(one) for one in names], n=3)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def shorten(value: object) -> str:
    """Return a value as it was written, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def explain(
    errors: Sequence[Any], kind: type[BaseModel], merged: Any, beside: Sequence[str] = ()
) -> tuple[tuple[str, ...], str]:
    """Return the path of the first key that cannot be used, and why in words; unknown keys come first.

    One key can break several rules, where a number or a word is allowed: all that is allowed is named. `beside` are
    keys that may stand beside those of the class.
    """
    errors = sorted(errors, key=lambda error: error["type"] != UNKNOWN)
    path = _path(errors[0]["loc"], merged)
    if errors[0]["type"].startswith("union_tag") and isinstance(errors[0]["input"], Mapping):
        path = (*path, "name")
    same = [error for error in errors if error is errors[0] or _path(error["loc"], merged) == path]
    reasons = dict.fromkeys(_reason(error, kind, beside if len(path) == 1 else ()) for error in same)
    first, *others = reasons
    return path, " or ".join([first, *(reason.split("allowed: ")[-1] for reason in others)])


def _path(loc: Sequence[Any], data: Any) -> tuple[str, ...]:
    """Return a validation error's location without the tags that pydantic adds for the arms of a union."""
    path = []
    for step in loc:
        if not isinstance(data, Mapping | list | tuple):
            break
        if isinstance(data, Mapping):
            if step not in data and data.get("name") == step:
                continue
            data = data.get(step, {})
        elif isinstance(step, int) and step < len(data):
            data = data[step]
        path.append(str(step))
    return tuple(path)


def _reason(error: Any, kind: type[BaseModel], beside: Sequence[str]) -> str:
    """Return what stands there and what is allowed, in words."""
    value, rule, context = error["input"], error["type"], error.get("ctx", {})
    if rule == UNKNOWN:
        known = [*_fields(kind, error["loc"][:-1]), *beside]
        return f"unknown key{similar(error['loc'][-1], known)}; allowed: {options(known)}"
    if rule == "missing":
        return f"missing; allowed: {error['msg'].lower()}"
    if rule in ("union_tag_invalid", "union_tag_not_found"):
        name = value.get("name") if isinstance(value, Mapping) else value
        tags = context.get("expected_tags", "a mapping with a name").replace("'", "")
        return f"found {shorten(name)}, allowed: {tags}"
    allowed = re.sub(
        r"^Input should be (a valid )?|^Value error, |^\w+ should have (?=.* after)| after validation, not .*$",
        "",
        error["msg"],
    )
    if rule in ("model_type", "dict_type"):
        allowed = "a mapping of keys"
    if rule == "model_attributes_type":
        allowed = options(_tag(c) for c in _classes_at(kind, error["loc"]))
    if rule == "tuple_type":
        allowed = "list" if isinstance(value, Mapping) else f"list, as [{value}]"
    return f"found {shorten(value)}, allowed: {allowed}"


def _fields(kind: type[BaseModel], loc: Sequence[Any]) -> list[str]:
    """Return the keys of the class at `loc` below `kind`."""
    return [name for c in _classes_at(kind, loc)[:1] for name in c.model_fields]


def _classes_at(kind: type[BaseModel], loc: Sequence[Any]) -> list[type[BaseModel]]:
    """Return the classes that may stand at `loc` below `kind`; tags in `loc` choose among tagged classes."""
    candidates: list[Any] = [kind]
    for step in loc:
        below = [a for c in candidates for a in _classes(c.model_fields[step])] if _has(candidates, step) else []
        tagged = [c for c in candidates if _tag(c) == step]
        candidates = below or tagged or candidates
    return candidates


def _has(candidates: Sequence[Any], step: Any) -> bool:
    return all(step in c.model_fields for c in candidates)


def _tag(kind: type[BaseModel]) -> Any:
    field = kind.model_fields.get("name")
    return field.default if field else None


def _classes(annotation: Any) -> list[type[BaseModel]]:
    """Return every configuration class that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = getattr(annotation, "annotation", None)
    arguments = (inner,) if inner is not None else getattr(annotation, "__args__", ())
    return [c for a in arguments for c in _classes(a)]
