"""Configuration classes, the one rule by which settings are merged, and their validation with the key in the error."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from rdfia.config.errors import ConfigError, explain, shorten
from rdfia.config.params import PARAMS

MOST, LARGEST = 10**9, 1e30  # of whole and of other numbers: no sensible run comes near, and float32 holds them
INCOMPLETE = ("missing", "union_tag_not_found", "value_error")  # what a later layer may mend


class Config(BaseModel):
    """A frozen set of settings that knows all its keys and converts nothing; its numbers are finite and bounded."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _bounded(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse numbers that no machine holds; a seed has 63 bits."""
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int | float):
                most = LARGEST if isinstance(number, float) else 2**63 - 1 if info.field_name == "seed" else MOST
                if abs(number) > most:
                    raise PydanticCustomError("bounded", "at most {most}", {"most": most})
        return value


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


def parse(
    kind: type[C],
    *parts: Mapping[str, Any],
    where: Sequence[str],
    beside: Callable[[str], Sequence[str]] = lambda home: (),
) -> C:
    """Merge `parts`, each written at its key of `where`, and validate the result as `kind`.

    A part whose own values cannot be used is an error too, where a later part replaces them. `beside` says which keys
    may stand at a key of `where` that are none of these settings, for what the error says.
    """
    merged: Any = {}
    layers: dict[str, Mapping[str, Any]] = {}
    for key, part in zip(where, parts, strict=True):
        if not isinstance(part, Mapping):
            raise ConfigError(f"{PARAMS}: {key}: found {shorten(part)}, allowed: a mapping of keys")
        layers[key], merged = part, merge(merged, part)
        wrong = _errors(kind, merged)
        if len(layers) < len(parts):
            wrong = [error for error in wrong if error["type"] not in INCOMPLETE]
        if wrong:
            path, reason = explain(wrong, kind, merged, beside(key))
            raise ConfigError(f"{PARAMS}: {'.'.join((home(path, layers), *path))}: {reason}")
    return kind.model_validate(merged)


def _errors(kind: type[C], merged: Any) -> list[ErrorDetails]:
    """Return why settings cannot be used."""
    try:
        kind.model_validate(merged)
    except ValidationError as error:
        return error.errors()
    return []


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


def home(path: Sequence[str], layers: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the layer that writes what cannot be used; what is missing is missing in the last."""
    homes, keys = written(layers), [".".join(path[: length + 1]) for length in range(len(path))]
    above = [homes[key] for key in reversed(keys) if key in homes]
    below = [home for key, home in homes.items() if key.startswith(f"{'.'.join(path)}.")]
    return (above or sorted(below, key=list(layers).index, reverse=True) or list(layers)[-1:])[0]


@contextmanager
def at(layers: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Put before a ConfigError of the block, which begins with a setting's key, the layer that writes the setting.

    `layers` are what the settings are made of, each at its key of the file, the strongest last. An error that
    begins with a variable of the environment stays as it is.
    """
    try:
        yield
    except ConfigError as error:
        if str(error).startswith("RDFIA_"):
            raise
        path = str(error).partition(":")[0].split(".")
        raise ConfigError(f"{PARAMS}: {home(path, layers)}.{error}") from None
