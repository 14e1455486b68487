"""Configuration classes, the one rule by which settings are merged, and their validation with the key in the error."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from rdfia.config.errors import ConfigError, explain
from rdfia.config.params import PARAMS


class Config(BaseModel):
    """A frozen set of settings that knows all its keys and converts nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _expand(value: Any) -> Any:
    """The short form of a tagged class: `zca` stands for `{name: zca}`."""
    return {"name": value} if isinstance(value, str) else value


def _as_tuple(value: Any) -> Any:
    """YAML knows lists alone; frozen classes hold tuples."""
    return tuple(value) if isinstance(value, list) else value


named = BeforeValidator(_expand)
listed = BeforeValidator(_as_tuple)
C = TypeVar("C", bound=Config)


def merge(base: Any, delta: Any) -> Any:
    """`delta` over `base`, key by key; a tagged class under another name replaces the old one whole."""
    if isinstance(delta, Mapping) and isinstance(base, str):
        base = _expand(base)
    if isinstance(delta, str) and isinstance(base, Mapping) and "name" in base:
        delta = _expand(delta)
    if not (isinstance(base, Mapping) and isinstance(delta, Mapping)):
        return delta
    if "name" in base and "name" in delta and base["name"] != delta["name"]:
        return dict(delta)
    return {**base, **{key: merge(base.get(key), value) for key, value in delta.items()}}


def parse(kind: type[C], *parts: Mapping[str, Any], where: Sequence[str]) -> C:
    """Merge `parts`, each written at its key of `where`, and validate the result as `kind`."""
    merged: Any = {}
    for part in parts:
        merged = merge(merged, part)
    try:
        return kind.model_validate(merged)
    except ValidationError as error:
        path, reason = explain(error, kind, merged)
        homes = zip(reversed(where), reversed(parts), strict=True)
        home = next((key for key, part in homes if holds(part, path)), where[-1])
        raise ConfigError(f"{PARAMS}: {'.'.join((home, *path))}: {reason}") from None


def holds(part: Any, path: Sequence[str]) -> bool:
    """Tell whether a layer writes the key at `path` itself."""
    for step in path:
        if isinstance(part, Sequence) and not isinstance(part, str) and step.isdigit() and int(step) < len(part):
            part = part[int(step)]
        elif isinstance(part, Mapping) and step in part:
            part = part[step]
        else:
            return False
    return bool(path)
