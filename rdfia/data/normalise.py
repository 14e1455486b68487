"""Normalisers: fitted once on the train split, stored, and applied as the first layer of a model.

A normaliser is one class with two methods: `fit` computes what it needs from the train images, `build` makes the
layer from that. Both see x in [0, 1] of shape (N, C, H, W), or points of shape (N, D). A new one is a class here and
a word in `Normaliser`; `prepare` then fits and draws it for every data set.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from rdfia.config import Config, named

Statistics = Mapping[str, Tensor]


def to_unit(x: Tensor) -> Tensor:
    """Bytes to [0, 1]; numbers that are floating already stay as they are."""
    return x.float() / 255 if x.dtype == torch.uint8 else x


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


class Whiten(nn.Module):
    """y = (x - shift) W with each image as one row vector."""

    shift: Tensor
    weight: Tensor

    def __init__(self, shift: Tensor, weight: Tensor) -> None:
        super().__init__()
        self.register_buffer("shift", shift)
        self.register_buffer("weight", weight)

    def forward(self, x: Tensor) -> Tensor:
        return ((x - self.shift).flatten(1) @ self.weight).view(x.shape)


class Identity(Config):
    """The values in [0, 1] as they are."""

    name: Literal["none"] = "none"

    def fit(self, x: Tensor) -> dict[str, Tensor]:
        return {}

    def build(self, statistics: Statistics) -> nn.Module:
        return nn.Identity()


class Standardise(Config):
    """y = (x - mean) / std, one mean and one std a channel."""

    name: Literal["standardise"] = "standardise"

    def fit(self, x: Tensor) -> dict[str, Tensor]:
        axes = [axis for axis in range(x.ndim) if axis != 1]
        std, mean = torch.std_mean(x.double(), axes, correction=0, keepdim=True)
        return {"mean": mean[0].float(), "std": std[0].float()}  # (C, 1, 1), or (D,) for points

    def build(self, statistics: Statistics) -> nn.Module:
        return Affine(statistics["standardise/mean"], 1 / statistics["standardise/std"].clamp(min=1e-6))


class MeanImage(Config):
    """y = x - the mean train image, one mean a pixel."""

    name: Literal["mean_image"] = "mean_image"

    def fit(self, x: Tensor) -> dict[str, Tensor]:
        return {"mean": x.double().mean(0).float()}

    def build(self, statistics: Statistics) -> nn.Module:
        mean = statistics["mean_image/mean"]
        return Affine(mean, torch.ones_like(mean))


class ZCA(Config):
    """y = (x - mean) U (Λ + εI)^(-1/2) Uᵀ, where UΛUᵀ is the covariance of the train images.

    The whitened covariance is λ / (λ + ε) along each eigenvector. Here ε = `epsilon` · mean(λ): relative to the
    spectrum, so that it means the same on every data set. (Krizhevsky 2009, appendix A.)
    """

    name: Literal["zca"] = "zca"
    epsilon: float = Field(0.1, gt=0)

    def fit(self, x: Tensor) -> dict[str, Tensor]:
        flat = x.flatten(1)
        mean = flat.double().mean(0).float()
        values, vectors = _principal(flat - mean)
        return {"mean": mean.view(x.shape[1:]), "values": values, "vectors": vectors}

    def build(self, statistics: Statistics) -> nn.Module:
        values, vectors = statistics["zca/values"].double(), statistics["zca/vectors"]
        width = vectors.shape[0]
        epsilon = self.epsilon * values.sum() / width
        # Eigenvectors that are not stored have λ = 0, so their gain is ε^(-1/2); the others are corrected from there.
        gain = ((values + epsilon).rsqrt() - epsilon.rsqrt()).float()
        weight = (vectors * gain) @ vectors.T
        weight.diagonal().add_(epsilon.rsqrt().float())
        return Whiten(statistics["zca/mean"], weight)


def _principal(x: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (r,) and eigenvectors (D, r) of the covariance xᵀx/N of centred rows, largest first.

    With fewer rows than columns the N×N Gram matrix has the same non-zero spectrum and is cheaper.
    """
    rows, width = x.shape
    wide = rows < width
    values, vectors = torch.linalg.eigh((x @ x.T if wide else x.T @ x) / rows)
    values, vectors = values.flip(0), vectors.flip(1)
    kept = values > values[0] * 1e-6
    values, vectors = values[kept], vectors[:, kept]
    if wide:
        vectors = x.T @ vectors / (values * rows).sqrt()
    return values.contiguous(), vectors.contiguous()


NORMALISERS = (Identity, Standardise, MeanImage, ZCA)
Normaliser = Annotated[Annotated[Identity | Standardise | MeanImage | ZCA, Field(discriminator="name")], named]


def fit_all(train: Tensor, kinds: Iterable[type] = NORMALISERS) -> dict[str, Tensor]:
    """Fit every normaliser on the raw train split: statistics under `<normaliser>/<name>`."""
    x = to_unit(train)
    fitted = {kind().name: kind().fit(x) for kind in kinds}
    return {f"{name}/{key}": value for name, values in fitted.items() for key, value in values.items()}
