"""Statistics of the train split, fitted block by block: means, extremes, quartiles and spectra.

Of a covariance C = UΛUᵀ the eigenvalues Λ and the eigenvectors U are stored, from which `rdfia.data.whitening` makes
any whitening with any ridge.
"""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from rdfia.data import memory

Transform = Callable[[Tensor], Tensor]
BLOCK = 2500  # images at a time, so that the train split is never in memory as floating-point numbers
PATCH_IMAGES = 2000  # whose patches suffice: more than a million
STRIP = 256  # rows of a covariance at a time, at least
DOUBLES = 40  # bytes for each entry of a covariance or of centred rows: float64 copies, and what `eigh` works on
FLOOR = 1e-7  # of the largest eigenvalue: smaller ones are rounding errors


def blocks(train: Tensor, transform: Transform) -> Iterator[Tensor]:
    """Yield the transformed train split block by block."""
    return (transform(block) for block in train.split(BLOCK))


def mean_of(train: Tensor, transform: Transform) -> Tensor:
    """Return the mean transformed train image, in float64."""
    return sum((x.sum(0, dtype=torch.float64) for x in blocks(train, transform)), torch.tensor(0.0)) / len(train)


def moments(train: Tensor, transform: Transform) -> tuple[Tensor, Tensor]:
    """Return the mean and the standard deviation of each channel, (C, 1, 1), or (D,) for points."""
    axes = list(range(1, train.ndim - 1))  # rows and columns of an example
    mean = _mean_over(axes, mean_of(train, transform))
    std = _mean_over(axes, mean_of(train, lambda block: (transform(block) - mean).square())).sqrt()
    return mean.float(), std.float()


def _mean_over(axes: list[int], x: Tensor) -> Tensor:
    """Return the mean over the axes, kept with length 1; without axes x itself."""
    return x.mean(axes, keepdim=True) if axes else x


def divisor(x: Tensor) -> Tensor:
    """Replace a spread of 0 by 1, so that a constant channel is only shifted."""
    return torch.where(x > 0, x, 1)


def quartiles(channel: Tensor) -> Tensor:
    """Return first quartile, median and third quartile (3) of all values, linearly interpolated, as in NumPy."""
    flat = channel.flatten()
    if flat.dtype == torch.uint8:  # counted, not sorted
        counts = torch.bincount(flat, minlength=256)
        ordered, ends = torch.arange(256) / 255, counts.cumsum(0)
    else:
        ordered, ends = flat.sort().values, torch.arange(1, len(flat) + 1)
    rank = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64) * (len(flat) - 1)
    below, above = (ordered[torch.searchsorted(ends, at.long(), right=True)] for at in (rank.floor(), rank.ceil()))
    return torch.lerp(below, above, (rank - rank.floor()).to(below.dtype))


def extremes(train: Tensor, transform: Transform) -> tuple[Tensor, Tensor]:
    """Return the smallest and the largest value of each channel, (C, 1, 1), or (D,) for points."""
    axes = [axis for axis in range(train.ndim) if axis != 1]
    ends = ((x.amin(axes, keepdim=True), x.amax(axes, keepdim=True)) for x in blocks(train, transform))
    lows, highs = zip(*ends, strict=True)
    return torch.cat(lows).amin(0), torch.cat(highs).amax(0)


def spectrum(train: Tensor, transform: Transform) -> dict[str, Tensor]:
    """Return the mean image, and eigenvalues (r) and eigenvectors (D, r) of the covariance of the train images."""
    mean = mean_of(train, transform).float()
    values, vectors = _eigenpairs(train, lambda block: (transform(block) - mean).flatten(1))
    return {"mean": mean, "values": values, "vectors": vectors}


def _eigenpairs(train: Tensor, rows: Transform) -> tuple[Tensor, Tensor]:
    """Return eigenvalues (r) and eigenvectors (D, r) of the covariance XᵀX/N of centred rows X (N, D), largest first.

    With fewer rows than columns the N×N matrix XXᵀ/N has the same non-zero spectrum and is cheaper: for an eigenvector
    v of it, Xᵀv / √(λN) is an eigenvector of the covariance.
    """
    count, width = len(train), train[0].numel()
    where = f"whitening {count:,} images of {width:,} values"
    memory.require(DOUBLES * min(count, width) * max(width, min(count, width)), where, "allowed: smaller images")
    if count >= width:
        values, vectors = _eigendecomposition(covariance(blocks(train, rows)))
        return values.float(), vectors.float()
    x = torch.cat(list(blocks(train, rows))).double()
    values, vectors = _eigendecomposition(x @ x.T / count)
    return values.float(), _with_fixed_signs(x.T @ vectors / (values * count).sqrt()).float()


def covariance(rows: Iterator[Tensor]) -> Tensor:
    """Compute XᵀX/N of centred rows: float32 products within a block, float64 sums over blocks, upper triangle only."""
    total, count = torch.tensor(0.0), 0
    for x in rows:
        total, count = _upper(x).double().add_(total), count + len(x)
    return (total.triu() + total.triu(1).T) / count


def _upper(x: Tensor) -> Tensor:
    """Compute the upper triangle of XᵀX, in strips of rows; the entries below it are undefined."""
    width = x.shape[1]
    product = x.new_zeros(width, width)
    strip = max(STRIP, width // 6)
    for at in range(0, width, strip):
        product[at : at + strip, at:] = x[:, at : at + strip].T @ x[:, at:]
    return product


def _eigendecomposition(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return the eigenvalues above rounding, largest first, and their eigenvectors as columns."""
    values, vectors = torch.linalg.eigh(matrix)
    positive = values > values[-1] * FLOOR
    return values[positive].flip(0), _with_fixed_signs(vectors[:, positive].flip(1))


def _with_fixed_signs(vectors: Tensor) -> Tensor:
    """Flip each eigenvector so that its largest entry is positive, as its sign is arbitrary."""
    largest = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))
    return (vectors * largest.sign()).contiguous()


def patch_spectra(train: Tensor, transform: Transform, largest: int) -> dict[str, Tensor]:
    """Return the mean of each channel, and eigenvalues and eigenvectors of the k×k patches for every k up to `largest`.

    A smaller patch is a corner of the largest, and its covariance a submatrix.
    """
    channels, size = train.shape[1], min(largest, *train.shape[2:])
    mean = mean_of(train, transform).mean((1, 2)).float().view(channels, 1, 1)
    whole = covariance(_patches(transform(block) - mean, size) for block in train[:PATCH_IMAGES].split(BLOCK // 10))
    grid = whole.view(channels, size, size, channels, size, size)
    fitted = {"mean": mean}
    for k in range(1, size + 1):
        part = grid[:, :k, :k, :, :k, :k].reshape(channels * k * k, channels * k * k)
        values, vectors = torch.linalg.eigh(part)
        fitted[f"values_{k}"] = values.flip(0).clamp(min=0).float()
        fitted[f"vectors_{k}"] = _with_fixed_signs(vectors.flip(1)).float()
    return fitted


def _patches(x: Tensor, size: int) -> Tensor:
    """Return every patch of images (N, C, H, W) as a row (N · positions, C · size²)."""
    return F.unfold(x, size).transpose(1, 2).flatten(0, 1)
