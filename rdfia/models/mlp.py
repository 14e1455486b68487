"""The network by hand of part 1: x → Linear → tanh → Linear, with the gradients by autograd."""

from typing import Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from rdfia.config import Config


class Perceptron(nn.Module):
    """ỹ = tanh(x Whᵀ + bh) Wyᵀ + by, for x of shape (N, nx); softmax is part of the loss."""

    def __init__(self, inputs: int, hidden: int, outputs: int, scale: float, generator: Generator) -> None:
        super().__init__()
        self.Wh, self.bh = _normal((hidden, inputs), scale, generator), _normal((hidden,), scale, generator)
        self.Wy, self.by = _normal((outputs, hidden), scale, generator), _normal((outputs,), scale, generator)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(x.flatten(1) @ self.Wh.T + self.bh)  # (N, nh)
        return h @ self.Wy.T + self.by  # (N, ny)


def _normal(shape: tuple[int, ...], scale: float, generator: Generator) -> nn.Parameter:
    return nn.Parameter(torch.randn(shape, generator=generator) * scale)


class MLP(Config):
    """One hidden layer of `hidden` tanh units; weights and biases start as N(0, scale²)."""

    name: Literal["mlp"] = "mlp"
    hidden: int = Field(10, ge=1)
    scale: float = Field(0.3, gt=0)

    def build(self, shape: tuple[int, ...], classes: int, generator: Generator) -> nn.Module:
        return Perceptron(torch.Size(shape).numel(), self.hidden, classes, self.scale, generator)
