"""Schedules, the factor on the learning rate at each step, as pure functions; and the rate that a range test suggests.

A schedule is called with a step, the steps in an epoch and the epochs of the run. A new one is a class here with one
method, `shape`, and a word in `Schedule`.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, model_validator

from rdfia.config import Config, listed, named


class _Schedule(Config):
    """A linear rise over `warmup` epochs to where the schedule starts, then the schedule over the steps that are left.

    Goyal et al. 2017: random weights do not bear the rate that suits them later.
    """

    logs_steps: ClassVar[bool] = False  # keep the loss of every step, as a range test needs it
    warmup: float = Field(0.0, ge=0)

    def __call__(self, step: int, per_epoch: int, epochs: int) -> float:
        rise = round(self.warmup * per_epoch)
        left = max(1, per_epoch * epochs - rise)
        if step < rise:
            return (step + 1) / rise * self.shape(0, per_epoch, left)
        return self.shape(step - rise, per_epoch, left)

    def shape(self, step: int, per_epoch: int, steps: int) -> float:
        """Return the factor at one of the `steps` after the warm-up."""
        raise NotImplementedError


class Constant(_Schedule):
    """1 at every step."""

    name: Literal["constant"] = "constant"

    def shape(self, step: int, per_epoch: int, steps: int) -> float:
        return 1.0


class Logged(Constant):
    """1 at every step, whose loss is kept."""

    logs_steps: ClassVar[bool] = True
    name: Literal["logged"] = "logged"  # type: ignore[assignment]


class Exponential(_Schedule):
    """gamma^epoch, one drop at the end of every epoch."""

    name: Literal["exponential"] = "exponential"
    gamma: float = Field(0.95, gt=0, le=1)

    def shape(self, step: int, per_epoch: int, steps: int) -> float:
        return self.gamma ** (step // per_epoch)


class Step(_Schedule):
    """gamma^drops, one drop at each share `at` of the steps: half and three quarters as in He et al. 2016."""

    name: Literal["step"] = "step"
    at: Annotated[tuple[Annotated[float, Field(gt=0, lt=1)], ...], listed, Field(min_length=1)] = (0.5, 0.75)
    gamma: float = Field(0.1, gt=0, le=1)

    def shape(self, step: int, per_epoch: int, steps: int) -> float:
        return float(self.gamma ** sum(step >= share * steps for share in self.at))


class InverseTime(_Schedule):
    """1 / (1 + gamma t), t the epochs so far with their fraction.

    Robbins and Monro 1951: its sum over the steps has no bound and the sum of its squares has one.
    """

    name: Literal["inverse_time"] = "inverse_time"
    gamma: float = Field(0.1, gt=0)

    def shape(self, step: int, per_epoch: int, steps: int) -> float:
        return 1 / (1 + self.gamma * step / per_epoch)


class Polynomial(_Schedule):
    """(1 - t)^power, with t from 0 to 1 over the steps (Liu, Rabinovich and Berg 2015: "poly")."""

    name: Literal["polynomial"] = "polynomial"
    power: float = Field(1.0, gt=0)

    def shape(self, step: int, per_epoch: int, steps: int) -> float:
        return float((1 - step / steps) ** self.power)


class Cosine(_Schedule):
    """(1 + cos(π t)) / 2, with t from 0 to 1 over the steps (Loshchilov and Hutter 2017)."""

    name: Literal["cosine"] = "cosine"

    def shape(self, step: int, per_epoch: int, steps: int) -> float:
        return (1 + math.cos(math.pi * step / steps)) / 2


class Cyclical(_Schedule):
    """low + (1 - low) (1 - |2 t - 1|), with t from 0 to 1 over each of the `cycles`: triangles (Smith 2017)."""

    name: Literal["cyclical"] = "cyclical"
    cycles: float = Field(4.0, gt=0)
    low: float = Field(0.1, ge=0, lt=1)

    def shape(self, step: int, per_epoch: int, steps: int) -> float:
        t = math.fmod(self.cycles * step / steps, 1)
        return self.low + (1 - self.low) * (1 - abs(2 * t - 1))


class OneCycle(_Schedule):
    """From `low` up to 1 over the share `rise` of the steps, then down to `end` at the last, by half cosines.

    Smith and Topin 2018: a high rate in the middle regularises, the low one at the end settles.
    """

    name: Literal["one_cycle"] = "one_cycle"
    rise: float = Field(0.3, gt=0, lt=1)
    low: float = Field(0.04, ge=0, le=1)
    end: float = Field(4e-6, ge=0, le=1)

    def shape(self, step: int, per_epoch: int, steps: int) -> float:
        top, last = max(0.0, self.rise * steps - 1), steps - 1  # the last step of the rise, the last of all
        if step <= top:
            return _half_cosine(self.low, 1.0, step / top if top else 1.0)
        return _half_cosine(1.0, self.end, (step - top) / (last - top))


def _half_cosine(start: float, end: float, t: float) -> float:
    """Return end + (start - end) (1 + cos(π t)) / 2: level at both ends."""
    return end + (start - end) * (1 + math.cos(math.pi * t)) / 2


class RangeTest(_Schedule):
    """low · (high / low)^t, with t from 0 at the first step to 1 at the last: every rate is used once.

    Smith 2017, with even steps of the logarithm: rates that matter lie decades apart. `suggest` reads the losses.
    """

    logs_steps: ClassVar[bool] = True
    name: Literal["range_test"] = "range_test"
    low: float = Field(1e-4, gt=0)
    high: float = Field(100.0, gt=0)

    @model_validator(mode="after")
    def _rises(self) -> "RangeTest":
        if self.low >= self.high:
            raise ValueError("a low below high")
        if self.warmup:
            raise ValueError("no warmup, as the rates rise from the first step on")
        return self

    def shape(self, step: int, per_epoch: int, steps: int) -> float:
        return float(self.low * (self.high / self.low) ** (step / max(1, steps - 1)))


def suggest(rates: Sequence[float], losses: Sequence[float], window: float = 0.1) -> float | None:
    """Return the rate at which the smoothed loss falls most steeply before it diverges; None where noise falls as much.

    u = log rate; in each stretch of `window` of the points, the least-squares line L ≈ L̄ + b (u - ū) smooths and has
    the slope b = Σ (u - ū) L / Σ (u - ū)², which lags behind nothing, as the slope of a running mean would. Of the
    stretches up to that with the smallest L̄, the one with the smallest b gives the rate exp ū: there a step pays most,
    and at the smallest loss itself the rate is about to be too large. Losses after one that is no number are not
    used. Noise is three standard errors of the difference between the first L̄ and the smallest.
    """
    if len(rates) != len(losses) or min(rates, default=0) <= 0 or any(a >= b for a, b in pairwise(rates)):
        raise ValueError("a range test needs a loss for each rate, and positive rates that rise")
    known = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    width = max(3, round(window * len(losses)))
    if known < width:
        return None
    rate, loss = (torch.tensor(v[:known], dtype=torch.float64).unfold(0, width, 1) for v in (rates, losses))
    lowest = int(loss.mean(1).argmin())  # rate and loss are (stretches, width)
    if loss[0].mean() - loss[lowest].mean() <= 3 * loss[0].std() * (2 / width) ** 0.5:
        return None
    u = rate.log()
    apart = u - u.mean(1, keepdim=True)
    slopes = (apart * loss).sum(1) / apart.square().sum(1)
    return float(u[slopes[: lowest + 1].argmin()].mean().exp())


Schedule = Annotated[
    Annotated[
        Constant | Logged | Exponential | Step | InverseTime | Polynomial | Cosine | Cyclical | OneCycle | RangeTest,
        Field(discriminator="name"),
    ],
    named,
]
