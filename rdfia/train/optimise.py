"""Optimisers as their equations, and schedules as pure functions of the step.

Each is one class: an optimiser's `update` moves one tensor of weights, a schedule is called with a step and gives the
factor on the learning rate. A new one is a class here and a word in `Optimiser` or `Schedule`. They are written out,
and tested against `torch.optim`, because that is the course, and because the first use of `torch.optim` imports
PyTorch's compiler: seconds for every process of a study of small runs.
"""

import math
from collections.abc import Iterable
from typing import Annotated, Literal, Protocol

import torch
from pydantic import Field
from torch import Tensor, nn

from rdfia.config import Config, named

State = dict[str, Tensor]  # what an optimiser remembers of one tensor of weights


class _Optimiser(Config):
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(0.0, ge=0)

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        raise NotImplementedError

    def over(self, weights: Iterable[nn.Parameter]) -> "Steps":
        """This optimiser at work on the weights of one network."""
        return Descent(self, weights)


class SGD(_Optimiser):
    """g ← g + weight_decay · w; v ← μ v + g; w ← w - η v, or with Nesterov's momentum w - η (g + μ v)."""

    name: Literal["sgd"] = "sgd"
    momentum: float = Field(0.0, ge=0, lt=1)
    nesterov: bool = False

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        if self.weight_decay:
            g = g.add(w, alpha=self.weight_decay)
        if self.momentum:
            v = state.setdefault("v", torch.zeros_like(w)).mul_(self.momentum).add_(g)
            g = g.add(v, alpha=self.momentum) if self.nesterov else v
        w.sub_(g, alpha=rate)


class TorchSGD(SGD):
    """The same update as `sgd`, left to torch.optim: its first step costs an import of seconds."""

    name: Literal["torch_sgd"] = "torch_sgd"  # type: ignore[assignment]

    def over(self, weights: Iterable[nn.Parameter]) -> "Steps":
        return TorchDescent(self, weights)


class Adam(_Optimiser):
    """m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²; w ← w - η m̂ / (√v̂ + ε), m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ).

    Kingma and Ba 2015. The decay is part of the gradient: g ← g + weight_decay · w.
    """

    name: Literal["adam"] = "adam"
    beta1: float = Field(0.9, ge=0, lt=1)
    beta2: float = Field(0.999, ge=0, lt=1)
    epsilon: float = Field(1e-8, gt=0)

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        self.moments(w, g.add(w, alpha=self.weight_decay), state, rate)

    def moments(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        """The step of Adam along the gradient `g`."""
        t = state.setdefault("t", torch.zeros((), dtype=torch.int64)).add_(1).item()
        m = state.setdefault("m", torch.zeros_like(w)).lerp_(g, 1 - self.beta1)
        v = state.setdefault("v", torch.zeros_like(w)).mul_(self.beta2).addcmul_(g, g, value=1 - self.beta2)
        root = (v / (1 - self.beta2**t)).sqrt_().add_(self.epsilon)
        w.addcdiv_(m, root, value=-rate / (1 - self.beta1**t))


class AdamW(Adam):
    """Adam, with the weights shrunk beside the step: w ← w - η weight_decay · w (Loshchilov and Hutter 2019)."""

    name: Literal["adamw"] = "adamw"  # type: ignore[assignment]

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        w.mul_(1 - rate * self.weight_decay)
        self.moments(w, g, state, rate)


class Steps(Protocol):
    """An optimiser at work on the weights of one network."""

    learning_rate: float

    def step(self, factor: float) -> None:
        """Move every weight along its gradient, and forget the gradients; `factor` is on the learning rate."""


class Descent:
    """The written-out optimisers at work."""

    def __init__(self, optimiser: _Optimiser, parameters: Iterable[nn.Parameter]) -> None:
        self.optimiser, self.learning_rate = optimiser, optimiser.learning_rate
        self.weights: list[tuple[nn.Parameter, State]] = [(w, {}) for w in parameters]

    @torch.no_grad()
    def step(self, factor: float) -> None:
        for w, state in self.weights:
            if w.grad is not None:
                self.optimiser.update(w, w.grad, state, factor * self.learning_rate)
                w.grad = None


class TorchDescent:
    """PyTorch's own SGD at work."""

    def __init__(self, optimiser: SGD, parameters: Iterable[nn.Parameter]) -> None:
        self.learning_rate = optimiser.learning_rate
        settings = optimiser.model_dump(include={"momentum", "nesterov", "weight_decay"})
        self.optimiser = torch.optim.SGD(parameters, self.learning_rate, **settings)

    def step(self, factor: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = factor * self.learning_rate
        self.optimiser.step()
        self.optimiser.zero_grad()


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


Optimiser = Annotated[Annotated[SGD | TorchSGD | Adam | AdamW, Field(discriminator="name")], named]
Schedule = Annotated[Annotated[Constant | Exponential | Cosine, Field(discriminator="name")], named]
