"""What normalisers are made of: statistics of the train split, block by block, and layers; most of it is whitening.

With C = UΛUᵀ the covariance of the train images, every W with WᵀCW = I whitens a row x to xW. What is stored is Λ and
U, so that any ridge ε and either W is a product away: W = U (Λ + εI)^(-1/2) turns an image into its coordinates (PCA),
and W = U (Λ + εI)^(-1/2) Uᵀ turns them back into a picture: of all whitenings it stays nearest to the image (ZCA;
Kessy, Lewin and Strimmer 2018).
"""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Seen = Callable[[Tensor], Tensor]
BLOCK = 2500  # images at a time, so that the train split is never held as floating numbers
PATCH_IMAGES = 2000  # whose patches are enough: a million and more
STRIP = 256  # rows of a covariance at a time, at least
FLOOR = 1e-7  # of the largest eigenvalue: below it there is rounding


def blocks(train: Tensor, seen: Seen) -> Iterator[Tensor]:
    """The train split as it is seen, block by block."""
    return (seen(block) for block in train.split(BLOCK))


def mean_of(train: Tensor, seen: Seen) -> Tensor:
    """The mean train image, in float64."""
    return sum((x.sum(0, dtype=torch.float64) for x in blocks(train, seen)), torch.tensor(0.0)) / len(train)


def quartiles(channel: Tensor) -> Tensor:
    """First quartile, median and third quartile (3) of all values, between two of them in proportion, as in NumPy."""
    flat = channel.flatten()
    if flat.dtype == torch.uint8:  # counted, not sorted
        counts = torch.bincount(flat, minlength=256)
        ordered, ends = torch.arange(256) / 255, counts.cumsum(0)
    else:
        ordered, ends = flat.sort().values, torch.arange(1, len(flat) + 1)
    place = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64) * (len(flat) - 1)
    below, above = (ordered[torch.searchsorted(ends, at.long(), right=True)] for at in (place.floor(), place.ceil()))
    return torch.lerp(below, above, (place - place.floor()).to(below.dtype))


def extremes(train: Tensor, seen: Seen) -> tuple[Tensor, Tensor]:
    """The smallest and the largest value of each channel, (C, 1, 1), or (D,) for points."""
    axes = [axis for axis in range(train.ndim) if axis != 1]
    ends = ((x.amin(axes, keepdim=True), x.amax(axes, keepdim=True)) for x in blocks(train, seen))
    lows, highs = zip(*ends, strict=True)
    return torch.cat(lows).amin(0), torch.cat(highs).amax(0)


def spectrum(train: Tensor, seen: Seen) -> dict[str, Tensor]:
    """The mean image, and eigenvalues (r) and eigenvectors (D, r) of the covariance of the train images."""
    mean = mean_of(train, seen).float()
    values, vectors = _principal(train, lambda block: (seen(block) - mean).flatten(1))
    return {"mean": mean, "values": values, "vectors": vectors}


def _principal(train: Tensor, rows: Seen) -> tuple[Tensor, Tensor]:
    """Eigenvalues (r) and eigenvectors (D, r) of the covariance XᵀX/N of centred rows X (N, D), largest first.

    With fewer rows than columns the N×N matrix XXᵀ/N has the same non-zero spectrum and is cheaper: of an eigenvector
    v of it, Xᵀv / √(λN) is one of the covariance.
    """
    count, width = len(train), train[0].numel()
    if count >= width:
        values, vectors = _decomposed(covariance(blocks(train, rows)))
        return values.float(), vectors.float()
    x = torch.cat(list(blocks(train, rows))).double()
    values, vectors = _decomposed(x @ x.T / count)
    return values.float(), _signed(x.T @ vectors / (values * count).sqrt()).float()


def covariance(rows: Iterator[Tensor]) -> Tensor:
    """XᵀX/N of centred rows: float32 products within a block, float64 sums over blocks, each pair of columns once."""
    total, count = torch.tensor(0.0), 0
    for x in rows:
        total, count = _upper(x).double().add_(total), count + len(x)
    return (total.triu() + total.triu(1).T) / count


