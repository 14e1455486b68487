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
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import rdfia
from rdfia.config import ConfigError
from rdfia.parallel import Message
from rdfia.study.train_run import Task
from rdfia.sweep import ray_worker as worker
from rdfia.sweep.ray_executor import Batch
from rdfia.train import device
from rdfia.train.run import Data
from rdfia.words import listed

TOKEN = Path(".dvc/tmp/rdfia/ray_token")
ADDRESS = re.compile(r"[^/\s:]+:\d{1,5}")
CALLS = 100  # runs that a worker trains before a fresh one takes its place
NODE = "ray.io/node-id"  # a label that Ray gives each node
PATIENCE = 5.0  # seconds for a cluster to answer
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # no figures to the makers of Ray
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # of which Ray would warn
}
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # where it is 0, a cluster has 127.0.0.1 and no other machine
HERE = ("RDFIA_JOBS", "RDFIA_LIVE")  # variables that say something of the driver alone


class Nodes:
    """The nodes of a cluster to which this process is connected, and what each run takes of one."""

    def __init__(self, ray: Any, cpus: float, gpus: float) -> None:
        self.ray, self.share = ray, {"CPU": cpus, "GPU": gpus}
        self.work = ray.remote(num_cpus=cpus, num_gpus=gpus, max_calls=CALLS, max_retries=0)(worker.work)
        self.versions = worker.versions()
        self.refused, self.own = set[str](), ray.get_runtime_context().get_node_id()

    def __call__(
        self, tasks: Sequence[Task], data: Mapping[str, Data], jobs: int | None, log: Callable[[int], Path]
    ) -> Generator[Message]:
        """Yield what is told of the runs, begun in their order, `jobs` at a time or as many as there is room for."""
        yield from Batch(self, tasks, data, log).messages(jobs)

    def __str__(self) -> str:
        """Name the nodes that are there, with their cores and GPUs."""
        found = []
        for node, has in self.able({}).items():
            parts = [f"{has[kind]:g} {kind}" for kind in self.share if has.get(kind)]
            found.append(f"{self.name(node)} ({', '.join(parts) or 'trains none'})")
        return listed(found)

    def alive(self) -> dict[str, Mapping[str, float]]:
        """Return the resources of the nodes that are alive."""
        return {one["NodeID"]: one["Resources"] for one in self.ray.nodes() if one["Alive"]}

    def able(self, share: Mapping[str, float]) -> dict[str, Mapping[str, float]]:
        """Return the resources of the nodes that are alive, not refused, and have a share of each kind."""
        return {
            node: has
            for node, has in self.alive().items()
            if node not in self.refused and all(has.get(kind, 0) >= value for kind, value in share.items())
        }

    def name(self, node: str) -> str:
        """Return a node's address, with the beginning of its number where several have one address."""
        addresses = {one["NodeID"]: str(one["NodeManagerAddress"]) for one in self.ray.nodes()}
        own = addresses.get(node, node)
        return f"{own}#{node[:4]}" if Counter(addresses.values())[own] > 1 else own

    def send(self, *arguments: Any) -> Any:
        """Send a run to a node that is not refused; return the stream of what it tells."""
        where = {NODE: f"!in({','.join(sorted(self.refused))})"} if self.refused else None
        return self.work.options(label_selector=where).remote(arguments[0], self.versions, *arguments[1:])

    def refuse(self, node: str, differing: str) -> str:
        """Send nothing more to a node that differs from this machine, and say so once; the last one is an error."""
        if node in self.refused:
            return ""
        line = f"node {self.name(node)} is refused: {differing}"
        self.refused.add(node)
        if not self.able(self.share):
            raise ConfigError(f"--executor: {line}; no other node is left")
        return line


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
    ray._private.worker.listen_error_messages = _ignore  # which prints pages of logs where a node dies: ours is a line
    try:
        ray.init(address=address or "local", runtime_env=environment, log_to_driver=False, logging_level="ERROR", **own)
    except (Exception, SystemExit) as error:  # which Ray ends a process with that it did not begin
        reason = " ".join(str(error).split())[:300]
        if address:
            raise ConfigError(
                f"--address: found {address}, allowed: a cluster with our token and a node on this machine ({reason})"
            ) from None
        raise RuntimeError(f"Ray could not begin a cluster: {reason}") from error


def _ignore(*_: Any) -> None:
    """Listen to nothing."""


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
