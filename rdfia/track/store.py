"""Where the mirror lives: one MLflow store for the project, shared by every process."""

import os
from dataclasses import dataclass
from pathlib import Path

SQLITE = "sqlite:///"
SERVERS = ("http://", "https://", "databricks")
DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DEFAULT_PREDICTION_DEVICE": "cpu",  # an exported graph stays on the device that it was exported from
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # MLflow's own 7 take four minutes to say that no server answers
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",  # seconds; to MLflow those of one read, to `client.Client` those of a call
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

    def refusal(self, reason: str) -> str:
        """One line for a store that cannot be used."""
        if self.database is not None and "MLFLOW_TRACKING_URI" not in os.environ:
            return f"{self.database}: cannot be used: {reason}; if you remove it, `rdfia track` makes a new one"
        return f"MLFLOW_TRACKING_URI: found {self.uri!r}, allowed: a store that answers; {reason}"


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
