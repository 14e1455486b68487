"""Embedded stand-in for MNIST: scikit-learn's 1,797 handwritten digits of 8x8 pixels, enlarged to 28x28.

Each image is a smooth enlargement of one original (Alpaydin and Kaynak 1998) under a small random affine map, so that
no two are equal. Originals are split first, so that none is in both splits.
"""

import math
from pathlib import Path
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config
from rdfia.data.sampling import uniform
from rdfia.data.store import RawData, Split, stratified_mask

ORIGINALS_TEST = 360  # a fifth of the 1,797 originals
MARGIN = 28 / 20  # an original fills 20 of the 28 pixels of a side, as in MNIST


class Digits(Config):
    """Handwritten digits, uint8 (N, 1, 28, 28), white on black and centred: warps of the originals."""

    label: ClassVar[str] = "handwritten digits (embedded, 8x8 enlarged)"
    stands_for: ClassVar[str | None] = None
    name: Literal["digits"] = "digits"
    train: int = Field(1400, ge=10, le=10**5)
    test: int = Field(360, ge=10, le=10**5)
    seed: int = 0

    def load(self, root: Path) -> RawData:
        """Read the originals from scikit-learn and warp them; nothing is read from `root`."""
        generator = torch.Generator().manual_seed(self.seed)
        originals = _originals()
        order = torch.randperm(len(originals), generator=generator)
        is_test = stratified_mask(originals.y[order], ORIGINALS_TEST)
        train, groups = _warp_originals(originals, order[~is_test], self.train, generator)
        test, _ = _warp_originals(originals, order[is_test], self.test, generator)
        note = "scikit-learn's 1,797 digits of 8x8 pixels, enlarged and slightly warped; no original in two splits"
        return RawData(train, test, tuple(str(digit) for digit in range(10)), note, groups)


def _originals() -> Split:
    from sklearn.datasets import load_digits

    digits = load_digits()
    return Split(torch.from_numpy(digits.images).float().unsqueeze(1) / 16, torch.from_numpy(digits.target).long())


def _warp_originals(originals: Split, chosen: Tensor, count: int, generator: Generator) -> tuple[Split, Tensor]:
    """Return `count` images of the `chosen` originals, each used about equally often, and the original of each image.

    The images of one original are consecutive, so that a validation split cuts through few of them.
    """
    index = chosen.repeat(math.ceil(count / len(chosen)))[:count]
    rank = torch.empty(len(originals), dtype=torch.int64)
    rank[chosen] = torch.arange(len(chosen))
    index = index[rank[index].argsort(stable=True)]
    images = _adjust_strokes(_enlarge(originals.x[index], generator), generator)
    return Split(images, originals.y[index]), index


def _affine(n: int, generator: Generator) -> Tensor:
    """Sample maps (N, 2, 3) from the image's coordinates to the original's: rotation, shear, scale and shift."""
    angle, shear = uniform((n,), -0.15, 0.15, generator), uniform((n,), -0.15, 0.15, generator)
    zoom = torch.stack([uniform((n,), 0.92, 1.08, generator) for _ in range(2)]) * MARGIN
    cos, sin = angle.cos(), angle.sin()
    rows = ((cos, shear * cos - sin), (sin, shear * sin + cos))
    shift = torch.stack([uniform((n,), -0.08, 0.08, generator) for _ in range(2)], dim=1)
    matrix = torch.stack([torch.stack([a * zoom[i], b * zoom[i]], dim=1) for i, (a, b) in enumerate(rows)], dim=1)
    return torch.cat((matrix, shift.unsqueeze(2)), dim=2)


def _enlarge(small: Tensor, generator: Generator) -> Tensor:
    """Warp originals (N, 1, 8, 8) in [0, 1] by random maps to (N, 1, 28, 28), with bicubic interpolation."""
    grid = F.affine_grid(_affine(len(small), generator), [len(small), 1, 28, 28], align_corners=False)
    return F.grid_sample(small, grid, mode="bicubic", padding_mode="zeros", align_corners=False)


def _adjust_strokes(images: Tensor, generator: Generator) -> Tensor:
    """Sample stroke width and contrast, by a sigmoid at a random threshold of a random slope; convert to uint8."""
    threshold = uniform((len(images),), 0.38, 0.5, generator).view(-1, 1, 1, 1)
    sharpness = uniform((len(images),), 7.0, 11.0, generator).view(-1, 1, 1, 1)
    ink = torch.sigmoid(sharpness * (images - threshold))
    dark = torch.sigmoid(-sharpness * threshold)
    return ((ink - dark) / (1 - dark) * 255).clamp(0, 255).round().to(torch.uint8)
