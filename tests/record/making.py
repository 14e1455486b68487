"""Records as files: trained in a moment, or written by hand."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

from rdfia.chapters.cnn.run import ChapterRun
from rdfia.data.normalise import fit_all
from rdfia.record.layout import recorded
from rdfia.record.outcome import Outcome, write
from rdfia.record.run import HISTORY, RunRecord
from rdfia.study.train_run import events
from rdfia.train.run import Data

HEAD = {"chapter": "cnn", "run": "small", "kind": "cnn", "code_sha256": "code"}
SETTINGS: dict[str, Any] = {
    "model": {"name": "cnn", "channels": [4], "hidden": 8},
    "optimiser": {"name": "sgd", "learning_rate": 0.1},
    "normalise": "standardise",
    "snapshots": [1],
    "epochs": 2,
    "batch_size": 8,
    "seeds": 2,
}


@dataclass(frozen=True)
class Written:
    """A small trained run, and the folder of its record."""

    folder: Path
    run: ChapterRun
    data: Data
    outcome: Outcome

    @property
    def record(self) -> RunRecord:
        """What its folder holds."""
        return RunRecord.read(self.folder)


@cache
def trained() -> tuple[ChapterRun, Data, Outcome]:
    """Train a small network on bright and dark images, once."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(24) % 2
    x = (torch.rand(24, 1, 8, 8, generator=generator) * 100 + 100 * y.view(-1, 1, 1, 1)).to(torch.uint8)
    card = {"name": "bright", "kind": "images", "classes": ["dark", "bright"], "shape": [1, 8, 8], "sha256": "data"}
    run, data = ChapterRun.model_validate(SETTINGS), Data(card, fit_all(x), (x, y), (x, y))
    outcome = Outcome()
    for seed, report in events(run, data, 1):
        outcome.add(seed, report)
    return run, data, outcome


def written(folder: Path) -> Written:
    """Write the record of the small run into a folder."""
    run, data, outcome = trained()
    write(outcome, folder, HEAD, run, data)
    return Written(folder, run, data, outcome)


def history(root: Path, chapter: str, run: str, lines: Iterable[str]) -> RunRecord:
    """Write the history of a run as evaluation publishes it under the profile `full`, and return its record."""
    folder = root / recorded("full", chapter, run)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HISTORY).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return RunRecord.read(folder)
