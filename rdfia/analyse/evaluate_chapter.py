"""A chapter's trained runs on the test split, side by side: their answers, and the arrays that figures are drawn from.

What was evaluated before under the same key is kept: a key is the hash of all that an evaluation depends on.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from rdfia.analyse.evaluate import evaluate, networks
from rdfia.analyse.probe import arrays, points
from rdfia.data.store import Split
from rdfia.parallel import map_pooled
from rdfia.record.run import RunRecord
from rdfia.record.select import best

Splits = tuple[Split, Split, Split]
Answers = dict[str, dict[str, Any]]
Arrays = dict[str, npt.NDArray[Any]]
Right = Mapping[str, Mapping[str, Tensor]]  # by run and seed, see `rdfia.analyse.right`


@dataclass(frozen=True)
class Evaluation:
    """A chapter's answers by run, arrays by run and name, and which test images each seed got right."""

    answers: Answers
    drawn: Mapping[str, Tensor]
    right: Right


@dataclass(frozen=True)
class Show:
    """What is drawn of a run beyond the ordinary: its mistakes on test, and where its attention goes."""

    mistakes: bool
    attention: bool


def evaluate_chapter(
    records: Mapping[str, RunRecord], splits: Splits, code: str, kept: Evaluation, jobs: int
) -> Evaluation:
    """Return the evaluation of every run.

    What `kept` has of the same weights, settings, data and code is taken as it is. Mistakes are drawn of the best run
    alone, attention of the best and the first.
    """
    torch.set_num_threads(1)
    chosen, first = best(records.values()), next(iter(records.values()), None)
    shown = {name: Show(one is chosen, one is chosen or one is first) for name, one in records.items()}
    keys = {name: _key(one, shown[name], code) for name, one in records.items()}
    same = {name for name in records if kept.answers.get(name, {}).get("key") == keys[name] and kept.right.get(name)}
    stale = [name for name in records if name not in same]
    fresh = map_pooled([partial(_one, records[name], splits, shown[name]) for name in stale], jobs)
    answers, right = dict(kept.answers), dict(kept.right)
    drawn = {name: part for name, part in kept.drawn.items() if name.split("/")[0] not in stale}
    for name, (answer, bits, parts) in zip(stale, fresh, strict=True):
        answers[name] = {**answer, "key": keys[name]}
        right[name] = {seed: torch.from_numpy(part) for seed, part in bits.items()}
        drawn |= {f"{name}/{key}": torch.from_numpy(part) for key, part in parts.items()}
    train, validation, _ = splits
    seen = {"points/train": points(train), "points/validation": points(validation)} if train.x.ndim == 2 else {}
    own = {name: part for run in records for name, part in drawn.items() if name.split("/")[0] == run}
    return Evaluation({name: answers[name] for name in records}, seen | own, right)


def _key(record: RunRecord, shown: Show, code: str) -> str:
    """Hash all that the evaluation of a run depends on."""
    parts = [code, shown.mistakes, shown.attention, record.data.get("sha256"), record.settings]
    parts += [record.metrics.get(key) for key in ("weights_sha256", "code_sha256")]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _one(record: RunRecord, splits: Splits, shown: Show) -> tuple[dict[str, Any], Arrays, Arrays]:
    """Evaluate one run, with arrays that pass from one process to another; each network is built once."""
    (train, validation, test), built = splits, networks(record)
    answers = evaluate(record, test, built)
    drawn = arrays(record, train, validation, test if shown.mistakes else None, shown.attention, built)
    right = {seed: bits.numpy() for seed, bits in answers.pop("right").items()}
    return answers, right, {name: part.detach().contiguous().numpy() for name, part in drawn.items()}
