"""What a run tells while it trains: a line an epoch, at most every second, and live metrics where asked for."""

import time
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Any

from rdfia.config import switched_on
from rdfia.line import Line
from rdfia.train.run import Record, Run, Snapshot, Trained


class Progress:
    """Called with every report of a run; `RDFIA_LIVE=1` also sends each record to MLflow while training goes on."""

    def __init__(self, profile: str, chapter: str, name: str, run: Run, say: Callable[[str], None] = print) -> None:
        self.say = say
        self.label, self.epochs = f"{chapter}/{name}", getattr(run, "epochs", 0)
        self.seeds = run.seeds
        self.shares, self.before = dict[int, float](), dict[int, float]()  # of each seed: done, and done before
        self.said: dict[int, float] = {}
        self.live: Any = None
        if switched_on("RDFIA_LIVE"):
            # Imported by name: how a run is watched is not among the code that its result depends on.
            self.live = import_module("rdfia.track.live").live(chapter, name, profile)

    def __enter__(self) -> "Progress":
        if self.live is not None:
            self.live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live is not None:
            self.live.__exit__(kind, error, trace)

    def __call__(self, seed: int, report: Record | Snapshot | Trained, read: bool = False) -> None:
        """Tell a report; one that is read from a checkpoint was trained before."""
        if isinstance(report, Snapshot):
            return
        self.shares[seed] = self.share(report)
        if read:
            self.before[seed] = self.shares[seed]
        if isinstance(report, Trained):
            self.tell(f"{self.label} seed {seed}  {report.seconds:.1f} s")
            return
        if self.live is not None:
            self.live.log(seed, vars(report))
        now = time.monotonic()
        if report.diverged or report.epoch == self.epochs or now - self.said.get(seed, 0) > 1:
            self.said[seed] = now
            self.tell(self.line(seed, report))

    def share(self, report: Record | Trained) -> float:
        """Return what share of its seed's training is done with a report."""
        if isinstance(report, Trained):
            return 1.0
        return report.epoch / self.epochs if self.epochs else 0.0

    def tell(self, line: str) -> None:
        """Say a line, which knows how much of the run is done."""
        done, before = (sum(each.values()) / self.seeds for each in (self.shares, self.before))
        self.say(Line(line, done, before))

    def line(self, seed: int, record: Record) -> str:
        """One record in words."""
        of = f"/{self.epochs}" if self.epochs else ""
        return f"{self.label} seed {seed}  epoch {record.epoch}{of}  {record}"
