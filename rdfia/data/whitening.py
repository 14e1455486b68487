"""Whitening matrices and the layers of the normalisers.

With C = UΛUᵀ the covariance of the train images, every W with WᵀCW = I whitens a row x to xW. Λ and U are stored, from
which W follows for any ridge ε: W = U (Λ + εI)^(-1/2) maps an image to its principal components (PCA), and
W = U (Λ + εI)^(-1/2) Uᵀ rotates them back to an image; of all whitenings it is the nearest to the original (ZCA;
Kessy, Lewin and Strimmer 2018).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rdfia.data.products import exact
from rdfia.data.spectra import FLOOR


def zca_matrix(values: Tensor, vectors: Tensor, epsilon: float) -> Tensor:
    """Return W = U (Λ + εI)^(-1/2) Uᵀ, with ε = `epsilon` · mean(λ)."""
    floor, gain = gains(values, len(vectors), epsilon)
    # Eigenvectors that are not stored have the gain of λ = 0; the others are corrected from there.
    weight = (vectors * (gain - floor).float()) @ vectors.T
    weight.diagonal().add_(floor.float())
    return weight


def zca(x: Tensor, values: Tensor, vectors: Tensor, epsilon: float) -> Tensor:
    """Return xW for a few centred rows x (N, D), without forming the D × D matrix W = U (Λ + εI)^(-1/2) Uᵀ."""
    floor, gain = gains(values, len(vectors), epsilon)
    return x * floor.float() + (x @ vectors * (gain - floor).float()) @ vectors.T


def pca_matrix(values: Tensor, vectors: Tensor, epsilon: float) -> Tensor:
    """Return W = U (Λ + εI)^(-1/2), with ε = `epsilon` · mean(λ); columns beyond the rank are zero."""
    width, rank = vectors.shape
    weight = torch.zeros(width, width)
    weight[:, :rank] = vectors * gains(values, width, epsilon)[1].float()
    return weight


def gains(values: Tensor, width: int, epsilon: float) -> tuple[Tensor, Tensor]:
    """Return ε^(-1/2) and (λ + ε)^(-1/2), in float64; if all λ are 0, their mean counts as 1.

    An eigenvalue below rounding need not be 0, so the first is bounded: a smaller ε could amplify it past variance 1.
    """
    mean = values.double().sum() / width
    ridge = epsilon * torch.where(mean > 0, mean, 1)
    rounding = FLOOR * torch.cat([values.double(), mean[None]]).amax()
    return torch.maximum(ridge, rounding).rsqrt(), (values.double() + ridge).rsqrt()


class ShiftScale(nn.Module):
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
    """y = sign(x) · log(1 + a|x|) / log(1 + a): 0 and 1 stay, small values are spread out."""

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, x: Tensor) -> Tensor:
        return x.sign() * (self.strength * x.abs()).log1p() / torch.tensor(self.strength).log1p().item()


class Contrast(nn.Module):
    """y = (x - m) / max(s, ε), with the mean m and the standard deviation s of each image."""

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        std, mean = torch.std_mean(x, list(range(1, x.ndim)), correction=0, keepdim=True)
        return (x - mean) / std.clamp(min=self.epsilon)


class Stretch(nn.Module):
    """y = (x - min) / (max - min), with the extremes of each image."""

    def forward(self, x: Tensor) -> Tensor:
        low, high = x.flatten(1).aminmax(dim=1)
        shape = (-1, *[1] * (x.ndim - 1))
        return (x - low.view(shape)) / (high - low).clamp(min=1e-6).view(shape)


class Whiten(nn.Module):
    """y = after((before(x) - shift) W) of row vectors, in full precision, as W amplifies rounding errors."""

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
        with exact(x.device):
            y = (self.before(x) - self.shift).flatten(1) @ self.weight
        return self.after(y.view(x.shape))  # type: ignore[no-any-return]


class PatchWhiten(nn.Module):
    """A fixed convolution of x - shift (N, C, H, W) by `weight` (outputs, C, k, k) that keeps H × W, in full precision.

    The padding is 0, the mean colour. With both signs y becomes (max(y, 0), max(-y, 0)): twice the channels, without
    loss of information.
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
        with exact(x.device):
            y = F.conv2d(F.pad(x - self.shift, (before, after, before, after)), self.weight)
        return F.relu(torch.cat([y, -y], 1)) if self.both_signs else y
