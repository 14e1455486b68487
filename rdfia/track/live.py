"""Live logging, on request: RDFIA_LIVE=1 sends each epoch to MLflow while a run trains.

It is a window on the training, not a record of it: the runs go to `rdfia/<profile>/live`, and the files are
published from scratch when they are there. Training never waits long for a tracker, and never fails for one: a call
may take CALL seconds, and all those of a run PATIENCE.
"""

import math
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import time
from types import TracebackType
from typing import Any

from rdfia.config import switched_on
from rdfia.track.client import Client, StoreError, connect
from rdfia.track.result import in_percent
from rdfia.track.store import locate

CALL, PATIENCE = 10.0, 60.0


def live(chapter: str, run: str, profile: str, root: Path = Path()) -> "Live":
    """A run to send epochs to, for a `with` block; it does and imports nothing unless RDFIA_LIVE=1."""
    return Live(chapter, run, profile, root)


class Live:
    """One run on its way; after the first failure it says so in one line and falls silent."""

    def __init__(self, chapter: str, run: str, profile: str, root: Path) -> None:
        self.chapter, self.run, self.profile, self.root = chapter, run, profile, root
        self._client: Client | None = None
        self._run_id = ""

    def __enter__(self) -> "Live":
        if switched_on("RDFIA_LIVE"):
            self._attempt(self._open)
        return self

    def log(self, seed: int, record: Mapping[str, float | None]) -> None:
        """Send one epoch of one seed; the record's own `epoch` is the step."""
        if client := self._client:
            self._attempt(lambda: self._send(client, seed, record))

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        status = "FINISHED" if kind is None else "FAILED" if issubclass(kind, Exception) else "KILLED"
        if client := self._client:
            self._attempt(lambda: client.set_terminated(self._run_id, status))

    def _attempt(self, action: Callable[[], Any]) -> None:
        try:
            action()
            if self._client and self._client.waited > PATIENCE:
                raise StoreError(f"training has waited {self._client.waited:.0f} s for {self._client.store.uri}")
        except Exception as error:  # whatever a tracker does, training goes on
            self._client = None
            reason = " ".join(str(error).split())
            print(f"RDFIA_LIVE: off for {self.chapter}/{self.run}, which trains on: {reason}", file=sys.stderr)

    def _open(self) -> None:
        # training waits for these requests, so that a server gets less time than when files are published
        os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"], os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] = "1", "5"
        client, experiment = connect(locate(self.root), f"rdfia/{self.profile}/live", CALL)
        tags = {"rdfia.chapter": self.chapter, "rdfia.run": self.run, "rdfia.profile": self.profile}
        run = client.create_run(experiment, run_name=f"{self.chapter}/{self.run}", tags=tags)
        self._client, self._run_id = client, run.info.run_id

    def _send(self, client: Client, seed: int, record: Mapping[str, float | None]) -> None:
        from mlflow.entities import Metric

        now, epoch = round(1000 * time()), int(record.get("epoch") or 0)
        values = {key: value for key, value in record.items() if key not in ("seed", "epoch", "step")}
        metrics = [
            Metric(f"seed_{seed}/{key}", in_percent(key, float(value)), now, epoch)
            for key, value in values.items()
            if value is not None and math.isfinite(value)
        ]
        client.log_batch(self._run_id, metrics=metrics)
