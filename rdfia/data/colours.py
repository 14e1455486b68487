"""Augmentations of colour, on values in [0, 1]; each equals torchvision's operation of the same name."""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Generator, Tensor

from rdfia.config import ConfigError
from rdfia.data.sampling import RandomAugmentation, Range, Space, constants, uniform


class Jitter(RandomAugmentation):
    """Random brightness, contrast, saturation and hue, in this order; one whose setting is 0 is left out.

    The first three scale by a factor from [1 - b, 1 + b], hue turns by an angle from [-h, h] of a whole turn.
    torchvision's ColorJitter samples the order for every call; here it is fixed.
    """

    space: ClassVar[Space] = "pixels"
    name: Literal["jitter"] = "jitter"
    brightness: float = Field(0.0, ge=0, le=1)
    contrast: float = Field(0.0, ge=0, le=1)
    saturation: float = Field(0.0, ge=0, le=1)
    hue: float = Field(0.0, ge=0, le=0.5)

    @model_validator(mode="after")
    def _alters(self) -> Self:
        if not any(self._spreads()):
            raise ValueError("brightness, contrast, saturation or hue above 0")
        return self

    @classmethod
    def for_side(cls, side: int) -> Self:
        return cls(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return three factors and a hue angle in turns (N, 4)."""
        centre = constants((1.0, 1.0, 1.0, 0.0), torch.float32, generator.device)
        spreads = constants(self._spreads(), torch.float32, generator.device)
        return centre + spreads * uniform((shape[0], 4), -1, 1, generator)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        adjustments = (adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue)
        for adjust, spread, amounts in zip(adjustments, self._spreads(), parameters.T, strict=True):
            if spread:
                images = adjust(images, per_image(amounts, images))
        return images

    def _spreads(self) -> tuple[float, ...]:
        return self.brightness, self.contrast, self.saturation, self.hue


class Blur(RandomAugmentation):
    """A Gaussian blur in a window of `kernel_size`², with a standard deviation in `sigma` and mirrored borders."""

    space: ClassVar[Space] = "pixels"
    name: Literal["blur"] = "blur"
    kernel_size: Literal[3, 5, 7, 9] = 5
    sigma: Range = (0.1, 2.0)

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return the standard deviations in pixels (N)."""
        return uniform((shape[0],), *self.sigma, generator)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        if self.kernel_size // 2 >= (side := min(images.shape[2:])):
            raise ConfigError(f"augment.blur.kernel_size: found {self.kernel_size}, allowed: at most {2 * side - 1}")
        return gaussian_blur(images, parameters, self.kernel_size)


class Noise(RandomAugmentation):
    """Gaussian noise of standard deviation `sigma` on every value, clipped to [0, 1]."""

    space: ClassVar[Space] = "pixels"
    name: Literal["noise"] = "noise"
    sigma: float = Field(0.1, ge=0)

    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:
        """Return the noise (N, C, H, W)."""
        return self.sigma * torch.randn(tuple(shape), generator=generator, device=generator.device)

    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:
        return (images + parameters).clamp(0, 1)


def per_image(amounts: Tensor, images: Tensor) -> Tensor:
    """Reshape one number for each image (N) so that it broadcasts over the image (N, 1, 1, 1)."""
    return amounts.to(images.dtype).view(-1, 1, 1, 1)


def blend(images: Tensor, others: Tensor, factors: Tensor) -> Tensor:
    """Return y = f x + (1 - f) o, clipped to [0, 1]."""
    return (images * factors + others * (1 - factors)).clamp(0, 1)


def adjust_brightness(images: Tensor, factors: Tensor) -> Tensor:
    """Return y = f x, clipped to [0, 1]."""
    return (images * factors).clamp(0, 1)


def adjust_contrast(images: Tensor, factors: Tensor) -> Tensor:
    """Return y = f x + (1 - f) m, clipped to [0, 1], with m the mean grey of the image."""
    return blend(images, grey(images).mean((1, 2, 3), keepdim=True), factors)


def adjust_saturation(images: Tensor, factors: Tensor) -> Tensor:
    """Return y = f x + (1 - f) g, clipped to [0, 1], with g the grey of each pixel."""
    return blend(images, grey(images), factors)


def adjust_hue(images: Tensor, turns: Tensor) -> Tensor:
    """Rotate the colour wheel by a fraction of a whole turn; a grey image has no hue and stays."""
    if images.shape[1] == 1:
        return images
    hue, saturation, value = to_hsv(images)
    return from_hsv(hue + turns, saturation, value)


def adjust_sharpness(images: Tensor, factors: Tensor) -> Tensor:
    """Return y = f x + (1 - f) s, clipped to [0, 1]; s is the 3×3 mean, with the pixel itself counted five times.

    The outermost pixels stay as they are.
    """
    height, width = images.shape[2:]
    if min(height, width) < 3:
        return images
    around = sum(images[:, :, i : height - 2 + i, j : width - 2 + j] for i in range(3) for j in range(3))
    smooth = images.clone()
    smooth[:, :, 1:-1, 1:-1] = (around + 4 * images[:, :, 1:-1, 1:-1]) / 13
    return blend(images, smooth, factors)


def grey(images: Tensor) -> Tensor:
    """Return the luma of ITU-R BT.601, 0.2989 R + 0.587 G + 0.114 B; a grey image stays."""
    if images.shape[1] == 1:
        return images
    weights = constants((0.2989, 0.587, 0.114), images.dtype, images.device)
    return (images * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)


def to_hsv(images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return hue (in turns from red), saturation and value, each (N, 1, H, W); grey has hue 0 and saturation 0."""
    r, g, b = images.split(1, 1)
    high, low = torch.maximum(r, torch.maximum(g, b)), torch.minimum(r, torch.minimum(g, b))
    span = high - low
    red, green = r == high, g == high
    sixth = torch.where(red, 0.0, torch.where(green, 2.0, 4.0))
    beyond = torch.where(red, g - b, torch.where(green, b - r, r - g))
    return (sixth + beyond / span.where(span > 0, 1)) / 6, span / high.where(high > 0, 1), high


def from_hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Return v - v s max(0, min(k, 4 - k, 1)), k = (n + 6 h) mod 6, with n = 5, 3, 1 for R, G, B."""
    offsets = constants((5.0, 3.0, 1.0), hue.dtype, hue.device).view(1, 3, 1, 1)
    k = (offsets + 6 * hue) % 6
    return value - value * saturation * torch.minimum(k, 4 - k).clamp(0, 1)


def gaussian_blur(images: Tensor, sigmas: Tensor, kernel_size: int) -> Tensor:
    """Convolve with weights proportional to exp(-d² / 2σ²), one σ for each image, along the rows, then the columns."""
    reach = kernel_size // 2
    distances = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
    weights = torch.softmax(-((distances / sigmas.to(images.dtype)[:, None]) ** 2) / 2, 1)  # (N, kernel_size)
    weights = weights * (weights > 1e-12)  # numbers below the normal range are slow
    padded = F.pad(images, (reach,) * 4, mode="reflect")
    across = _weighted(padded, weights, 3)
    return _weighted(across, weights, 2)


def _weighted(images: Tensor, weights: Tensor, along: int) -> Tensor:
    """Correlate along one axis with one kernel for each image: weights (N, k)."""
    length = images.shape[along] - weights.shape[1] + 1
    # Shifted copies: a convolution would be rounded to bfloat16 under autocast.
    total = per_image(weights[:, 0], images) * images.narrow(along, 0, length)
    for start in range(1, weights.shape[1]):
        total = total.addcmul(per_image(weights[:, start], images), images.narrow(along, start, length))
    return total
