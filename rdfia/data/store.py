"""Splits in memory and on disk: what a source gives, the validation split, and the files of a prepared dataset."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from rdfia.config import ConfigError
from rdfia.files import write_atomically


@dataclass(frozen=True)
class Split:
    """Examples and their classes: `x` uint8 (N, C, H, W) for images or float32 (N, 2) for points, `y` int64 (N)."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: Tensor) -> "Split":
        return Split(self.x[index], self.y[index])


@dataclass(frozen=True)
class Raw:
    """What a source gives: a train and a test split, the class names in label order, and one sentence on their origin.

    `groups` numbers the train examples that were made from one original, where a source makes several.
    """

    train: Split
    test: Split
    classes: tuple[str, ...]
    provenance: str
    groups: Tensor | None = None


def shuffle(split: Split, generator: torch.Generator) -> Split:
    """The same examples in a random order."""
    return split[torch.randperm(len(split), generator=generator)]


def held_out(y: Tensor, count: int, key: str = "validation") -> Tensor:
    """A mask (N) of `count` examples, the last of each class, shared out as the classes are.

    The r-th last of a class of n examples ranks at (r - 1/2) / n, and the lowest ranks are taken: the divisor method
    of Sainte-Laguë. Every class keeps its first example.
    """
    classes, sizes = torch.unique(y, return_counts=True)
    largest = len(y) - len(classes)
    if not 0 <= count <= largest:
        raise ConfigError(f"{key}: found {count}, allowed: 0 to {largest}, so that each class keeps a train example")
    rank = torch.empty(len(y), dtype=torch.float64)
    for label, size in zip(classes, sizes, strict=True):
        places = (torch.arange(int(size), 0, -1, dtype=torch.float64) - 0.5) / size
        places[0] = torch.inf
        rank[y == label] = places
    mask = torch.zeros(len(y), dtype=torch.bool)
    mask[rank.argsort(stable=True)[:count]] = True
    return mask


def split_validation(
    train: Split,
    validation: int,
    generator: torch.Generator,
    groups: Tensor | None = None,
    key: str = "validation",
) -> tuple[Split, Split]:
    """The train split, shuffled once, and a stratified validation split: the last examples of each class.

    Train examples that share their original with a validation example are left out.
    """
    held = held_out(train.y, validation, key)
    kept = ~held
    if groups is not None:
        kept &= ~torch.isin(groups, groups[held])
    return shuffle(train[kept], generator), train[held]


def content_hash(splits: Mapping[str, Split], classes: Sequence[str]) -> str:
    """SHA-256 over the class names and each split's name, shapes, types and bytes."""
    digest = hashlib.sha256(json.dumps(list(classes)).encode())
    for name in sorted(splits):
        for part, tensor in (("x", splits[name].x), ("y", splits[name].y)):
            digest.update(f"{name}/{part} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
            digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()


def card(splits: Mapping[str, Split], classes: Sequence[str], provenance: str) -> dict[str, Any]:
    """What can be said of prepared splits: kind, classes, shape of one example, counts, hash and origin."""
    example = splits["train"].x.shape[1:]
    return {
        "kind": "images" if len(example) == 3 else "points",
        "classes": list(classes),
        "shape": list(example),
        "counts": {name: len(split) for name, split in splits.items()},
        "sha256": content_hash(splits, classes),
        "provenance": provenance,
    }


def save_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors as safetensors: they load in milliseconds and cannot run code."""
    whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
    write_atomically(path, lambda temporary: save_file(whole, temporary))


def find_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file, none where it is missing."""
    return load_file(path) if path.exists() else {}


def save_split(split: Split, path: Path) -> None:
    """Write a split: `x` and `y`."""
    save_tensors({"x": split.x, "y": split.y}, path)


def load_split(path: Path) -> Split:
    """Read a split that `save_split` wrote."""
    try:
        tensors = load_file(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `dvc repro prepare` makes it, `dvc pull` fetches it") from None
    return Split(tensors["x"], tensors["y"])
