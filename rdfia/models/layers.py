"""Layers and an initialisation whose randomness is an explicit generator."""

import math

import torch
from torch import Generator, Tensor, nn


class Dropout(nn.Module):
    """In training y = x · m / (1 - p), with m ~ Bernoulli(1 - p) for each unit; otherwise y = x.

    So the expectation of y is x in both, without rescaling at test time (Srivastava et al. 2014, inverted form).
    """

    def __init__(self, p: float, generator: Generator) -> None:
        super().__init__()
        self.p = p
        self.seed = int(torch.randint(2**31, (), generator=generator))
        self.generator: Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        if self.generator is None:  # made on the device of x, from the network's own seed
            self.generator = Generator(x.device).manual_seed(self.seed)
        mask = torch.rand(x.shape, generator=self.generator, device=x.device) >= self.p
        return x * mask / (1 - self.p)


def initialise(module: nn.Module, generator: Generator) -> None:
    """Initialise convolutions and dense layers by PyTorch's default: U(-1/√n, 1/√n) for n inputs of a unit."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            bound = 1 / math.sqrt(layer.weight[0].numel())
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
