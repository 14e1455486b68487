"""Normalisers: fitted once on the train split, stored, and applied as the first layer of a model.

A normaliser is one class: `fit` computes its statistics from the raw train split, `build` makes the layer from them,
`shape` is the shape of the layer's output. The input of the layer is x in [0, 1] of shape (N, C, H, W), or points of
shape (N, D). To add a normaliser, write its class and add it to the union in `Normaliser`: `prepare` fits and shows it.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal, Self, get_args

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from rdfia.config import Config, ConfigError, named
from rdfia.data import spectra, whitening
from rdfia.data.spectra import divisor, mean_of
from rdfia.data.whitening import ShiftScale, Whiten

Statistics = Mapping[str, Tensor]
LARGEST_PATCH = 5


def to_unit(x: Tensor) -> Tensor:
    """Map bytes to [0, 1]; floating-point numbers stay."""
    return x.float() / 255 if x.dtype == torch.uint8 else x


class _Normaliser(Config):
    reads: ClassVar[str] = "none"  # prefix of the statistics that `build` takes; equal prefixes share one fit

    def fit(self, train: Tensor) -> dict[str, Tensor]:
        return {}

    def build(self, statistics: Statistics) -> nn.Module:
        raise NotImplementedError

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of a normalised example; an example that cannot be normalised is a ConfigError."""
        return shape


class Identity(_Normaliser):
    """y = x, the values in [0, 1]."""

    name: Literal["none"] = "none"

    def build(self, statistics: Statistics) -> nn.Module:
        return nn.Identity()


class Standardise(_Normaliser):
    """y = (x - mean) / std, one mean and one std a channel."""

    reads: ClassVar[str] = "standardise"
    name: Literal["standardise"] = "standardise"

    def fit(self, train: Tensor) -> dict[str, Tensor]:
        mean, std = spectra.moments(train, to_unit)
        return {"mean": mean, "std": std}  # (C, 1, 1), or (D,) for points

    def build(self, statistics: Statistics) -> nn.Module:
        return ShiftScale(statistics["standardise/mean"], 1 / statistics["standardise/std"].clamp(min=1e-6))


class MeanImage(_Normaliser):
    """y = x - the mean train image, one mean a pixel."""

    reads: ClassVar[str] = "mean_image"
    name: Literal["mean_image"] = "mean_image"

    def fit(self, train: Tensor) -> dict[str, Tensor]:
        return {"mean": mean_of(train, to_unit).float()}

    def build(self, statistics: Statistics) -> nn.Module:
        mean = statistics["mean_image/mean"]
        return ShiftScale(mean, torch.ones_like(mean))


class ZCA(_Normaliser):
    """y = (x - mean) U (Λ + εI)^(-1/2) Uᵀ, where UΛUᵀ is the covariance of the train images.

    The whitened covariance is λ / (λ + ε) along each eigenvector. Here ε = `epsilon` · mean(λ): relative to the
    spectrum, so that it is comparable between data sets. (Krizhevsky 2009, appendix A.) Two deliberate mistakes:
    `rescale` to [0, 1], by the extremes of each `image` or by a `clip`; `own`, to whiten each split by its statistics.
    """

    reads: ClassVar[str] = "zca"
    name: Literal["zca"] = "zca"
    epsilon: float = Field(0.1, gt=0)
    rescale: Literal["none", "image", "clip"] = "none"
    own: bool = False

    def fit(self, train: Tensor) -> dict[str, Tensor]:
        return spectra.spectrum(train, to_unit)

    def build(self, statistics: Statistics) -> nn.Module:
        after = {"none": nn.Identity(), "image": whitening.Stretch(), "clip": nn.Hardtanh(0, 1)}[self.rescale]
        weight = whitening.zca_matrix(statistics["zca/values"], statistics["zca/vectors"], self.epsilon)
        return Whiten(statistics["zca/mean"], weight, after=after)


class PCA(_Normaliser):
    """y = (x - mean) U (Λ + εI)^(-1/2): principal components, largest first, in the image's shape but no image."""

    reads: ClassVar[str] = "zca"
    name: Literal["pca"] = "pca"
    epsilon: float = Field(0.1, gt=0)

    def build(self, statistics: Statistics) -> nn.Module:
        weight = whitening.pca_matrix(statistics["zca/values"], statistics["zca/vectors"], self.epsilon)
        return Whiten(statistics["zca/mean"], weight)


class MinMax(_Normaliser):
    """y = low + (high - low) (x - min) / (max - min), one min and one max a channel."""

    reads: ClassVar[str] = "min_max"
    name: Literal["min_max"] = "min_max"
    low: float = 0.0
    high: float = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low below high (low {self.low:g}, high {self.high:g})")
        return self

    def fit(self, train: Tensor) -> dict[str, Tensor]:
        low, high = spectra.extremes(train, to_unit)
        return {"min": low, "max": high}  # (C, 1, 1), or (D,) for points

    def build(self, statistics: Statistics) -> nn.Module:
        low, high = statistics["min_max/min"], statistics["min_max/max"]
        gain = (self.high - self.low) / divisor(high - low)
        return ShiftScale(low - self.low / gain, gain)


class MaxAbs(_Normaliser):
    """y = x / max|x|, one maximum a channel."""

    reads: ClassVar[str] = "min_max"
    name: Literal["max_abs"] = "max_abs"

    def build(self, statistics: Statistics) -> nn.Module:
        low, high = statistics["min_max/min"], statistics["min_max/max"]
        return ShiftScale(torch.zeros_like(low), 1 / divisor(torch.maximum(low.abs(), high.abs())))


