"""Two classes of points in the plane, one surrounding the other: data that no straight line separates."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from rdfia.config import Config
from rdfia.data.store import RawData, Split, shuffle

LIMIT = 2.0  # the points stay within [-LIMIT, LIMIT]^2


class Circles(Config):
    """Points at a uniform angle and a radius r ~ N(inner or outer, noise^2), truncated to 0 <= r <= 2.

    Both classes are equally frequent and overlap, so that no classifier exceeds `ceiling()`.
    """

    label: ClassVar[str] = "circles"
    stands_for: ClassVar[str | None] = "circles"
    name: Literal["circles"] = "circles"
    train: int = Field(400, ge=2, le=10**6)
    test: int = Field(200, ge=2, le=10**6)
    inner: float = Field(0.7, gt=0, lt=LIMIT)
    outer: float = Field(1.4, gt=0, lt=LIMIT)
    noise: float = Field(0.22, gt=0, le=1)
    seed: int = 0

    @model_validator(mode="after")
    def _nested(self) -> Self:
        if self.inner >= self.outer:
            raise ValueError(f"inner below outer (inner {self.inner}, outer {self.outer})")
        return self

    def load(self, root: Path) -> RawData:
        """Sample both splits; nothing is read from `root`."""
        generator = torch.Generator().manual_seed(self.seed)
        train, test = self.sample(self.train, generator), self.sample(self.test, generator)
        note = f"points drawn from two noisy circles; no classifier is expected to exceed {self.ceiling():.1%} accuracy"
        return RawData(train, test, ("outer", "inner"), note)

    def density(self, radius: Tensor) -> Tensor:
        """Return the density of the radius under each class (2, ...): a normal density truncated to [0, 2]."""
        centre = torch.tensor([self.outer, self.inner], dtype=radius.dtype).view(2, *[1] * radius.ndim)
        low, high = self._cumulative(centre, 0.0), self._cumulative(centre, LIMIT)
        bell = torch.exp(-0.5 * ((radius - centre) / self.noise) ** 2) / (self.noise * (2 * torch.pi) ** 0.5)
        inside = (radius >= 0) & (radius <= LIMIT)
        return torch.where(inside, bell / (high - low), torch.zeros_like(bell))

    def ceiling(self, steps: int = 20_001) -> float:
        """Return the Bayes accuracy: the integral over r of max(p(r | outer), p(r | inner)) / 2."""
        radius = torch.linspace(0, LIMIT, steps, dtype=torch.float64)
        best = self.density(radius).amax(dim=0) / 2
        return float(torch.trapezoid(best, radius))

    def _cumulative(self, centre: Tensor, radius: float) -> Tensor:
        share: Tensor = torch.special.ndtr((radius - centre) / self.noise)
        return share

    def sample(self, count: int, generator: torch.Generator) -> Split:
        y = torch.arange(count) % 2
        centre = _by_label((self.outer, self.inner), y)
        low, high = self._cumulative(centre, 0.0), self._cumulative(centre, LIMIT)
        share = torch.rand(count, dtype=torch.float64, generator=generator)
        radius = centre + self.noise * torch.special.ndtri(low + share * (high - low))
        angle = 2 * torch.pi * torch.rand(count, dtype=torch.float64, generator=generator)
        x = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=1)
        return shuffle(Split(x.float().clamp(-LIMIT, LIMIT), y), generator)


def _by_label(values: Sequence[float], y: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[y]
