"""A Ray cluster that runs are sent to: one that is there, or one of this machine alone that ends with the sweep.

Who reaches a cluster's ports can run anything on its machines, so a token is asked for unless `RAY_AUTH_MODE` says no,
and a cluster of our own listens on the loopback alone.
"""

import os
import re
import secrets
import shutil
import signal
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import rdfia
from rdfia.config import ConfigError
from rdfia.sweep.ray_executor import Nodes
from rdfia.train import device
from rdfia.words import listed

TOKEN = Path(".dvc/tmp/rdfia/ray_token")
ADDRESS = re.compile(r"[^/\s:]+:\d{1,5}")
PATIENCE = 5.0  # seconds for a cluster to answer
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # no figures to the makers of Ray
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # of which Ray would warn
}
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # where it is 0, a cluster has 127.0.0.1 and no other machine
HERE = ("RDFIA_JOBS", "RDFIA_LIVE")  # variables that say something of the driver alone


@contextmanager
def cluster(address: str | None, cpus: int | None, gpus: float | None) -> Iterator[Nodes]:
    """Connect to a cluster, or begin one, for runs that take so many cores and so much of a GPU each."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if not address:
        os.environ[LOOPBACK] = "0"
    if not find_spec("ray"):
        raise ConfigError("--executor: found ray, which is not installed; `pip install -e '.[cluster]'`")
    if address:
        _answers(address)
    _authenticate(address)
    import ray  # which reads the environment

    with tempfile.TemporaryDirectory() as folder:
        package = Path(rdfia.__file__).parent
        shutil.copytree(package, Path(folder) / package.name, ignore=shutil.ignore_patterns("__pycache__", ".rdfia-*"))
        ours = signal.getsignal(signal.SIGTERM)
        try:
            _connect(ray, address, folder, gpus)
            signal.signal(signal.SIGTERM, ours)  # Ray takes it where it begins a cluster
            nodes = Nodes(ray, *_share(ray, cpus, gpus))
            print(f"Ray has {nodes}", flush=True)
            yield nodes
        finally:
            ray.shutdown()
            TOKEN.unlink(missing_ok=True)


def _answers(address: str) -> None:
    """Refuse an address that is none, or on which nobody listens: Ray would wait for minutes."""
    if not ADDRESS.fullmatch(address):
        raise ConfigError(f"--address: found {address!r}, allowed: HOST:PORT, as 10.0.0.1:6379")
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"--address: found {address}, where nobody answers ({error}), allowed: that of a Ray cluster"
        ) from None


def _authenticate(address: str | None) -> None:
    """See to a token that nobody else can read; one of our own is drawn anew for each cluster that we begin."""
    if os.environ.setdefault("RAY_AUTH_MODE", "token").lower() != "token" or os.environ.get("RAY_AUTH_TOKEN"):
        return
    if not address:
        TOKEN.parent.mkdir(parents=True, exist_ok=True)
        TOKEN.unlink(missing_ok=True)
        with os.fdopen(os.open(TOKEN, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        os.environ["RAY_AUTH_TOKEN_PATH"] = str(TOKEN.resolve())
        return
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    if not path.is_file():
        raise ConfigError(
            f"{path}: no such file, allowed: the cluster's token (docs/cluster.md);"
            " RAY_AUTH_MODE=disabled for a cluster without"
        )
    if (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
        raise ConfigError(f"{path}: found mode {mode:04o}, allowed: 0600, as the token opens the cluster; chmod 600")


def _connect(ray: Any, address: str | None, folder: str, gpus: float | None) -> None:
    """Become the driver of a cluster; its workers get our package and our settings."""
    settings = {name: value for name, value in os.environ.items() if name.startswith("RDFIA_") and name not in HERE}
    if gpus == 0:
        settings.setdefault("RDFIA_DEVICE", "cpu")
    own: dict[str, Any] = {} if address else {"num_cpus": len(os.sched_getaffinity(0)), "include_dashboard": False}
    environment = {"working_dir": folder, "env_vars": settings}
    try:
        ray.init(address=address or "local", runtime_env=environment, log_to_driver=False, logging_level="ERROR", **own)
    except (Exception, SystemExit) as error:  # which Ray ends a process with that it did not begin
        reason = " ".join(str(error).split())[:300]
        if address:
            raise ConfigError(
                f"--address: found {address}, allowed: a Ray cluster of which this machine is a node ({reason})"
            ) from None
        raise RuntimeError(f"Ray could not begin a cluster: {reason}") from error


def _share(ray: Any, cpus: int | None, gpus: float | None) -> tuple[int, float]:
    """Return the cores and the part of a GPU that each run takes, where a node has as much."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    most = {kind: max(node.get(kind, 0) for node in nodes) for kind in ("CPU", "GPU")}
    share = {"CPU": cpus or 1, "GPU": (1 / device.SHARED if most["GPU"] else 0) if gpus is None else gpus}
    for kind, value in share.items():
        if value > most[kind]:
            what = listed([f"{node.get(kind, 0):g}" for node in nodes])
            raise ConfigError(f"--{kind.lower()}s: found {value:g} for each run, allowed: what a node has, {what}")
    return int(share["CPU"]), float(share["GPU"])
