"""The record of a run: all that it wrote but for its weights. Nothing else reads these files.

metrics.json   status, figures of each seed, settings, data, and the hashes of code and weights: the same every time
history.csv    one row for each seed and recorded epoch
timing.json    when, how long, on which machine: different every time
"""

import csv
import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from rdfia.config import ConfigError
from rdfia.files import ANEW, whole_folder
from rdfia.record import shape

METRICS, HISTORY, TIMING, WEIGHTS = "metrics.json", "history.csv", "timing.json", "weights.safetensors"
FILES = (METRICS, HISTORY, TIMING)
FINISHED, DIVERGED, NOT_RUN, LEFT_OUT = "finished", "diverged", "not run", "left out"
AXES = ("seed", "epoch")  # columns of every history
Row = dict[str, float | None]


@dataclass(frozen=True)
class RunRecord:
    """What a run wrote into its folder; one that was not run has a status and nothing else."""

    folder: Path
    metrics: Mapping[str, Any] = field(default_factory=dict)
    timing: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "RunRecord":
        """Read a run's folder, which may not be there."""
        return cls(folder, shape.find(folder / METRICS, shape.Metrics), shape.find(folder / TIMING, shape.Timing))

    @property
    def exists(self) -> bool:
        """Whether there is a result, whatever it is."""
        return bool(self.metrics) and self.status != LEFT_OUT

    @property
    def status(self) -> str:
        """How the run ended: finished, diverged, left out, or not run."""
        return str(self.metrics.get("status", FINISHED)) if self.metrics else NOT_RUN

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings that it was trained with."""
        return self.metrics.get("config") or {}

    @property
    def data(self) -> Mapping[str, Any]:
        """The card of the data that it was trained on."""
        return self.metrics.get("data") or {}

    @property
    def seeds(self) -> Mapping[str, Mapping[str, Any]]:
        """What remains of every seed."""
        return self.metrics.get("seeds") or {}

    @property
    def sound_seeds(self) -> dict[str, Mapping[str, Any]]:
        """The seeds that trained to their end."""
        return {seed: last for seed, last in self.seeds.items() if last.get("status", FINISHED) == FINISHED}

    @property
    def searching(self) -> bool:
        """Whether the run searches a learning rate by trying all: what it ends with is no result."""
        return searches(self.settings)

    @property
    def validated(self) -> list[float | None]:
        """The validation accuracy of every seed: what the best is chosen by."""
        return [last.get("validation_accuracy") for last in self.seeds.values()]

    @property
    def replayed(self) -> Mapping[str, Any]:
        """What was trained again after a change of code, and how far it agreed; empty if nothing was."""
        return self.metrics.get("replayed") or {}

    @property
    def weights(self) -> Path:
        """Every seed's weights, in the folder that training wrote."""
        return self.folder / WEIGHTS

    @property
    def whole(self) -> bool:
        """Whether weights and history are there as they were written: a crash of the machine may leave others."""
        try:
            if not (self.weights.is_file() and self.history):
                return False
        except ConfigError:
            return False
        return hashlib.sha256(self.weights.read_bytes()).hexdigest() == self.metrics.get("weights_sha256")

    @cached_property
    def history(self) -> list[Row]:
        """One row for each seed and recorded epoch; an empty cell is None."""
        path = self.folder / HISTORY
        if not path.exists():
            return []
        try:
            text = path.read_text(encoding="utf-8-sig")  # with the mark that some editors write first, or without
            if not text.endswith("\n"):
                raise ValueError("it ends within a line")
            rows = csv.DictReader(text.splitlines(), restval="nothing")  # which is no number
            if missing := [column for column in AXES if column not in (rows.fieldnames or ())]:
                raise ValueError(f"it has no column {missing[0]}")
            return [{key: float(cell) if cell else None for key, cell in row.items()} for row in rows]
        except (ValueError, TypeError, csv.Error) as error:
            raise ConfigError(f"{path}: found no history ({error}), allowed: a table of numbers; {ANEW}") from None

    @property
    def started(self) -> datetime:
        """When the run was begun; of one without a timing, when it was written."""
        if "started" in self.timing:
            return datetime.fromisoformat(self.timing["started"])
        return datetime.fromtimestamp((self.folder / METRICS).stat().st_mtime).astimezone()

    def digest(self, test: Mapping[str, Any]) -> str:
        """Return the SHA-256 of the result and its evaluation; how long it took is left out."""
        digest = hashlib.sha256()
        files = [(self.folder / name).read_bytes() for name in (METRICS, HISTORY)]
        for part in (*files, json.dumps(test, sort_keys=True).encode()):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()

    def publish(self, folder: Path) -> None:
        """Copy the record to another folder, without the weights."""
        with whole_folder(folder) as fresh:
            for name in FILES:
                shutil.copyfile(self.folder / name, fresh / name)


def searches(settings: Mapping[str, Any]) -> bool:
    """Tell whether settings are those of a range test, which goes through all learning rates."""
    return (settings.get("schedule") or {}).get("name") == "range_test"
