"""Contact sheets: the same few images under every normaliser and augmentation, and under whitenings by their ridge."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor

from rdfia.config import ConfigError
from rdfia.data import whitening
from rdfia.data.augment import AUGMENTATIONS
from rdfia.data.normalise import NORMALISERS, ZCA, evaluation_statistics, to_unit
from rdfia.data.sampling import RandomAugmentation
from rdfia.data.store import Split

COLUMNS = 8
EPSILONS = (0.1, 0.01, 1e-4, 1e-6)
ROUNDING = 1e-10  # of the total variance: below it a variance counts as 0
MEASURED = 500  # images, enough to estimate the variance along each direction


def contact_sheets(
    train: Split, statistics: Mapping[str, Tensor], validation: Split | None = None
) -> dict[str, Tensor]:
    """Return uint8 sheets (rows, columns, 3, H, W): `samples`, `normalise/<name>`, `augment/<name>`; and `spectrum`.

    With a validation split, also `whitening/<setting>` of its images, and their variance along the `directions/…` of
    train.
    """
    if train.x.ndim != 4:
        return {}
    samples = _by_class(train)  # (classes, columns, C, H, W)
    first = samples[:COLUMNS, 0]
    sheets = {"samples": _bytes(to_unit(samples)), "spectrum": statistics["zca/values"]}
    hidden = unsuitable(train.x.shape[1:])
    for kind in NORMALISERS:
        if kind().name not in hidden:
            y = kind().build(statistics)(to_unit(first))
            sheets[f"normalise/{kind().name}"] = _bytes(_stretch(y[:, :3]))[None]
    for augmentation in AUGMENTATIONS:
        augment = augmentation.for_side(min(first.shape[-2:]))
        if augment.name not in hidden:
            sheets[f"augment/{augment.name}"] = _augmented_rows(augment, to_unit(first[:4]))
    return sheets | (_whitened(train, validation, statistics) if validation is not None and len(validation) else {})


def unsuitable(shape: Sequence[int]) -> dict[str, str]:
    """Return by its name why a normaliser or an augmentation cannot be shown on images of a shape (C, H, W)."""
    if len(shape) != 3:
        return {}
    blank, augmentations = torch.zeros(1, *shape), [kind.for_side(min(shape[1:])) for kind in AUGMENTATIONS]
    tried: dict[str, partial[Any]] = {kind().name: partial(kind().shape, tuple(shape)) for kind in NORMALISERS}
    tried |= {augment.name: partial(augment, blank, Generator().manual_seed(0)) for augment in augmentations}
    reasons = {}
    for name, attempt in tried.items():
        try:
            attempt()
        except ConfigError as error:
            reasons[name] = str(error)
    return reasons


def _whitened(train: Split, validation: Split, statistics: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return validation images under each ridge and each deliberate mistake, and the variances along the directions."""
    raw, images = validation.x[:MEASURED], to_unit(_by_class(validation)[:COLUMNS, 0])
    own = evaluation_statistics(ZCA(own=True), {}, raw)
    rows = {f"ε = {epsilon:g}": _zca(images, statistics, epsilon) for epsilon in EPSILONS}
    rows |= {f"ε = {epsilon:g}, own statistics": _zca(images, own, epsilon) for epsilon in EPSILONS[:3]}
    sheets = {"raw": images} | {name: _around_grey(y) for name, y in rows.items()}
    first = f"ε = {EPSILONS[0]:g}"
    sheets[f"{first}, stretched to [0, 1]"] = _stretch(rows[first])
    sheets[f"{first}, clipped to [0, 1]"] = rows[first].clamp(0, 1)
    pictures = {f"whitening/{name}": _bytes(y)[None] for name, y in sheets.items()}
    return pictures | directions(train.x[:MEASURED], raw, statistics)


def _zca(x: Tensor, statistics: Mapping[str, Tensor], epsilon: float) -> Tensor:
    mean, values, vectors = (statistics[f"zca/{part}"] for part in ("mean", "values", "vectors"))
    return whitening.zca((x - mean).flatten(1), values, vectors, epsilon).view(x.shape)


def directions(train: Tensor, validation: Tensor, statistics: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the variance along each eigenvector of train, raw and whitened with each ridge (1 + ridges, D)."""
    vectors = statistics["zca/vectors"]
    width, rank = vectors.shape
    gain = [torch.ones(width, dtype=torch.float64)]
    for epsilon in EPSILONS:
        floor, inside = whitening.gains(statistics["zca/values"], width, epsilon)
        gain.append(torch.cat([inside, floor.expand(width - rank)]).square())
    variances = {"train": _variances(train, statistics), "validation": _variances(validation, statistics)}
    variances["train"][:rank] = statistics["zca/values"]  # of all train images
    measured = {f"directions/{name}": variance * torch.stack(gain) for name, variance in variances.items()}
    ridges = torch.tensor(EPSILONS, dtype=torch.float64)
    return measured | {"directions/epsilon": ridges, "directions/measured": torch.tensor([len(validation)])}


def _variances(raw: Tensor, statistics: Mapping[str, Tensor]) -> Tensor:
    """Return the variance along each eigenvector of train (D); the rest is spread evenly over the null space."""
    vectors = statistics["zca/vectors"]
    x = (to_unit(raw) - statistics["zca/mean"]).flatten(1)
    along = x @ vectors
    outside = (x - along @ vectors.T).square().mean(0, dtype=torch.float64).sum()
    outside = torch.where(outside > ROUNDING * statistics["zca/values"].sum(), outside, 0)
    rest = len(vectors) - vectors.shape[1]
    return torch.cat([along.square().mean(0, dtype=torch.float64), (outside / max(rest, 1)).expand(rest)])


def _by_class(train: Split) -> Tensor:
    """Return the first `COLUMNS` images of each of the first ten classes; a class with fewer repeats its own."""
    rows = []
    for label in train.y.unique()[:10]:
        images = train.x[train.y == label][:COLUMNS]
        rows.append(images[torch.arange(COLUMNS) % len(images)])
    return torch.stack(rows)


def _augmented_rows(augment: RandomAugmentation, images: Tensor) -> Tensor:
    """Return each image unchanged, then seven random variants; a smaller result is centred in its tile."""
    generator = Generator().manual_seed(0)
    height, width = images.shape[2:]
    columns = [images]
    for _ in range(COLUMNS - 1):
        y = augment(images, generator)
        top, left = (height - y.shape[2]) // 2, (width - y.shape[3]) // 2
        tile = torch.ones_like(images)
        tile[:, :, top : top + y.shape[2], left : left + y.shape[3]] = y
        columns.append(tile)
    return _bytes(torch.stack(columns, 1))


def _stretch(x: Tensor) -> Tensor:
    """Map each image's own range to [0, 1], since normalised values are no colours."""
    low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
    return (x - low) / (high - low).clamp(min=1e-6)


def _around_grey(x: Tensor) -> Tensor:
    """Map all images to one scale: 0 is grey, and one value in a hundred is clipped."""
    return 0.5 + x / (2 * x.abs().flatten().quantile(0.99).clamp(min=1e-6))


def _bytes(x: Tensor) -> Tensor:
    """Convert [0, 1] to bytes, and grey to three channels."""
    y = (x.clamp(0, 1) * 255).round().to(torch.uint8)
    return y.expand(*y.shape[:-3], 3, *y.shape[-2:]).contiguous()
