"""Optimisers, and schedules as pure functions of the step.

Each is one class: an optimiser's `build` takes the parameters, a schedule is called with a step and gives the factor
on the learning rate. A new one is a class here and a word in `Optimiser` or `Schedule`.
"""

import math
from collections.abc import Iterable
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import nn

from rdfia.config import Config, named


class _Optimiser(Config):
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(0.0, ge=0)


class SGD(_Optimiser):
    """v ← μ v + g; w ← w - η v, with g the gradient plus weight_decay · w."""

    name: Literal["sgd"] = "sgd"
    momentum: float = Field(0.0, ge=0, lt=1)
    nesterov: bool = False

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(
            parameters, self.learning_rate, self.momentum, weight_decay=self.weight_decay, nesterov=self.nesterov
        )


class Adam(_Optimiser):
    """w ← w - η m̂ / (√v̂ + ε), m and v the running means of g and g² (Kingma and Ba 2015)."""

    name: Literal["adam"] = "adam"

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, self.learning_rate, weight_decay=self.weight_decay)


class AdamW(_Optimiser):
    """Adam, with the weights shrunk by η · weight_decay beside the step (Loshchilov and Hutter 2019)."""

    name: Literal["adamw"] = "adamw"

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.AdamW(parameters, self.learning_rate, weight_decay=self.weight_decay)


class Constant(Config):
    """1."""

    name: Literal["constant"] = "constant"

    def __call__(self, step: int, per_epoch: int, epochs: int) -> float:
        return 1.0


class Exponential(Config):
    """gamma^epoch, one drop at the end of every epoch."""

    name: Literal["exponential"] = "exponential"
    gamma: float = Field(0.95, gt=0, le=1)

    def __call__(self, step: int, per_epoch: int, epochs: int) -> float:
        return self.gamma ** (step // per_epoch)


class Cosine(Config):
    """A linear rise over `warmup` epochs, then (1 + cos(π t)) / 2 with t from 0 to 1 over the steps that are left."""

    name: Literal["cosine"] = "cosine"
    warmup: float = Field(0.0, ge=0)

    def __call__(self, step: int, per_epoch: int, epochs: int) -> float:
        rise = round(self.warmup * per_epoch)
        if step < rise:
            return (step + 1) / rise
        return (1 + math.cos(math.pi * (step - rise) / max(1, per_epoch * epochs - rise))) / 2


Optimiser = Annotated[Annotated[SGD | Adam | AdamW, Field(discriminator="name")], named]
Schedule = Annotated[Annotated[Constant | Exponential | Cosine, Field(discriminator="name")], named]
