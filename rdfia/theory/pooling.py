"""Question 1c.3: how much of what a convolution finds changes when the image moves, without pooling and with it.

A smooth random picture is moved, turned, scaled or mirrored, and goes through one convolution with random filters, a
ReLU and a maximum over windows. Only the middle is compared, which no border reaches. What changes where another
picture is shown is the measure: 1 is a complete change.
"""

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor
from torch.nn import functional

from rdfia.config import Config, listed
from rdfia.data.store import Split
from rdfia.theory.answer import Answer

SIDE, MIDDLE = 96, 64  # pixels: what is compared stays inside when it is turned
BLUR = 7  # pixels over which the noise is averaged, twice


def turned(degrees: float) -> Tensor:
    """Return the matrix that turns an image."""
    angle = math.radians(degrees)
    return torch.tensor([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0]])


def shifted(pixels: float) -> Tensor:
    """Return the matrix that shifts an image to the side."""
    return torch.tensor([[1, 0, 2 * pixels / SIDE], [0, 1, 0]])


CHANGES: dict[str, Tensor] = {
    "shifted by 1 pixel": shifted(1),
    "shifted by 2 pixels": shifted(2),
    "shifted by 4 pixels": shifted(4),
    "turned by 5°": turned(5),
    "turned by 15°": turned(15),
    "turned by 180°": turned(180),
    "larger by 10 %": torch.tensor([[1 / 1.1, 0, 0], [0, 1 / 1.1, 0]]),
    "mirrored": torch.tensor([[-1.0, 0, 0], [0, 1, 0]]),
}


class Pooling(Config):
    """Changes of `pictures` pictures seen by `filters` filters and windows of `windows` pixels, 1 being no pooling."""

    name: Literal["pooling"] = "pooling"
    windows: Annotated[tuple[Annotated[int, Field(ge=1, le=16)], ...], listed, Field(min_length=1)] = (1, 2, 4, 8)
    filters: int = Field(16, ge=1, le=256)
    pictures: int = Field(8, ge=2, le=256)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return for each change and window the share of the features that changed; the circles are not needed."""
        generator = Generator().manual_seed(self.seed)
        pictures = smooth(self.pictures, generator)
        filters = torch.randn(self.filters, 1, 5, 5, generator=generator)
        filters -= filters.mean((2, 3), keepdim=True)
        plain = moved(pictures, turned(0))
        whole = [changed(plain, plain.roll(1, 0), filters, window) for window in self.windows]
        rows = {name: moved(pictures, matrix) for name, matrix in CHANGES.items()}
        shares = {
            name: [
                changed(plain, other, filters, window) / all_of_it
                for window, all_of_it in zip(self.windows, whole, strict=True)
            ]
            for name, other in rows.items()
        }
        return Answer({"windows": list(self.windows), "filters": self.filters, "changed": shares})


def smooth(count: int, generator: Generator) -> Tensor:
    """Draw smooth pictures: noise that is averaged over neighbours twice, with mean 0 and variance 1."""
    noise = torch.randn(count, 1, SIDE + 2 * (BLUR - 1), SIDE + 2 * (BLUR - 1), generator=generator)
    for _ in range(2):
        noise = functional.avg_pool2d(noise, BLUR, 1)
    return (noise - noise.mean((2, 3), keepdim=True)) / noise.std((2, 3), keepdim=True)


def moved(pictures: Tensor, matrix: Tensor) -> Tensor:
    """Return the pictures after an affine change, each pixel interpolated."""
    grid = functional.affine_grid(matrix.float().expand(len(pictures), 2, 3), list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, align_corners=False)


def changed(one: Tensor, two: Tensor, filters: Tensor, window: int) -> float:
    """Return ‖f(one) − f(two)‖ / ‖f(one)‖ over the middle of all maps."""
    cut = (SIDE - MIDDLE) // 2
    maps = [functional.conv2d(each, filters, padding=2)[..., cut:-cut, cut:-cut].relu() for each in (one, two)]
    before, after = (functional.max_pool2d(each, window) for each in maps)
    return float((before - after).norm() / before.norm())
