"""MLflow's client, with a limit of time on every call and one line for whatever goes wrong in it."""

import logging
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from rdfia.config import ConfigError
from rdfia.track.store import SQLITE, Store, quieten

if TYPE_CHECKING:
    from mlflow.entities import Metric

T = TypeVar("T")
SECONDS = "MLFLOW_HTTP_REQUEST_TIMEOUT"
UPLOADS = ("log_artifact", "log_model_artifact")  # the second argument is a file
METRICS_PER_BATCH = 1000  # MLflow's limit on one request
BYTES_PER_SECOND = 1e6  # an upload that is slower than this is too slow
MAKING, PUBLISHING = 60.0, 600.0  # seconds that another process may hold a lock
BUSY = 20.0  # seconds that another process may be writing to the database
ADDRESSES = (  # where a database keeps the places of artifacts
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


class StoreError(ConfigError):
    """The store cannot be used: MLflow is missing, nothing answers in time, or what answers is no store."""


class _Late(BaseException):
    """Time is up. It is no Exception: MLflow and urllib3 take those for a reason to try again."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End what is done in this block when its time is up, wherever it waits.

    MLflow's own limit is one of a single read: a server that sends a byte now and then would never meet it.
    """

    def late(number: int, frame: FrameType | None) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, late)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # and each second again, should something swallow it
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _Late:
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise TimeoutError(f"no answer within {seconds:.3g} s") from None
    finally:
        signal.signal(signal.SIGALRM, before)


@contextmanager
def reachable(store: Store) -> Iterator[None]:
    """Turn whatever goes wrong in here into one line; only MLflow and its store are called in here."""
    quieten()
    try:
        import mlflow.exceptions  # noqa: F401
    except ModuleNotFoundError as error:
        raise StoreError(f"{error.name} is not installed; MLflow's mirror needs `pip install mlflow`") from None
    for name in ("mlflow", "alembic", "urllib3"):  # what goes wrong is said once, by us
        if (logger := logging.getLogger(name)).level != logging.CRITICAL:  # to set it empties all loggers' caches
            logger.setLevel(logging.CRITICAL)
    try:
        yield
    except StoreError:
        raise
    except Exception as error:  # a server may answer anything, and MLflow then raises anything
        raise StoreError(store.refusal(_reason(error))) from None


def _reason(error: BaseException) -> str:
    """The first line of the error that began it all: a refused connection comes wrapped five times."""
    while (cause := error.__cause__ or (None if error.__suppress_context__ else error.__context__)) is not None:
        error = cause
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}"[:200] if lines else type(error).__name__


@contextmanager
def exclusive(store: Store, lock: Path, seconds: float) -> Iterator[None]:
    """Hold a lock of the store; the system lets go of it when the process ends, however it ends."""
    with reachable(store):
        from filelock import FileLock, Timeout

        lock.parent.mkdir(parents=True, exist_ok=True)
        held = FileLock(lock)
        try:
            held.acquire(timeout=seconds)
        except Timeout:
            raise StoreError(f"{lock}: another process has held it for {seconds:g} s") from None
    try:
        yield
    finally:
        held.release()


class Client:
    """MLflow's client of a store: the same methods, each of which ends in time, or as `StoreError`."""

    def __init__(self, store: Store, seconds: float | None = None) -> None:
        with reachable(store):
            from mlflow import MlflowClient
        self.store, self.seconds = store, _seconds() if seconds is None else seconds
        self.waited = 0.0  # seconds in all calls
        self._client = self.call(partial(MlflowClient, store.uri, registry_uri=store.uri))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self.call, getattr(self._client, name))

    def call(self, method: Callable[..., T], *words: Any, **named: Any) -> T:
        """Call a method of MLflow's within the limit, to which an upload adds the time for its size."""
        upload = getattr(method, "__name__", "") in UPLOADS
        size = Path(words[1]).stat().st_size if upload else 0
        began = monotonic()
        try:
            with reachable(self.store), within(self.seconds + size / BYTES_PER_SECOND):
                return method(*words, **named)
        finally:
            self.waited += monotonic() - began

    def log_curves(self, run_id: str, metrics: "Sequence[Metric]") -> None:
        """Log metrics of a run that has none under these keys, and that belong to no model."""
        if self.store.database:
            self.call(_insert, self.store.database, run_id, metrics)
            return
        for first in range(0, len(metrics), METRICS_PER_BATCH):
            self.log_batch(run_id, metrics=metrics[first : first + METRICS_PER_BATCH])


def _insert(path: Path, run_id: str, metrics: "Sequence[Metric]") -> None:
    """Write finite metrics to a database; MLflow makes an object of each, and takes ten times as long."""
    rows = sorted(((m.key, m.step, m.timestamp, m.value, run_id) for m in metrics), key=lambda row: row[1:4])
    into = "INSERT OR IGNORE INTO {} (key, step, timestamp, value, run_uuid, is_nan) VALUES (?, ?, ?, ?, ?, 0)"
    with closing(sqlite3.connect(path, timeout=BUSY)) as database, database:
        database.executemany(into.format("metrics"), rows)
        database.executemany(into.format("latest_metrics"), {row[0]: row for row in rows}.values())


def _seconds() -> float:
    """How long a call may take, by MLflow's own variable."""
    try:
        seconds = float(text := os.environ[SECONDS])
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise ConfigError(f"{SECONDS}: found {text!r}, allowed: a number of seconds above 0")
    return seconds


def create(store: Store, seconds: float = MAKING) -> None:
    """Make the database if it is not there; it is finished under another name, so that no process sees half of one.

    Processes that migrate one fresh database together would end in errors: they wait for each other.
    """
    if store.database is None:
        return
    with exclusive(store, store.creating, seconds), reachable(store):
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        if store.database.exists() and store.database.stat().st_size:
            return
        draft = store.database.with_name(store.database.name + ".new")
        draft.unlink(missing_ok=True)
        SqlAlchemyStore(SQLITE + draft.as_posix(), store.artifacts).engine.dispose()  # type: ignore[no-untyped-call]
        draft.replace(store.database)


def connect(store: Store, experiment: str, seconds: float | None = None) -> tuple[Client, str]:
    """A client of the store and the experiment's id, each made if it is not there."""
    create(store, seconds or MAKING)
    client = Client(store, seconds)
    with exclusive(store, store.creating, seconds or MAKING):
        found = client.get_experiment_by_name(experiment)
        with reachable(store):
            _readdress(store)
        if found is None:
            location = f"{store.artifacts}/{experiment}" if store.artifacts else None
            return client, client.create_experiment(experiment, artifact_location=location)
        if not found.experiment_id:
            raise StoreError(store.refusal("what answers is no MLflow server"))
        if found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
        return client, found.experiment_id


def _readdress(store: Store) -> None:
    """Have a store that was copied or moved with its project find its artifacts here, and not in the old folder.

    MLflow keeps absolute places. Only those are changed that lie, as ours do, in a folder `mlartifacts`.
    """
    if store.database is None:
        return
    with closing(sqlite3.connect(store.database)) as database, database:
        first = database.execute("SELECT artifact_location FROM experiments ORDER BY experiment_id").fetchone()
        old = str(first[0]).rpartition("/")[0] if first else ""  # of MLflow's own experiment: `<artifacts>/0`
        if old == store.artifacts or not old.startswith("file://") or not old.endswith("/mlartifacts"):
            return
        for table, column in ADDRESSES:
            database.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
                (store.artifacts, len(old) + 1, len(old) + 1, f"{old}/"),
            )
