"""Where the mirror lives: one MLflow store for the project, made once and shared by every process."""

import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdfia.config import ConfigError, profile

if TYPE_CHECKING:
    from mlflow import MlflowClient

HOST = "127.0.0.1"  # nobody else sees the UI
SQLITE = "sqlite:///"
SERVERS = ("http://", "https://", "databricks")
DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DEFAULT_PREDICTION_DEVICE": "cpu",  # an exported graph stays on the device that it was exported from
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # MLflow's own 7 take four minutes to say that no server answers
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass(frozen=True)
class Store:
    """An MLflow store: its address, its database file if it has one, where artifacts go (None: a server decides)."""

    uri: str
    folder: Path
    database: Path | None
    artifacts: str | None

    @property
    def creating(self) -> Path:
        """The lock held for a moment, by whoever looks for the store or an experiment and may have to make it."""
        return self.folder / ".mlflow.create.lock"

    @property
    def publishing(self) -> Path:
        """The lock held for as long as results are compared with the store and written to it."""
        return self.folder / ".mlflow.publish.lock"


def locate(root: Path) -> Store:
    """The store of `MLFLOW_TRACKING_URI`, else `mlflow.db` in the project.

    Under `dvc exp run --temp` and `--queue` the working folder is a copy that DVC deletes, and `DVC_ROOT` names the
    project: relative addresses count from there.
    """
    home = Path(os.environ.get("DVC_ROOT") or root).resolve()
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}mlflow.db"
    if not uri.startswith(SQLITE):
        return Store(uri, home, None, None if uri.startswith(SERVERS) else (home / "mlartifacts").as_uri())
    database = (home / uri.removeprefix(SQLITE)).resolve()
    artifacts = (database.parent / "mlartifacts").as_uri()
    return Store(SQLITE + database.as_posix(), database.parent, database, artifacts)


def quieten() -> None:
    """Set what MLflow reads when it is imported, where the user has not: no telemetry, no chatter, short waits."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the file lock at `path`; the system lets go of it when the process ends, however it ends."""
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path):
        yield


@contextmanager
def reachable(store: Store) -> Iterator[None]:
    """Say in one line why the store cannot be used: MLflow is missing, no server answers, the file store is gone."""
    quieten()
    try:
        from mlflow.exceptions import MlflowException
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is not installed; MLflow's mirror needs `pip install mlflow`") from None
    try:
        yield
    except MlflowException as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"MLFLOW_TRACKING_URI: found {store.uri!r}, allowed: a store that answers; {reason}"
        ) from None


def create(store: Store) -> None:
    """Make the database if it is not there; it is finished under another name, so that no process sees half of one.

    The caller holds the lock: processes that migrate one fresh database together end in errors.
    """
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    if store.database is None or store.database.exists():
        return
    draft = store.database.with_name(store.database.name + ".new")
    draft.unlink(missing_ok=True)
    SqlAlchemyStore(SQLITE + draft.as_posix(), store.artifacts).engine.dispose()  # type: ignore[no-untyped-call]
    draft.replace(store.database)


def connect(store: Store, experiment: str) -> "tuple[MlflowClient, str]":
    """A client of the store and the experiment's id, each made if it is not there."""
    from mlflow import MlflowClient

    with exclusive(store.creating):
        create(store)
        client = MlflowClient(store.uri, registry_uri=store.uri)
        found = client.get_experiment_by_name(experiment)
        if found is None:
            location = f"{store.artifacts}/{experiment}" if store.artifacts else None
            return client, client.create_experiment(experiment, artifact_location=location)
        if found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
        return client, found.experiment_id


def ui_command(root: Path, port: int = 5000) -> tuple[list[str], dict[str, str]]:
    """The command and the environment that show the store in a browser, on this machine alone.

    MLflow's job runner is off: with it, the page takes twice the time and three times the memory to start.
    """
    store = locate(root)
    if store.artifacts is None:
        raise ConfigError(f"MLFLOW_TRACKING_URI: {store.uri} is a server itself: open it in a browser")
    require_free(port)
    with reachable(store), exclusive(store.creating):
        create(store)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store.uri]
    command += ["--artifacts-destination", store.artifacts, "--host", HOST, "--port", str(port), "-w", "1"]
    return command, {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def require_free(port: int) -> None:
    """Refuse a port on which somebody listens: MLflow would end with a line in its log and no error."""
    if not 1 <= port <= 65535:
        raise ConfigError(f"--port: found {port}, allowed: 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise ConfigError(f"--port: {port} on {HOST}: {reason}; try `rdfia ui --port {port + 1}`") from None


def runs_table(params: Mapping[str, Any], root: Path, port: int) -> str:
    """Return where MLflow shows the table of a profile's runs: it opens with another view."""
    store = locate(root)
    with reachable(store):
        _, experiment = connect(store, f"rdfia/{profile(params)}")
    return f"http://{HOST}:{port}/#/experiments/{experiment}/runs?workflowType=machine_learning"
