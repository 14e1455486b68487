"""The command `rdfia replay`: results that a change of code should not have changed are checked, not trained again.

The first epochs of a stale run are trained once more with today's code and compared with its recorded history. Where
they agree, the result is committed to DVC under today's declaration, and its record says what was replayed. A result
that DVC's cache holds of today's declaration is taken from there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rdfia import chapters as folders
from rdfia.config import load, profile
from rdfia.files import write_json
from rdfia.parallel import Send, messages
from rdfia.record import layout
from rdfia.record.declaration import CODE, Declaration
from rdfia.record.outcome import history_row
from rdfia.record.run import METRICS, Row, RunRecord
from rdfia.study import runs
from rdfia.study.train_run import load_data, subnormals_as_zero, with_weights
from rdfia.sweep import dvc
from rdfia.sweep.holders import holding
from rdfia.sweep.sweep import LOCK, known, waves
from rdfia.train import device
from rdfia.train.run import Data, Snapshot, Trained
from rdfia.words import first_line, listed

Place = tuple[float | None, float | None]  # a seed and an epoch


@dataclass(frozen=True)
class Replay:
    """How far the first epochs agree: the rows compared, and the largest difference with the place where it is."""

    rows: int
    difference: float
    where: str = ""


def replay(names: Sequence[str], epochs: int, seeds: int | None, tolerance: float) -> int:
    """Replay the stale runs of those that `names` chooses; return 1 if a run stays stale, else 0."""
    params = load()
    chosen = runs.wanted(params, names)
    parts = [{chapter: chosen[chapter] for chapter in chapters} for chapters in waves(params, chosen)]
    with holding(LOCK):  # a sweep would train what is replayed
        counts = [_wave(params, part, epochs, seeds, tolerance) for part in parts]
    stale, kept = (sum(column) for column in zip(*counts, strict=True))
    print(f"{kept} of {stale} stale runs agree and were committed to DVC" if stale else "no run is stale")
    return int(kept < stale)


def _wave(
    params: Mapping[str, Any], chosen: Mapping[str, Collection[str]], epochs: int, seeds: int | None, tolerance: float
) -> tuple[int, int]:
    """Replay what is stale of the chosen runs of some chapters; how many were, and how many of them agree."""
    name = profile(params)
    dvc.repro([f"declare_{chapter}@{name}" for chapter in chosen])
    stages = dvc.restore(dvc.stale(dvc.training(params, chosen)))
    stale = [(s.chapter, run) for s in stages for run in s.runs if not known(name, s.chapter, run)]
    usable = [place for place in stale if _usable(name, *place)]
    data = {chapter: load_data(name, folders.dataset(params, chapter)) for chapter, _ in usable}
    work = [partial(_send, params, place, data[place[0]], epochs, seeds) for place in usable]
    agreed = 0
    for message in messages(work, device.jobs()):  # each is judged as it ends: none waits for, or falls with, another
        if message.content is not None:
            agreed += _judge(name, *usable[message.place], message.content, epochs, seeds, tolerance)
        elif message.error is not None:
            print(f"{'/'.join(usable[message.place])}: stays stale: {first_line(message.error)}")
    dvc.commit(params, [stage for stage in stages if all(known(name, stage.chapter, run) for run in stage.runs)])
    return len(stale), agreed


def _usable(profile: str, chapter: str, run: str) -> bool:
    """Tell whether a run has a result in which nothing but the code has changed; say why where it has not."""
    record = RunRecord.read(layout.trained(profile, chapter, run))
    if not record.exists or not record.weights.exists():
        print(f"{chapter}/{run}: stays stale: there are no results of it on this machine")
        return False
    changed = Declaration.read(layout.declared_run(profile, chapter, run)).changed(record)
    if changed != (CODE,):
        print(f"{chapter}/{run}: stays stale: {listed(changed)} changed")
    return changed == (CODE,)


def _send(
    params: Mapping[str, Any], place: tuple[str, str], data: Data, epochs: int, seeds: int | None, send: Send
) -> None:
    send(_replay(params, *place, data, epochs, seeds))


@subnormals_as_zero()
def _replay(params: Mapping[str, Any], chapter: str, run: str, data: Data, epochs: int, seeds: int | None) -> Replay:
    """Train the first epochs of a run again and compare them with its history."""
    chosen = with_weights(runs.resolve(params, chapter, run), profile(params))
    record = RunRecord.read(layout.trained(profile(params), chapter, run))
    recorded = {(row["seed"], row["epoch"]): row for row in record.history}
    program, rows, worst = chosen.program(data), 0, Replay(0, 0.0)
    for group in program.groups:
        if seeds is not None and min(group) >= seeds:
            continue
        for place, fresh in _first(program.events(group), group, epochs):
            rows += 1
            for key, value in fresh.items():
                difference = _distance(value, recorded.get(place, {}).get(key))
                if difference > worst.difference:
                    worst = Replay(0, difference, f"{key}, seed {place[0]:g}, epoch {place[1]:g}")
    return Replay(rows, worst.difference, worst.where)


def _first(
    events: Iterable[Any], group: Sequence[int], epochs: int
) -> Iterable[tuple[tuple[float | None, float | None], Row]]:
    """Yield the rows of every seed up to its first recorded epoch from `epochs` on."""
    waiting = set(group)
    for seed, report in events:
        if isinstance(report, Trained):
            waiting.discard(seed)
        elif not isinstance(report, Snapshot):
            row = history_row(seed, report)
            yield (row["seed"], row["epoch"]), row
            if report.epoch >= epochs:
                waiting.discard(seed)
        if not waiting:
            return


def _distance(value: float | None, recorded: float | None) -> float:
    """Return how far a value lies from the recorded one; infinitely where one of them is no number."""
    if value is None or recorded is None:
        return 0.0 if value is recorded else float("inf")
    return abs(value - recorded)


def _judge(profile: str, chapter: str, run: str, one: Replay, epochs: int, seeds: int | None, tolerance: float) -> bool:
    """Say how far a run agrees, and put it under today's declaration if it does."""
    if not one.rows or one.difference > tolerance:
        print(f"{chapter}/{run}: stays stale: differs by {one.difference:.3g} ({one.where})")
        return False
    record = RunRecord.read(layout.trained(profile, chapter, run))
    declared = Declaration.read(layout.declared_run(profile, chapter, run))
    note = {
        "code_sha256": record.metrics.get("code_sha256", ""),
        "epochs": epochs,
        "seeds": len(record.seeds) if seeds is None else min(seeds, len(record.seeds)),
        "rows": one.rows,
        "largest_difference": one.difference,
        "tolerance": tolerance,
    }
    write_json({**record.metrics, "code_sha256": declared.code_sha256, "replayed": note}, record.folder / METRICS)
    print(f"{chapter}/{run}: {one.rows} recorded epochs agree, largest difference {one.difference:.3g}")
    return True
