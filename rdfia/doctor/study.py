"""The study: its data sets, whether they are prepared and whole, and its runs, which of them are today's."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rdfia.config import ConfigError, profile, section
from rdfia.data.sources import resolve_dataset
from rdfia.doctor.finding import Finding, broken, fine, note
from rdfia.doctor.machine import room
from rdfia.files import SCRATCH, json_of, project, tensors_of
from rdfia.record import layout, shape
from rdfia.record.declaration import Declaration
from rdfia.record.run import HISTORY, RunRecord
from rdfia.study import declaration, prune
from rdfia.words import listed

MISSING, OTHER_CODE = "not trained", "of other code"
SHOWN = 5  # files that cannot be read


def data(params: Mapping[str, Any]) -> Iterator[Finding]:
    """Look whether each data set is prepared, and its files are those of its card by their heads and sizes.

    A file's head has the types and shapes of its tensors, which say how long it is. The bytes are not compared.
    """
    name, whole, unprepared = profile(params), 0, list[str]()
    for dataset in section(params, "data"):
        card, folder = shape.find(layout.card(name, dataset), shape.Card), layout.data(name, dataset)
        path = getattr(resolve_dataset(params, dataset).source, "path", None)
        if card and folder.is_dir():
            if wrong := _wrong(folder, card):
                yield broken("data", wrong, f"remove {folder}, then `dvc repro prepare@{name}-{dataset}`")
            whole += not wrong
        elif path is not None and not (project() / path).exists():
            where = f"data.{dataset}.source.path"
            yield broken("data", f"{where}: found {path}, which does not exist", "put the images there")
        else:
            unprepared.append(dataset)
    if unprepared:
        yield note("data", f"{listed(unprepared)}: not prepared", "`make` or `dvc repro prepare` does it")
    if whole:
        yield fine("data", f"{whole} data sets are prepared and as their cards say, by the heads and sizes of files")


def _wrong(folder: Path, card: Mapping[str, Any]) -> str:
    """Return what is not as the card of a data set says, empty where all is."""
    from safetensors import SafetensorError, safe_open

    for split, count in card.get("counts", {}).items():
        path = folder / f"{split}.safetensors"
        try:
            with safe_open(path, framework="np") as file:
                shape = file.get_slice("x").get_shape()
        except (OSError, SafetensorError) as error:
            return f"{path}: {' '.join(str(error).split())[:100]}"
        if shape != [count, *card["shape"]]:
            return f"{path}: found examples of {shape}, its card has {[count, *card['shape']]}"
    rest = [folder / f"{part}.safetensors" for part in ("statistics", "sheets")]
    return next((f"{path}: no such file" for path in rest if not path.is_file()), "")


def files(profile: str) -> Iterator[Finding]:
    """Look whether what training and evaluation wrote can be read: texts are read, tensors have a head that says all.

    A crash of the machine, or a full disk, cuts files.
    """
    found = [path for folder in (layout.trained(profile, ""), layout.report(profile)) for path in folder.rglob("*.*")]
    wrong = [error for path in sorted(found) if SCRATCH not in str(path) and (error := unreadable(path))]
    for error in wrong[:SHOWN]:
        yield broken("files", error)
    if len(wrong) > SHOWN:
        yield broken("files", f"{len(wrong) - SHOWN} more that cannot be read")
    if found and not wrong:
        yield fine("files", "all records, results and weights can be read, and none is cut")


def unreadable(path: Path) -> str:
    """Return why a file of results cannot be read and what to do, empty where it can, or is no result."""
    from safetensors import safe_open

    try:
        if path.name == HISTORY:
            RunRecord(path.parent).history  # noqa: B018
        elif path.suffix == ".json":
            json_of(path)
        elif path.suffix == ".safetensors":
            with tensors_of(path), safe_open(path, "np"):
                pass
    except ConfigError as error:
        return str(error)
    return ""


def results(params: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare each run's record with what is declared today; what is to train, and what kills and others left."""
    name = profile(params)
    declared = [one for one in declaration.declarations(params) if not one.left_out]
    states = {(one.chapter, one.run): state(name, one) for one in declared}
    wanted = [place for place, what in states.items() if what]
    counted = Counter(what for what in states.values() if what)
    if wanted:
        why = ", ".join(f"{count} {what}" for what, count in counted.items())
        some = ", ".join("/".join(place) for place in wanted[:3]) + (", …" if len(wanted) > 3 else "")
        remedy = "`make` or `rdfia sweep` trains them"
        remedy += "; `rdfia replay` checks those of other code" if OTHER_CODE in counted else ""
        yield note("runs", f"{len(wanted)} of {len(states)} are to train ({why}: {some})", remedy)
        yield from room(params, wanted)
    else:
        yield fine("runs", f"all {len(states)} are results of today's settings, code and data")
    begun = {path.parent for path in layout.checkpoints(name).glob("*/*/*.safetensors")}
    if begun:
        yield note("left", f"{len(begun)} runs were stopped and have checkpoints", "`rdfia sweep` goes on from them")
    if undeclared := prune.undeclared(params):
        yield note(
            "left", f"{len(undeclared)} files of runs that are not declared, such as {undeclared[0]}", "`rdfia prune`"
        )


def state(profile: str, one: Declaration) -> str:
    """Return why a run is to train: nothing of it is here, or what its record differs in; empty where it is today's.

    Weights are looked for and not read.
    """
    record = RunRecord.read(layout.trained(profile, one.chapter, one.run))
    if not record.exists or not record.weights.is_file():
        return MISSING
    data = str(shape.find(layout.card(profile, one.dataset), shape.Card).get("sha256", ""))
    start = RunRecord.read(layout.trained(profile, *one.begins.split("/"))) if one.begins else None
    changed = one.with_hashes(data, start).changed(record)
    return f"of other {' and '.join(changed)}" if changed else ""