def _upper(x: Tensor) -> Tensor:
    """XᵀX where the column is not below the row, in strips of rows; what else is filled is not meant."""
    width = x.shape[1]
    product = x.new_zeros(width, width)
    strip = max(STRIP, width // 6)
    for at in range(0, width, strip):
        product[at : at + strip, at:] = x[:, at : at + strip].T @ x[:, at:]
    return product


def _decomposed(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues above rounding, largest first, and their eigenvectors as columns."""
    values, vectors = torch.linalg.eigh(matrix)
    kept = values > values[-1] * FLOOR
    return values[kept].flip(0), _signed(vectors[:, kept].flip(1))


def _signed(vectors: Tensor) -> Tensor:
    """An eigenvector may point either way: here its largest entry is positive."""
    largest = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))
    return (vectors * largest.sign()).contiguous()


def zca_matrix(values: Tensor, vectors: Tensor, epsilon: float) -> Tensor:
    """W = U (Λ + εI)^(-1/2) Uᵀ, with ε = `epsilon` · mean(λ)."""
    floor, gain = _gains(values, len(vectors), epsilon)
    # Eigenvectors that are not stored have λ = 0, so their gain is ε^(-1/2); the others are corrected from there.
    weight = (vectors * (gain - floor).float()) @ vectors.T
    weight.diagonal().add_(floor.float())
    return weight


def pca_matrix(values: Tensor, vectors: Tensor, epsilon: float) -> Tensor:
    """W = U (Λ + εI)^(-1/2), with ε = `epsilon` · mean(λ); columns beyond the rank are zero."""
    width, rank = vectors.shape
    weight = torch.zeros(width, width)
    weight[:, :rank] = vectors * _gains(values, width, epsilon)[1].float()
    return weight


def _gains(values: Tensor, width: int, epsilon: float) -> tuple[Tensor, Tensor]:
    """ε^(-1/2) and (λ + ε)^(-1/2), in float64; where nothing varies at all, the mean of λ counts as 1."""
    mean = values.double().sum() / width
    ridge = epsilon * torch.where(mean > 0, mean, 1)
    return ridge.rsqrt(), (values.double() + ridge).rsqrt()


def patch_spectra(train: Tensor, seen: Seen, largest: int) -> dict[str, Tensor]:
    """The mean of each channel, and eigenvalues and eigenvectors of the k×k patches for every k up to `largest`.

    A smaller patch is a corner of the largest, and its covariance a part of the same matrix.
    """
    channels, size = train.shape[1], min(largest, *train.shape[2:])
    mean = mean_of(train, seen).mean((1, 2)).float().view(channels, 1, 1)
    whole = covariance(_patches(seen(block) - mean, size) for block in train[:PATCH_IMAGES].split(BLOCK // 10))
    grid = whole.view(channels, size, size, channels, size, size)
    fitted = {"mean": mean}
    for k in range(1, size + 1):
        part = grid[:, :k, :k, :, :k, :k].reshape(channels * k * k, channels * k * k)
        values, vectors = torch.linalg.eigh(part)
        fitted[f"values_{k}"] = values.flip(0).clamp(min=0).float()
        fitted[f"vectors_{k}"] = _signed(vectors.flip(1)).float()
    return fitted


def _patches(x: Tensor, size: int) -> Tensor:
    """Every patch of images (N, C, H, W) as a row (N · places, C · size²)."""
    return F.unfold(x, size).transpose(1, 2).flatten(0, 1)


class Affine(nn.Module):
    """y = (x - shift) · gain, element by element."""

    shift: Tensor
    gain: Tensor

    def __init__(self, shift: Tensor, gain: Tensor) -> None:
        super().__init__()
        self.register_buffer("shift", shift)
        self.register_buffer("gain", gain)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.shift) * self.gain


class Logarithm(nn.Module):
    """y = sign(x) · log(1 + a|x|) / log(1 + a): 0 and 1 stay, what is dark is spread."""

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, x: Tensor) -> Tensor:
        return x.sign() * (self.strength * x.abs()).log1p() / torch.tensor(self.strength).log1p().item()


class Contrast(nn.Module):
    """y = (x - m) / max(s, ε), with the mean m and the deviation s of all values of each image by itself."""

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        std, mean = torch.std_mean(x, list(range(1, x.ndim)), correction=0, keepdim=True)
        return (x - mean) / std.clamp(min=self.epsilon)


class Stretch(nn.Module):
    """y = (x - min) / (max - min) over all values of each image by itself."""

    def forward(self, x: Tensor) -> Tensor:
        low, high = x.flatten(1).aminmax(dim=1)
        shape = (-1, *[1] * (x.ndim - 1))
        return (x - low.view(shape)) / (high - low).clamp(min=1e-6).view(shape)


class Whiten(nn.Module):
    """y = after((before(x) - shift) W) with each image as one row vector, in full precision: W magnifies rounding."""

    shift: Tensor
    weight: Tensor

    def __init__(
        self, shift: Tensor, weight: Tensor, before: nn.Module | None = None, after: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.register_buffer("shift", shift)
        self.register_buffer("weight", weight)
        self.before, self.after = before or nn.Identity(), after or nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            y = (self.before(x) - self.shift).flatten(1) @ self.weight
        return self.after(y.view(x.shape))  # type: ignore[no-any-return]


class PatchWhiten(nn.Module):
    """A fixed convolution of x - shift (N, C, H, W) by `weight` (outputs, C, k, k) that keeps H × W, in full precision.

    Beyond the border stands 0, the mean colour. With both signs y becomes (max(y, 0), max(-y, 0)): twice the channels,
    and nothing lost.
    """

    shift: Tensor
    weight: Tensor

    def __init__(self, shift: Tensor, weight: Tensor, both_signs: bool) -> None:
        super().__init__()
        self.register_buffer("shift", shift)
        self.register_buffer("weight", weight)
        self.both_signs = both_signs

    def forward(self, x: Tensor) -> Tensor:
        before, after = (self.weight.shape[-1] - 1) // 2, self.weight.shape[-1] // 2
        with torch.autocast(x.device.type, enabled=False):
            y = F.conv2d(F.pad(x - self.shift, (before, after, before, after)), self.weight)
        return F.relu(torch.cat([y, -y], 1)) if self.both_signs else y
