"""Contact sheets: what every normaliser and every augmentation does to the same few images."""

from collections.abc import Mapping

import torch
from torch import Generator, Tensor

from rdfia.data.augment import AUGMENTATIONS
from rdfia.data.normalise import NORMALISERS, to_unit
from rdfia.data.store import Split

COLUMNS = 8


def sheets(train: Split, statistics: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """uint8 sheets (rows, columns, 3, H, W) by `samples`, `normalise/<name>`, `augment/<name>`, and the `spectrum`."""
    if train.x.ndim != 4:
        return {}
    shown = _by_class(train)  # (classes, columns, C, H, W)
    first = shown[:COLUMNS, 0]
    drawn = {"samples": _bytes(to_unit(shown)), "spectrum": statistics["zca/values"]}
    for kind in NORMALISERS:
        y = kind().build(statistics)(to_unit(first))
        drawn[f"normalise/{kind().name}"] = _bytes(_stretch(y[:, :3]))[None]
    for augment in AUGMENTATIONS:
        chosen = augment.for_side(first.shape[-1])
        drawn[f"augment/{chosen.name}"] = _draws(chosen, to_unit(first[:4]))
    return drawn


def _by_class(train: Split) -> Tensor:
    """The first `COLUMNS` images of each of the first ten classes; a class with fewer repeats its own."""
    rows = []
    for label in train.y.unique()[:10]:
        images = train.x[train.y == label][:COLUMNS]
        rows.append(images[torch.arange(COLUMNS) % len(images)])
    return torch.stack(rows)


def _draws(augment: object, images: Tensor) -> Tensor:
    """Each image as it is, then seven draws of it; a smaller result stands in the middle of its tile."""
    generator = Generator().manual_seed(0)
    height, width = images.shape[2:]
    columns = [images]
    for _ in range(COLUMNS - 1):
        y = augment(images, generator)  # type: ignore[operator]
        top, left = (height - y.shape[2]) // 2, (width - y.shape[3]) // 2
        tile = torch.ones_like(images)
        tile[:, :, top : top + y.shape[2], left : left + y.shape[3]] = y
        columns.append(tile)
    return _bytes(torch.stack(columns, 1))


def _stretch(x: Tensor) -> Tensor:
    """Each image's own range brought to [0, 1]: normalised values are no colours."""
    low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
    return (x - low) / (high - low).clamp(min=1e-6)


def _bytes(x: Tensor) -> Tensor:
    """[0, 1] to bytes, and grey to three channels."""
    y = (x.clamp(0, 1) * 255).round().to(torch.uint8)
    return y.expand(*y.shape[:-3], 3, *y.shape[-2:]).contiguous()
