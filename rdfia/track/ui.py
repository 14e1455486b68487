"""MLflow's page of the store, on this machine alone."""

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rdfia.config import ConfigError, profile
from rdfia.track.client import connect, create
from rdfia.track.store import locate

HOST = "127.0.0.1"  # nobody else sees the UI
PATIENCE = 5  # seconds that an ending server gives to those who have asked and not finished


def ui_command(root: Path, port: int = 5000) -> tuple[list[str], dict[str, str]]:
    """The command and the environment that show the store in a browser, on this machine alone.

    MLflow's job runner is off: with it, the page takes twice the time and three times the memory to start.
    """
    store = locate(root)
    if store.artifacts is None:
        raise ConfigError(f"MLFLOW_TRACKING_URI: {store.uri} is a server itself: open it in a browser")
    require_free(port)
    create(store)
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store.uri]
    command += ["--artifacts-destination", store.artifacts, "--host", HOST, "--port", str(port), "-w", "1"]
    command += ["--uvicorn-opts", f"--timeout-graceful-shutdown {PATIENCE}"]
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
    _, experiment = connect(locate(root), f"rdfia/{profile(params)}")
    return f"http://{HOST}:{port}/#/experiments/{experiment}/runs?workflowType=machine_learning"
