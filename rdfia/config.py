"""Strict configuration: frozen classes, one merge rule, and errors that name the key.

A run is a chapter's base, changed by the profile, changed by the run's own lines:

    run = merge(merge(base, profile), delta)

The classes that take part live beside what they configure (`rdfia.data`, `rdfia.models`, `rdfia.train`);
each is tagged by `name`, so that `normalise: zca` and `normalise: {name: zca, epsilon: 0.1}` both choose one.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

PARAMS = Path("params.yaml")
LEAVE_OUT = "leave_out"  # in a profile's chapter: the runs that it does not train; no setting of a run
KEY = re.compile(r"[a-z0-9_]+")


class ConfigError(Exception):
    """A setting that cannot be used: one line that names the file, the key, what was found and what is allowed."""


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


class _Loader(yaml.SafeLoader):
    """YAML 1.2 numbers: `1e-3` is a float, as it is for DVC."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf)$|^\.(nan|NaN)$"),
    list("-+0123456789."),
)


def load(path: Path = PARAMS) -> dict[str, Any]:
    """Read the parameters of the study and check their outline; what a run says is checked when it is resolved."""
    params = read(path)
    chapters = [key for key in params if key not in ("profile", "profiles", "data", "theory")]
    for chapter in chapters:
        _only(params[chapter], ("dataset", "base", "runs"), path, chapter, "a chapter's dataset, base, runs")
    for name, over in section(params, "profiles").items():
        _only(over, ("data", *chapters), path, f"profiles.{name}", ", ".join(("data", *chapters)))
        known = section(params, "data")
        _only(over.get("data", {}), tuple(known), path, f"profiles.{name}.data", ", ".join(known))
    return params


def _only(node: Any, allowed: Sequence[str], path: Path, where: str, said: str) -> None:
    """A node that is no mapping, or has a key that is not allowed, is a ConfigError."""
    if not isinstance(node, Mapping):
        raise ConfigError(f"{path}: {where}: found {_show(node)}, allowed: {said}")
    for key in node:
        if key not in allowed:
            raise ConfigError(f"{path}: {where}.{key}: unknown key; allowed: {said}")


def read(path: Path) -> dict[str, Any]:
    """Read a YAML file; one that is not there or not YAML is a ConfigError."""
    try:
        params = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; run from the project's root") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(params, dict):
        raise ConfigError(f"{path}: found {_show(params)}, allowed: a mapping of keys")
    return params


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


def section(params: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The mapping at `keys` of the parameter file; a missing or misshapen one is a ConfigError."""
    node: Any = params
    for depth, key in enumerate(keys):
        where = ".".join(keys[: depth + 1])
        if key not in node:
            raise ConfigError(f"{PARAMS}: {where}: no such key; allowed: {_options(node)}")
        node = node[key]
        if not isinstance(node, Mapping):
            raise ConfigError(f"{PARAMS}: {where}: found {_show(node)}, allowed: a mapping of keys")
    return dict(node)


def profile(params: Mapping[str, Any]) -> str:
    """The name of the chosen profile."""
    name, profiles = params.get("profile"), section(params, "profiles")
    if name not in profiles:
        raise ConfigError(f"{PARAMS}: profile: found {_show(name)}, allowed: {_options(profiles)}")
    return str(name)


def layers(params: Mapping[str, Any], chapter: str, run: str) -> dict[str, dict[str, Any]]:
    """What a run is made of, from the weakest layer to the strongest, by the key where each is written."""
    chosen = profile(params)
    if not KEY.fullmatch(run):
        raise ConfigError(f"{PARAMS}: {chapter}.runs.{run}: found a name with other signs, allowed: a-z, 0-9 and _")
    over = section(params, "profiles", chosen).get(chapter, {})
    over = {key: value for key, value in over.items() if key != LEAVE_OUT}
    return {
        f"{chapter}.base": section(params, chapter, "base"),
        f"profiles.{chosen}.{chapter}": over,
        f"{chapter}.runs.{run}": section(params, chapter, "runs", run),
    }


def parse(kind: type[C], *parts: Mapping[str, Any], where: Sequence[str]) -> C:
    """Merge `parts`, each written at its key of `where`, and validate the result as `kind`."""
    merged: Any = {}
    for part in parts:
        merged = merge(merged, part)
    try:
        return kind.model_validate(merged)
    except ValidationError as error:
        errors = error.errors()
        path = _path(errors[0]["loc"], merged)
        if errors[0]["type"].startswith("union_tag") and isinstance(errors[0]["input"], Mapping):
            path = (*path, "name")
        home = next((w for w, p in zip(reversed(where), reversed(parts), strict=True) if _holds(p, path)), where[-1])
        # One key can break several rules, where a number or a word is allowed.
        reasons = dict.fromkeys(_reason(e, kind) for e in errors if e is errors[0] or _path(e["loc"], merged) == path)
        said = " or ".join([next(iter(reasons)), *(r.split("allowed: ")[-1] for r in list(reasons)[1:])])
        raise ConfigError(f"{PARAMS}: {'.'.join((home, *path))}: {said}") from None


def _path(loc: Sequence[Any], data: Any) -> tuple[str, ...]:
    """A validation error's location without the tags that pydantic adds for the arms of a union."""
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


def _holds(part: Any, path: Sequence[str]) -> bool:
    """Whether the layer writes the key at `path` itself."""
    for step in path:
        if isinstance(part, Sequence) and not isinstance(part, str) and step.isdigit() and int(step) < len(part):
            part = part[int(step)]
        elif isinstance(part, Mapping) and step in part:
            part = part[step]
        else:
            return False
    return bool(path)


def _reason(error: Any, kind: type[Config]) -> str:
    """What was found and what is allowed, in words."""
    found, rule, context = error["input"], error["type"], error.get("ctx", {})
    if rule == "extra_forbidden":
        return f"unknown key; allowed: {_options(_fields(kind, error['loc'][:-1]))}"
    if rule == "missing":
        return f"missing; allowed: {error['msg'].lower()}"
    if rule in ("union_tag_invalid", "union_tag_not_found"):
        name = found.get("name") if isinstance(found, Mapping) else found
        tags = context.get("expected_tags", "a mapping with a name").replace("'", "")
        return f"found {_show(name)}, allowed: {tags}"
    allowed = re.sub(r"^Input should be (a valid )?|^Value error, ", "", error["msg"])
    return f"found {_show(found)}, allowed: {allowed}"


def _fields(kind: type[Config], loc: Sequence[Any]) -> list[str]:
    """The keys of the class at `loc` below `kind`; tags in `loc` choose among tagged classes."""
    candidates: list[Any] = [kind]
    for step in loc:
        below = [a for c in candidates for a in _classes(c.model_fields[step])] if _has(candidates, step) else []
        tagged = [c for c in candidates if _tag(c) == step]
        candidates = below or tagged or candidates
    return [name for c in candidates[:1] for name in c.model_fields]


def _has(candidates: Sequence[Any], step: Any) -> bool:
    return all(step in c.model_fields for c in candidates)


def _tag(kind: type[BaseModel]) -> Any:
    field = kind.model_fields.get("name")
    return field.default if field else None


def _classes(annotation: Any) -> list[type[BaseModel]]:
    """Every configuration class that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = getattr(annotation, "annotation", None)
    arguments = (inner,) if inner is not None else getattr(annotation, "__args__", ())
    return [c for a in arguments for c in _classes(a)]


def _options(names: Any) -> str:
    return ", ".join(str(name) for name in names) or "nothing"


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
