"""The folder: DVC's lock file, cache and notes, MLflow's store, and what kills left behind."""

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from rdfia.config import ConfigError
from rdfia.doctor.finding import Finding, broken, fine, note
from rdfia.study import prune
from rdfia.sweep import holders, lock
from rdfia.sweep.dvc import CONFIGS, cache
from rdfia.track.store import SQLITE, Store, locate

SECONDS = 3  # to wait for a server
ANEW = "move it and mlartifacts away, `rdfia track` makes both anew from the files"


def dvc(profile: str) -> Iterator[Finding]:
    """Look at DVC's lock file, at its cache, and at who holds it."""
    if not CONFIGS[0].is_file():
        raise ConfigError(f"{CONFIGS[0]}: no such file; run from the project's root")
    yield from _held()
    text = lock.read(lock.LOCK)
    stages = lock.stages(text)
    if "<<<<<<<" in text:
        yield broken("dvc", f"{lock.LOCK}: has a conflict of git's", f"`git checkout --ours {lock.LOCK}`, or --theirs")
    elif lock.LOCK.exists() and lock.cut():
        yield broken("dvc", f"{lock.LOCK}: cut while DVC wrote it", "`rdfia mend` restores it")
    else:
        own = {name: stage for name, stage in (stages or {}).items() if name.split("@")[-1].split("-")[0] == profile}
        yield fine("dvc", f"{lock.LOCK} is whole, with {len(own)} stages of {profile or 'no profile'}")
        yield from _cache([out for stage in own.values() for out in stage.get("outs", ())])


def _held() -> Iterator[Finding]:
    """Look at who holds DVC: a command at work, or a note that nobody takes away."""
    if lock.unreadable(holders.NOTED):
        yield broken("dvc", f"{holders.NOTED}: cut, so that every command of DVC stops", "`rdfia mend` removes it")
    for one in holders.mistaken():
        state = f"{holders.NOTED}: DVC waits for one that was killed, whose number {one} has now"
        yield broken("dvc", state, f"remove {holders.NOTED}")
    for one in holders.at_work():
        yield note("dvc", f"{one} is at work in this folder", "`rdfia sweep` waits for it")


def _cache(outs: list[dict[str, str]]) -> Iterator[Finding]:
    """Look whether the cache has what the lock file says of data and trained runs."""
    folder = cache()
    hashes = {out["path"]: out.get("md5", "") for out in outs if out["path"].startswith(("data/", "runs/"))}
    missing = [path for path, md5 in hashes.items() if not (folder / "files/md5" / md5[:2] / md5[2:]).is_file()]
    if not folder.is_dir():
        yield note("cache", f"{folder}: not there yet", "`make` fills it")
    elif not os.access(folder, os.W_OK):
        yield broken("cache", f"{folder}: cannot be written", f"`chmod -R u+w {folder}`")
    elif missing:
        remedy = "`dvc repro` makes them again, `dvc pull` fetches them from a remote that has them"
        yield note("cache", f"{len(missing)} of {len(hashes)} results of {lock.LOCK} are not in {folder}", remedy)
    else:
        yield fine("cache", f"{folder} has all {len(hashes)} results of {lock.LOCK}")


def mlflow(profile: str) -> Iterator[Finding]:
    """Look whether MLflow's store can be reached, and is that of this folder."""
    store = locate(Path())
    if store.uri.startswith(("http://", "https://")):
        yield _server(store.uri)
    elif store.database is None:
        yield note("mlflow", f"{store.uri}: a store that is not looked into")
    elif not store.database.exists():
        yield note("mlflow", f"{store.database}: not there yet", "`make` or `rdfia track` makes it")
    else:
        yield _database(store, profile)


def _server(uri: str) -> Finding:
    parts = urlsplit(uri)
    address = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    try:
        with socket.create_connection(address, SECONDS):
            return fine("mlflow", f"{uri} answers")
    except OSError as error:
        return broken("mlflow", f"MLFLOW_TRACKING_URI: {uri} does not answer ({error})", "start it")


def _database(store: Store, profile: str) -> Finding:
    """Read the experiments of a database, without MLflow."""
    query = "select name, artifact_location, experiment_id from experiments where lifecycle_stage = 'active'"
    count = "select count(*) from runs where experiment_id = ? and lifecycle_stage = 'active' and status = 'FINISHED'"
    try:
        with closing(sqlite3.connect(f"{Path(store.database or '').as_uri()}?mode=ro", uri=True)) as database:
            places = {name: (place, number) for name, place, number in database.execute(query)}
            place, number = places.get(f"rdfia/{profile}", ("", None))
            runs = database.execute(count, (number,)).fetchone()[0]
    except sqlite3.Error as error:
        return broken("mlflow", f"{store.database}: cannot be read ({error})", ANEW)
    if place and not place.startswith(f"{store.artifacts}/"):
        state = f"{store.database}: keeps its files in {place}"
        if "/mlartifacts/" not in place:
            return broken("mlflow", f"{state}, outside this folder", ANEW)
        state = f"{state}, as it was copied or moved"
        return note("mlflow", state, "the next `rdfia track` or `rdfia ui` has it keep them here")
    return fine("mlflow", f"{store.uri.removeprefix(SQLITE)} is of this folder, with {runs} runs of {profile}")


def left() -> Iterator[Finding]:
    """Count what processes that were killed left half-written."""
    half = prune.left()
    if half:
        yield note("left", f"{len(half)} folders that a kill left half-written, such as {half[0]}", "`rdfia prune`")
