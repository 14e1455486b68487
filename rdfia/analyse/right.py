"""Which test images each seed of a run gets right: one bit an image, eight in a byte."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rdfia.data.store import find_tensors

Right = npt.NDArray[np.bool_]  # a row for each seed, a column for each test image
COUNT = "images"


def packed(right: Mapping[str, Tensor], images: int) -> dict[str, Tensor]:
    """Return the bits of every seed as bytes, and how many images they are of."""
    bits = {seed: torch.from_numpy(np.packbits(flags.cpu().numpy())) for seed, flags in right.items()}
    return {COUNT: torch.tensor([images]), **bits}


def read_right(path: Path) -> dict[str, npt.NDArray[np.bool_]]:
    """Return which images every seed got right, none where no file keeps it."""
    found = {name: tensor.numpy() for name, tensor in find_tensors(path).items()}
    images = int(found.pop(COUNT, np.zeros(1))[0])
    return {seed: np.unpackbits(found[seed], count=images).astype(bool) for seed in sorted(found, key=int)}
