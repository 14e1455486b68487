"""Procedural stand-in for CIFAR-10: ten classes of coloured objects in clutter, 32x32 pixels, from a seed.

An image is painted from back to front: a shaded background, a bar, the object, two more bars that may cover it; then
each channel gets its own gain and offset (the colour cast), and each pixel its noise. Position, angle, size,
proportion, colour, shading and contrast have the same distribution for all classes: they differ in shape alone. The
power of the images falls with the frequency about as that of photographs, so that whitening does to them what it does
to those.
"""

import math
from pathlib import Path
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config
from rdfia.data.forms import FORMS, Form, bar
from rdfia.data.sampling import uniform
from rdfia.data.store import RawData, Split

SIDE = 32
CHUNK = 256  # images painted at once: the working memory stays in the cache
MEAN, HUES, SHADES = 0.42, 0.12, 0.13  # of the background: mean, deviation between images, deviation within one
GREY = 0.8  # the share of light and shade in the shading, beside colours
FALL = 2.2  # of the shading's amplitude with the frequency; edges, which fall by 1, add the fine detail
BRIGHTER = 0.66  # the strongest object's contrast against the mean of what it is painted on


class Objects(Config):
    """Ten classes of objects, uint8 (N, 3, 32, 32); the settings below `test` make them easier or harder."""

    label: ClassVar[str] = "procedural objects (embedded)"
    stands_for: ClassVar[str | None] = None
    name: Literal["objects"] = "objects"
    train: int = Field(1500, ge=10, le=10**5)
    test: int = Field(500, ge=10, le=10**5)
    seed: int = Field(0, ge=0)
    clutter: float = Field(0.6, ge=0, le=1, description="probability of each of the three bars")
    wander: float = Field(0.17, ge=0, le=0.5, description="largest shift from the centre, in half widths")
    turn: float = Field(0.3, ge=0, le=1, description="largest angle, in half turns")
    faint: float = Field(0.35, gt=0, le=1, description="contrast of the faintest object against the strongest")
    cast: float = Field(0.1, ge=0, le=0.5, description="deviation of each channel's gain")
    noise: float = Field(0.06, ge=0, le=0.5, description="deviation of each pixel")

    def load(self, root: Path) -> RawData:
        """Paint both splits, each from its own generator; nothing is read from `root`."""
        train, test = (self._sample(n, 2 * self.seed + part) for part, n in enumerate((self.train, self.test)))
        note = f"painted by the program from seed {self.seed}: coloured forms in clutter, no photographs"
        return RawData(train, test, tuple(FORMS), note)

    def _sample(self, count: int, seed: int) -> Split:
        generator = torch.Generator().manual_seed(seed)
        y = (torch.arange(count) % len(FORMS))[torch.randperm(count, generator=generator)]
        return Split(torch.cat([self._paint(part, generator) for part in torch.split(y, CHUNK)]), y)

    def _paint(self, y: Tensor, generator: Generator) -> Tensor:
        """Return images uint8 (N, 3, 32, 32) of the classes `y` (N)."""
        hue = MEAN + HUES * torch.randn(len(y), 3, 1, 1, generator=generator)
        image = hue + _shading(len(y), generator)
        image = self._add_bar(image, generator)
        image = self._add(image, self._object_coverage(y, generator), generator)
        for _ in range(2):
            image = self._add_bar(image, generator)
        return self._add_cast_and_noise(image, generator)

    def _object_coverage(self, y: Tensor, generator: Generator) -> Tensor:
        """Return the share of each pixel that the object covers, in [0, 1] (N, 32, 32)."""
        frame = _frame_coordinates(len(y), generator, (0.55, 0.75), self.wander, self.turn)
        cover = torch.empty_like(frame[0])
        for label, form in enumerate(FORMS.values()):
            cover[y == label] = _coverage(form, frame[0][y == label], frame[1][y == label], 0.06)
        return cover

    def _add_bar(self, image: Tensor, generator: Generator) -> Tensor:
        cover = _coverage(bar, *_frame_coordinates(len(image), generator, (0.12, 0.25), 0.9), 0.1)
        shown = torch.rand(len(image), 1, 1, generator=generator) < self.clutter
        return self._add(image, cover * shown, generator)

    def _add(self, image: Tensor, cover: Tensor, generator: Generator) -> Tensor:
        """Blend a shaded hue into the covered pixels, brighter than the image's mean."""
        n = len(image)
        hue = F.normalize(torch.randn(n, 3, 1, 1, generator=generator) + 2, dim=1)
        contrast = BRIGHTER * uniform((n, 1, 1), self.faint, 1, generator).unsqueeze(1)
        painted = image.mean(dim=(2, 3), keepdim=True) + contrast * hue + _shading(n, generator)
        return torch.lerp(image, painted, cover.unsqueeze(1))

    def _add_cast_and_noise(self, image: Tensor, generator: Generator) -> Tensor:
        """Add the colour cast and the noise, and convert to uint8."""
        n = len(image)
        gain = 1 + self.cast * torch.randn(n, 3, 1, 1, generator=generator)
        offset = self.cast / 2 * torch.randn(n, 3, 1, 1, generator=generator)
        grain = self.noise * torch.randn(image.shape, generator=generator)
        lit = MEAN + (image - MEAN) * gain + offset + grain
        return (lit.clamp(0, 1) * 255).round().to(torch.uint8)


def _frame_coordinates(
    n: int, generator: Generator, scale: tuple[float, float], wander: float, turn: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Return each pixel's coordinates (N, 32, 32) in the frame of a shape: shifted, rotated, scaled and stretched."""
    axis = (torch.arange(SIDE) + 0.5) / (SIDE / 2) - 1
    y, x = torch.meshgrid(-axis, axis, indexing="ij")
    x, y = x - uniform((n, 1, 1), -wander, wander, generator), y - uniform((n, 1, 1), -wander, wander, generator)
    angle = uniform((n, 1, 1), -math.pi * turn, math.pi * turn, generator)
    size = uniform((n, 1, 1), *scale, generator)
    stretch = uniform((n, 1, 1), -0.15, 0.15, generator).exp()
    across, along = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()
    return across / (size * stretch), along / (size / stretch)


def _coverage(form: Form, x: Tensor, y: Tensor, softness: float) -> Tensor:
    return torch.sigmoid(-form(x, y) / softness)


def _shading(n: int, generator: Generator) -> Tensor:
    """Return light and shade with some colour, random fields whose amplitude falls as f^-FALL (N, 3, 32, 32).

    They are cut from fields of twice the side, as a field that a Fourier sum draws repeats itself.
    """
    side = 2 * SIDE
    frequency = torch.hypot(torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)).clamp(min=1 / side)
    waves = torch.fft.rfft2(torch.randn(n, 3, side, side, generator=generator))
    field = torch.fft.irfft2(waves * frequency**-FALL)[..., :SIDE, :SIDE]
    shade = torch.lerp(field, math.sqrt(3) * field.mean(dim=1, keepdim=True), GREY)
    return SHADES * shade / shade.std()
