"""What a kill loses at most, and what a checkpoint's key depends on."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from rdfia.study import checkpoint, train_run
from rdfia.study.checkpoint import Checkpoints, Pace, key
from rdfia.train import device, precision
from rdfia.train.margin import MarginRecord
from rdfia.train.run import Checkpoint, Data, Program, Trained
from tests.processes import linux
from tests.train.conftest import blobs
from tests.train.sample import run

SEEDS, EPOCHS, SECONDS, INTERVAL = 6, 10, 10.0, 120.0  # an epoch takes ten seconds, so a seed a hundred


def program(clock: list[float], every: int = 1) -> Program:
    """Seeds that train one after the other, and report every so many epochs."""

    def train(seeds: Sequence[int], state: Any) -> Iterator[Any]:
        (seed,) = seeds
        for epoch in range(1, EPOCHS + 1):
            clock[0] += SECONDS
            if epoch % every == 0:
                yield seed, MarginRecord(epoch, 1.0, 0.5, 0.5, 1)
            yield seed, Checkpoint(epoch, lambda epoch=epoch: {"epoch": torch.tensor(epoch)})
        yield seed, Trained({"weight": np.zeros(1)}, SECONDS * EPOCHS)

    return Program(tuple((seed,) for seed in range(SEEDS)), train)


def kept_epochs(kept: Checkpoints, seed: int) -> int:
    """Return how many epochs of a seed need not be trained again."""
    events, state = kept.read((seed,))
    return EPOCHS if any(isinstance(report, Trained) for _, report in events) else int(state.get("epoch", 0))


@pytest.mark.parametrize("every", [1, 5])
@pytest.mark.parametrize("killed", range(150, 600, 50))
def test_a_kill_loses_no_more_than_two_intervals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: float, every: int
) -> None:
    clock = [0.0]
    monkeypatch.setattr(checkpoint, "monotonic", lambda: clock[0])
    kept, chosen = Checkpoints(tmp_path, "0" * 64, MarginRecord, print, Pace(INTERVAL, last=0.0)), program(clock, every)
    reported = chain.from_iterable(kept.train(chosen, group) for group in chosen.groups)
    for _ in kept.keep_ended(chosen.groups, reported):
        if clock[0] >= killed:
            break
    epochs = [kept_epochs(kept, seed) for seed in range(SEEDS)]
    assert clock[0] - SECONDS * sum(epochs) <= 2 * INTERVAL
    assert all(epochs[seed] == EPOCHS for seed in range(SEEDS) if 100 * (seed + 1) + INTERVAL + 50 <= killed)


@linux
def test_seeds_that_end_in_processes_of_their_own_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In these no time goes by, so that none of them is due to write a checkpoint."""
    parent, clock = os.getpid(), [0.0]
    monkeypatch.setattr(checkpoint, "monotonic", lambda: clock[0] if os.getpid() == parent else 0.0)
    kept = Checkpoints(tmp_path, "0" * 64, MarginRecord, print, Pace(INTERVAL, last=0.0))
    chosen = SimpleNamespace(program=lambda data: program([0.0]))
    for _ in train_run.events(chosen, None, 2, kept):  # type: ignore[arg-type]
        clock[0] += INTERVAL
    assert sorted(kept_epochs(kept, seed) for seed in range(SEEDS)) == [0, *[EPOCHS] * (SEEDS - 1)]  # not the last


HEAD, DATA = {"code_sha256": "0"}, Data({"sha256": "0"}, {}, blobs(4, 0), blobs(4, 1))
MACHINE = {"processor": "one", "device": "cpu"}
MADE: dict[str, Any] = {"head": HEAD, "run": run(), "data": DATA, "versions": "1", "machine": MACHINE}
MADE |= {"precision": "float32", "python": "3.12"}
CHANGES: dict[str, Any] = {
    "head": HEAD | {"code_sha256": "1"},
    "run": run(epochs=3),
    "data": replace(DATA, card={"sha256": "1"}),
    "versions": "2",
    "processor": MACHINE | {"processor": "another"},
    "device": MACHINE | {"device": "cuda"},
    "precision": "bfloat16",
    "python": "3.13",
}


@pytest.mark.parametrize("changed", CHANGES)
def test_a_key_depends_on_all_that_training_does(monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    part = "machine" if changed in MACHINE else changed

    def made(**parts: Any) -> str:
        monkeypatch.setattr(checkpoint, "version", lambda package: parts["versions"])
        monkeypatch.setattr(device, "machine", lambda where: parts["machine"])
        monkeypatch.setattr(precision, "resolve", lambda run, card: parts["precision"])
        monkeypatch.setattr(checkpoint.platform, "python_version", lambda: parts["python"])
        return key(parts["head"], parts["run"], parts["data"])

    assert made(**MADE) == made(**MADE)
    assert made(**MADE) != made(**MADE | {part: CHANGES[changed]})
