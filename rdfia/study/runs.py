"""The runs that the parameters declare, and how each is made of layers.

    settings = merge(merge(merge(base, profile), …), own lines)

A run is the run that it is `from` with its own lines merged over it, and is measured against it. Without `from` it is
the chapter's base, and is measured against the chapter's first run. `title`, `group`, `from` and `several` say where a
run stands in the study; no result depends on them.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from rdfia.chapters import kind, run_class
from rdfia.config import (
    LEAVE_OUT,
    ONLY,
    PARAMS,
    Config,
    ConfigError,
    leaves,
    nearest,
    options,
    over,
    parse,
    profile,
    section,
    shorten,
    written,
)

if TYPE_CHECKING:
    from rdfia.train.run import Run

DEFAULT = "default"


class Place(Config):
    """Where a run stands in the study: title, group, the run that it changes, and whether in several settings."""

    title: str = Field("", max_length=200)
    group: str = Field("", pattern=r"^[A-Za-z0-9_ -]{0,64}$")
    origin: str | None = Field(None, alias="from")
    several: bool = False


PLACE = ("title", "group", "from", "several")


def chapters(params: Mapping[str, Any]) -> list[str]:
    """Return every chapter, in the order of the file: a top-level key that has runs."""
    return [key for key, value in params.items() if isinstance(value, Mapping) and "runs" in value]


def runs(params: Mapping[str, Any], chapter: str) -> list[str]:
    """Return the names of a chapter's runs, in the order of the file."""
    return list(section(params, chapter, "runs"))


def left_out(params: Mapping[str, Any], chapter: str) -> tuple[str, ...]:
    """Return the runs that the chosen profile does not train: those of `leave_out`, all but those of `only`, or all."""
    known = runs(params, chapter)
    out, kept = list[str](), known
    for where, lines in over(params, chapter).items():
        out = _names(lines[LEAVE_OUT], known, f"{where}.{LEAVE_OUT}") if LEAVE_OUT in lines else out
        kept = _names(lines[ONLY], known, f"{where}.{ONLY}") if ONLY in lines else kept
    return tuple(name for name in known if name in out or name not in kept)


def _names(value: Any, known: list[str], where: str) -> list[str]:
    """Return the runs that a profile names; an unknown one is a ConfigError."""
    names = known if value == "all" else value
    wrong = [name for name in names if name not in known] if isinstance(names, list) else [value]
    if wrong:
        allowed = f"a list, as [{value}]" if value in known else f"all, or a list of {nearest(wrong[0], known)}"
        raise ConfigError(f"{PARAMS}: {where}: found {shorten(wrong[0])}, allowed: {allowed}")
    return list(names)


def trained(params: Mapping[str, Any], chapter: str) -> list[str]:
    """Return the runs of a chapter that the chosen profile trains, in the order of the file."""
    without = left_out(params, chapter)
    return [run for run in runs(params, chapter) if run not in without]


