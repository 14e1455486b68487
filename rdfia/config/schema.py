"""Configuration classes, the one rule by which settings are merged, and their validation with the key in the error."""

from collections.abc import Iterator, Mapping, Sequence
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
        home = _home(path, dict(zip(where, parts, strict=True))) if isinstance(merged, Mapping) else where[-1]
        raise ConfigError(f"{PARAMS}: {'.'.join((home, *path))}: {reason}") from None


def written(layers: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return by its dotted key the layer that each merged setting comes from, the strongest one that writes it.

    The short form of a tagged class writes its name.
    """
    merged: Any = {}
    homes: dict[str, str] = {}
    for home, layer in layers.items():
        merged = merge(merged, layer)
        own = dict(leaves(layer))
        own |= {f"{key}.name": value for key, value in own.items() if isinstance(value, str)}
        homes = {key: home if key in own else _before(key, homes) for key, _ in leaves(merged)}
    return homes


def _before(key: str, homes: Mapping[str, str]) -> str:
    """Return the layer of a key that an earlier one wrote, perhaps as a short form."""
    return homes[key] if key in homes else homes[key.removesuffix(".name")]


def leaves(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every setting as its dotted key and its value; a list is one value."""
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _home(path: Sequence[str], layers: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the layer that writes what cannot be used; what is missing is missing in the last."""
    homes, keys = written(layers), [".".join(path[: length + 1]) for length in range(len(path))]
    above = [homes[key] for key in reversed(keys) if key in homes]
    below = [home for key, home in homes.items() if key.startswith(f"{'.'.join(path)}.")]
    return (above or sorted(below, key=list(layers).index, reverse=True) or list(layers)[-1:])[0]