class Robust(_Normaliser):
    """y = (x - median) / (third quartile - first quartile), of each channel's values."""

    reads: ClassVar[str] = "robust"
    name: Literal["robust"] = "robust"

    def fit(self, train: Tensor) -> dict[str, Tensor]:
        quartiles = torch.stack([spectra.quartiles(channel) for channel in train.unbind(1)], 1)
        first, median, third = quartiles.view(3, -1, *[1] * (train.ndim - 2))  # each (C, 1, 1), or (D,) for points
        return {"median": median, "range": third - first}

    def build(self, statistics: Statistics) -> nn.Module:
        return ShiftScale(statistics["robust/median"], 1 / divisor(statistics["robust/range"]))


class Log(_Normaliser):
    """y = sign(x) · log(1 + a|x|) / log(1 + a), where a is `strength`; by default the logarithm of bytes."""

    name: Literal["log"] = "log"
    strength: float = Field(255.0, gt=0)

    def build(self, statistics: Statistics) -> nn.Module:
        return whitening.Logarithm(self.strength)


class GCN(_Normaliser):
    """Global contrast normalisation: y = (x - m) / max(s, ε), per image (Goodfellow et al. 2016, section 12.2.1)."""

    name: Literal["gcn"] = "gcn"
    epsilon: float = Field(0.01, gt=0)

    def build(self, statistics: Statistics) -> nn.Module:
        return whitening.Contrast(self.epsilon)


class GCNZCA(_Normaliser):
    """ZCA after global contrast normalisation, as in Goodfellow et al. 2013 (maxout)."""

    reads: ClassVar[str] = "gcn_zca"
    name: Literal["gcn_zca"] = "gcn_zca"
    epsilon: float = Field(0.1, gt=0)

    def fit(self, train: Tensor) -> dict[str, Tensor]:
        contrast = GCN().build({})
        return spectra.spectrum(train, lambda block: contrast(to_unit(block)))

    def build(self, statistics: Statistics) -> nn.Module:
        weight = whitening.zca_matrix(statistics["gcn_zca/values"], statistics["gcn_zca/vectors"], self.epsilon)
        return Whiten(statistics["gcn_zca/mean"], weight, before=GCN().build({}))


class PatchZCA(_Normaliser):
    """A whitening first convolution: rows of (Λ + εI)^(-1/2) Uᵀ of the k×k patches as C·k² fixed filters.

    (Page 2018; Jordan 2024.) `both_signs` adds the opposite filters and a ReLU, without which they would be redundant.
    """

    reads: ClassVar[str] = "patch_zca"
    name: Literal["patch_zca"] = "patch_zca"
    kernel_size: int = Field(3, ge=1, le=LARGEST_PATCH)
    epsilon: float = Field(5e-4, gt=0)
    both_signs: bool = False

    def fit(self, train: Tensor) -> dict[str, Tensor]:
        return spectra.patch_spectra(train, to_unit, LARGEST_PATCH) if train.ndim == 4 else {}

    def build(self, statistics: Statistics) -> nn.Module:
        k, mean = self.kernel_size, statistics["patch_zca/mean"]
        if f"patch_zca/values_{k}" not in statistics:
            raise ConfigError(f"normalise.kernel_size: found {k}, allowed: a patch no larger than the images")
        values, vectors = (statistics[f"patch_zca/{part}_{k}"] for part in ("values", "vectors"))
        weight = whitening.pca_matrix(values, vectors, self.epsilon).T.reshape(-1, len(mean), k, k)
        return whitening.PatchWhiten(mean, weight.contiguous(), self.both_signs)

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(shape) != 3:
            raise ConfigError(f"normalise: found patch_zca, allowed: images, not examples of shape {shape}")
        if self.kernel_size > min(shape[1:]):
            raise ConfigError(f"normalise.kernel_size: found {self.kernel_size}, allowed: at most {min(shape[1:])}")
        return shape[0] * self.kernel_size**2 * (1 + self.both_signs), *shape[1:]


Normaliser = Annotated[
    Annotated[
        Identity | Standardise | MeanImage | ZCA | PCA | MinMax | MaxAbs | Robust | Log | GCN | GCNZCA | PatchZCA,
        Field(discriminator="name"),
    ],
    named,
]
NORMALISERS = get_args(get_args(Normaliser)[0])


def fit_all(train: Tensor, kinds: Iterable[type[_Normaliser]] = NORMALISERS) -> dict[str, Tensor]:
    """Fit the statistics that `kinds` read, each once, on the raw train split: `<normaliser that fits it>/<name>`."""
    read = {kind.reads for kind in kinds}
    fitted = {kind.reads: kind().fit(train) for kind in NORMALISERS if kind().name in read}
    return {f"{name}/{key}": value for name, values in fitted.items() for key, value in values.items()}


def required_statistics(normaliser: _Normaliser, statistics: Statistics) -> dict[str, Tensor]:
    """Return those of the statistics that the normaliser is built from."""
    return {key: value for key, value in statistics.items() if key.startswith(f"{normaliser.reads}/")}


def evaluation_statistics(normaliser: _Normaliser, statistics: Statistics, x: Tensor) -> Statistics:
    """Return the statistics for a split other than train; with `own` they are fitted again on its raw examples x."""
    if not getattr(normaliser, "own", False):
        return statistics
    return {**statistics, **{f"{normaliser.reads}/{key}": value for key, value in normaliser.fit(x).items()}}