def trained_runs(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return every (chapter, run) that the chosen profile trains."""
    return [(chapter, run) for chapter in chapters(params) for run in trained(params, chapter)]


def declared(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return every (chapter, run) of the file."""
    return [(chapter, run) for chapter in chapters(params) for run in runs(params, chapter)]


def no_begin(chapter: str, run: str, place: Iterable[object]) -> ConfigError:
    """Return the error of a run that begins from the weights of none that it may."""
    where = f"{PARAMS}: {chapter}.runs.{run}.model.start"
    allowed = "a run of another chapter that is declared and not left out"
    return ConfigError(f"{where}: found {'/'.join(map(str, place))[:140]}, allowed: {allowed}")


def own(params: Mapping[str, Any], chapter: str, run: str) -> dict[str, Any]:
    """Return what a run's lines say; a run without lines is its base as it is."""
    lines = section(params, chapter, "runs")
    if run not in lines:
        raise ConfigError(f"{PARAMS}: {chapter}.runs.{run}: no such run; allowed: {nearest(run, lines)}")
    value = {} if lines[run] is None else lines[run]
    if not isinstance(value, Mapping):
        raise ConfigError(f"{PARAMS}: {chapter}.runs.{run}: found {shorten(value)}, allowed: a mapping of keys")
    return dict(value)


def place(params: Mapping[str, Any], chapter: str, run: str) -> Place:
    """Return where a run stands in the study."""
    lines = {key: value for key, value in own(params, chapter, run).items() if key in PLACE}
    return parse(Place, lines, where=[f"{chapter}.runs.{run}"])


def lineage(params: Mapping[str, Any], chapter: str, run: str) -> list[str]:
    """Return the run and all that it is made of, the oldest first; a circle or an unknown name is a ConfigError."""
    line = [run]
    while (origin := place(params, chapter, line[0]).origin) is not None:
        where, known = f"{PARAMS}: {chapter}.runs.{line[0]}.from", runs(params, chapter)
        if origin in line:
            circle = " from ".join([*reversed(line[: line.index(origin) + 1]), origin])
            raise ConfigError(f"{where}: found {origin!r}, which goes in a circle ({circle}); allowed: another run")
        if origin not in known:
            raise ConfigError(f"{where}: found {origin!r}, allowed: {nearest(origin, known)}")
        line.insert(0, origin)
    return line


def reference(params: Mapping[str, Any], chapter: str, run: str) -> str:
    """Return the run that another's effect is measured against: the one that it is from, else the chapter's first."""
    older = lineage(params, chapter, run)[:-1]
    return older[-1] if older else runs(params, chapter)[0]


def layers(params: Mapping[str, Any], chapter: str, run: str) -> dict[str, dict[str, Any]]:
    """Return what a run is made of, from the weakest layer to the strongest, by the key where each is written."""
    made = {f"{chapter}.base": section(params, chapter, "base"), **over(params, chapter)}
    made |= {f"{chapter}.runs.{name}": own(params, chapter, name) for name in lineage(params, chapter, run)}
    return {where: {k: value for k, value in lines.items() if k not in beside(where)} for where, lines in made.items()}


def beside(where: str) -> tuple[str, ...]:
    """Return the keys that may stand beside the settings of a layer, by the key where it is written."""
    head, *rest = where.split(".")
    return (ONLY, LEAVE_OUT) if head == "profiles" else PLACE if rest[0] == "runs" else ()


def resolve(params: Mapping[str, Any], chapter: str, run: str) -> "Run":
    """Return a run's settings, merged and validated."""
    parts = layers(params, chapter, run)
    return parse(run_class(kind(params, chapter)), *parts.values(), where=list(parts), beside=beside)


def origins(params: Mapping[str, Any], chapter: str, run: str) -> list[tuple[str, Any, str]]:
    """Return every setting of a run as its dotted key, its value, and the key of the layer that it comes from.

    What no layer writes comes from the class's default.
    """
    homes = written(layers(params, chapter, run))
    settings = leaves(resolve(params, chapter, run).model_dump(mode="json"))
    return [(key, value, homes.get(key) or homes.get(key.removesuffix(".name"), DEFAULT)) for key, value in settings]


def wanted(params: Mapping[str, Any], names: Iterable[str]) -> dict[str, list[str]]:
    """Return the runs that are named, by chapter: `cnn/zca` is one, `cnn` is all of a chapter; without names all."""
    found = dict[str, list[str]]()
    for name in names or chapters(params):
        chapter, one, run = name.partition("/")
        allowed(params, [chapter])
        if one:
            own(params, chapter, run)  # which says where there is no such run
            if run in left_out(params, chapter):
                without = f"{name}, which {profile(params)} leaves out"
                raise ConfigError(f"run: found {without}, allowed: {nearest(run, trained(params, chapter))}")
        found.setdefault(chapter, []).extend([run] if one else runs(params, chapter))
    return {chapter: list(dict.fromkeys(every)) for chapter, every in found.items()}


def allowed(params: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return the chapters named, all without names; an unknown one is a ConfigError."""
    known, chosen = chapters(params), list(names)
    for name in chosen:
        if name not in known:
            raise ConfigError(f"chapter: found {name!r}, allowed: {options(known)}")
    return chosen or known
