"""Splits in memory and on disk: the data of a source, the validation split, and the files of a prepared dataset."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from rdfia.config import ConfigError
from rdfia.files import tensors_of, write_atomically


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
class RawData:
    """The data of a source: train and test split, the class names in label order, and one sentence on their origin.

    `groups` numbers the original of each train example, where a source makes several examples from one original.
    `remarks` are what the card says beside the usual: the files that were skipped, the images in both splits.
    """

    train: Split
    test: Split
    classes: tuple[str, ...]
    provenance: str
    groups: Tensor | None = None
    remarks: Mapping[str, Any] = field(default_factory=dict)


def shuffle(split: Split, generator: torch.Generator) -> Split:
    """Return the examples in a random order."""
    return split[torch.randperm(len(split), generator=generator)]


def stratified_mask(y: Tensor, count: int) -> Tensor:
    """Return a mask (N) of `count` examples, the last of each class, in proportion to the class sizes.

    The r-th last of a class of n examples has the rank (r - 1/2) / n, and the lowest ranks are selected: the divisor
    method of Sainte-Laguë. The first example of a class is never selected.
    """
    classes, sizes = torch.unique(y, return_counts=True)
    largest = len(y) - len(classes)
    if not 0 <= count <= largest:
        allowed = f"1 to {largest}" if largest else "none"
        raise ConfigError(f"validation: found {count}, allowed: {allowed}, so that each class keeps a train example")
    rank = torch.empty(len(y), dtype=torch.float64)
    for label, size in zip(classes, sizes, strict=True):
        ranks = (torch.arange(int(size), 0, -1, dtype=torch.float64) - 0.5) / size
        ranks[0] = torch.inf
        rank[y == label] = ranks
    mask = torch.zeros(len(y), dtype=torch.bool)
    mask[rank.argsort(stable=True)[:count]] = True
    return mask


def split_validation(
    train: Split,
    validation: int,
    generator: torch.Generator,
    groups: Tensor | None = None,
) -> tuple[Split, Split]:
    """Return the train split, shuffled once, and a stratified validation split, the last examples of each class.

    Train examples that share their original with a validation example are removed.
    """
    in_validation = stratified_mask(train.y, validation)
    in_train = ~in_validation
    if groups is not None:
        in_train &= ~torch.isin(groups, groups[in_validation])
    return shuffle(train[in_train], generator), train[in_validation]


def content_hash(splits: Mapping[str, Split], classes: Sequence[str]) -> str:
    """Return the SHA-256 over the class names and each split's name, shapes, types and bytes."""
    digest = hashlib.sha256(json.dumps(list(classes)).encode())
    for name in sorted(splits):
        for part, tensor in (("x", splits[name].x), ("y", splits[name].y)):
            digest.update(f"{name}/{part} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
            digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()


def card(splits: Mapping[str, Split], classes: Sequence[str], provenance: str) -> dict[str, Any]:
    """Describe prepared splits: kind, classes, shape of one example, counts, hash and origin."""
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
    """Write tensors as safetensors, which load in milliseconds and cannot run code."""
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    write_atomically(path, lambda temporary: save_file(contiguous, temporary))


def find_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file, none where it is missing."""
    return load_tensors(path) if path.exists() else {}


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a file that `prepare` wrote."""
    try:
        with tensors_of(path):
            return load_file(path)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `dvc repro prepare` makes it, `dvc pull` fetches it") from None


def save_split(split: Split, path: Path) -> None:
    """Write a split: `x` and `y`."""
    save_tensors({"x": split.x, "y": split.y}, path)


def load_split(path: Path) -> Split:
    """Read a split that `save_split` wrote."""
    tensors = load_tensors(path)
    return Split(tensors["x"], tensors["y"])
