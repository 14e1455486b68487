"""Procedural stand-in for CIFAR-10: ten classes of coloured objects in clutter, 32x32 pixels, drawn from a seed.

A picture is painted from back to front: a patchy, striped background, a bar, the object, two more bars that may cover
it; then each channel gets a gain and an offset of its own (the colour cast), and each pixel its noise. Position, angle,
size, proportion, colour, texture and contrast are drawn alike for all classes: the form alone tells them apart.
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
from rdfia.data.store import RawData, Split

SIDE = 32
CHUNK = 256  # pictures painted at once: the working memory stays in the cache
DARK = 0.06  # the background's mean; dark pictures with bright objects leave raw inputs in [0, 1] usable


class Objects(Config):
    """Ten classes of objects, uint8 (N, 3, 32, 32); the settings below `test` make them easier or harder."""

    label: ClassVar[str] = "procedural objects (embedded)"
    stands_for: ClassVar[str | None] = None
    name: Literal["objects"] = "objects"
    train: int = Field(1500, ge=10)
    test: int = Field(500, ge=10)
    seed: int = Field(0, ge=0)
    clutter: float = Field(0.6, ge=0, le=1, description="probability of each of the three bars")
    wander: float = Field(0.17, ge=0, le=0.5, description="largest shift from the centre, in half widths")
    turn: float = Field(0.3, ge=0, le=1, description="largest angle, in half turns")
    faint: float = Field(0.35, gt=0, le=1, description="contrast of the faintest object against the strongest")
    cast: float = Field(0.1, ge=0, le=0.5, description="deviation of each channel's gain")
    noise: float = Field(0.06, ge=0, le=0.5, description="deviation of each pixel")

    def load(self, root: Path) -> RawData:
        """Paint both splits, each from its own stream; nothing is read from `root`."""
        train, test = (self._draw(n, 2 * self.seed + part) for part, n in enumerate((self.train, self.test)))
        note = f"painted by the program from seed {self.seed}: coloured forms in clutter, no photographs"
        return RawData(train, test, tuple(FORMS), note)

    def _draw(self, count: int, seed: int) -> Split:
        generator = torch.Generator().manual_seed(seed)
        y = (torch.arange(count) % len(FORMS))[torch.randperm(count, generator=generator)]
        return Split(torch.cat([self._paint(part, generator) for part in torch.split(y, CHUNK)]), y)

    def _paint(self, y: Tensor, generator: Generator) -> Tensor:
        """Pictures uint8 (N, 3, 32, 32) of the classes `y` (N)."""
        picture = _texture(len(y), generator)
        picture = self._add_bar(picture, generator)
        picture = self._add(picture, self._objects(y, generator), generator)
        for _ in range(2):
            picture = self._add_bar(picture, generator)
        return self._light(picture, generator)

    def _objects(self, y: Tensor, generator: Generator) -> Tensor:
        """How much of each pixel the object covers, in [0, 1] (N, 32, 32)."""
        place = _place(len(y), generator, (0.55, 0.75), self.wander, self.turn)
        cover = torch.empty_like(place[0])
        for label, form in enumerate(FORMS.values()):
            cover[y == label] = _cover(form, place[0][y == label], place[1][y == label], 0.06)
        return cover

    def _add_bar(self, picture: Tensor, generator: Generator) -> Tensor:
        cover = _cover(bar, *_place(len(picture), generator, (0.12, 0.25), 0.9), 0.1)
        shown = torch.rand(len(picture), 1, 1, generator=generator) < self.clutter
        return self._add(picture, cover * shown, generator)

    def _add(self, picture: Tensor, cover: Tensor, generator: Generator) -> Tensor:
        """Lay a textured coat over the covered pixels, brighter than the picture's mean in a random hue."""
        n = len(picture)
        hue = F.normalize(torch.randn(n, 3, 1, 1, generator=generator) + 2.5, dim=1)
        contrast = 2.8 * _uniform(n, self.faint, 1, generator).unsqueeze(1)
        coat = picture.mean(dim=(2, 3), keepdim=True) + contrast * hue + 0.5 * (_texture(n, generator) - 0.5)
        return torch.lerp(picture, coat, cover.unsqueeze(1))

    def _light(self, picture: Tensor, generator: Generator) -> Tensor:
        """The colour cast and the noise; to uint8."""
        n = len(picture)
        gain = 1 + self.cast * torch.randn(n, 3, 1, 1, generator=generator)
        offset = self.cast / 2 * torch.randn(n, 3, 1, 1, generator=generator)
        grain = self.noise * torch.randn(picture.shape, generator=generator)
        lit = DARK + (picture - DARK) * gain + offset + grain
        return (lit.clamp(0, 1) * 255).round().to(torch.uint8)


def _uniform(n: int, low: float, high: float, generator: Generator) -> Tensor:
    return low + (high - low) * torch.rand(n, 1, 1, generator=generator)


def _place(
    n: int, generator: Generator, scale: tuple[float, float], wander: float, turn: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Each pixel's coordinates (N, 32, 32) in the frame of a form that is shifted, turned, scaled and stretched."""
    axis = (torch.arange(SIDE) + 0.5) / (SIDE / 2) - 1
    y, x = torch.meshgrid(-axis, axis, indexing="ij")
    x, y = x - _uniform(n, -wander, wander, generator), y - _uniform(n, -wander, wander, generator)
    angle = _uniform(n, -math.pi * turn, math.pi * turn, generator)
    size = _uniform(n, *scale, generator)
    stretch = _uniform(n, -0.15, 0.15, generator).exp()
    across, along = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()
    return across / (size * stretch), along / (size / stretch)


def _cover(form: Form, x: Tensor, y: Tensor, softness: float) -> Tensor:
    return torch.sigmoid(-form(x, y) / softness)


def _texture(n: int, generator: Generator) -> Tensor:
    """A dark colour under slow patches of other colours and stripes (N, 3, 32, 32)."""
    base = 2 * DARK * torch.rand(n, 3, 1, 1, generator=generator)
    patches = F.interpolate(torch.randn(n, 3, 5, 5, generator=generator), SIDE, mode="bicubic", align_corners=False)
    stripes = torch.sin(math.pi * _place(n, generator, (0.08, 0.3), 1.0)[0]).unsqueeze(1)
    return base + 0.12 * patches + 0.06 * stripes * torch.randn(n, 3, 1, 1, generator=generator)
