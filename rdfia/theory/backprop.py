"""Question 12: the products that backpropagation saves, counted on a chain of tanh layers, h_l = tanh(W_l h_{l-1}).

The loss is ½‖h_L − y‖², and δ_l stands for its gradient on the input of layer l:

    δ_L = (h_L − y) ⊙ (1 − h_L²)    δ_l = (W_{l+1}ᵀ δ_{l+1}) ⊙ (1 − h_l²)    ∇W_l = δ_l h_{l-1}ᵀ

Three methods give the same gradients; they differ in the products that they repeat. `Counter` does and counts each.
Of a function of n numbers with m values, all derivatives take n passes forward, or one forward and m back.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, field_validator
from torch import Tensor

from rdfia.config import Config, listed
from rdfia.data.store import Split
from rdfia.theory.answer import Answer

SHAPES = ((2, 50), (50, 2), (10, 10))  # inputs and outputs
CLAIMS = (
    {"reports": 2, "backprop": "O(n)", "naive": "O(n²)"},
    {"reports": 1, "backprop": None, "naive": "O(n!)"},
)
Depth = Annotated[int, Field(ge=1, le=128)]


@dataclass
class Counter:
    """Products of matrices and vectors that count their multiplications of two numbers."""

    multiplications: int = 0

    def apply(self, matrix: Tensor, vector: Tensor) -> Tensor:
        """Return the product of a matrix and a vector."""
        self.multiplications += matrix.numel()
        return matrix @ vector

    def outer(self, left: Tensor, right: Tensor) -> Tensor:
        """Return the outer product."""
        self.multiplications += left.numel() * right.numel()
        return torch.outer(left, right)

    def times(self, left: Tensor, right: Tensor) -> Tensor:
        """Return the product element by element."""
        self.multiplications += left.numel()
        return left * right


@dataclass(frozen=True)
class Chain:
    """Layers of equal width, an input and a target."""

    weights: list[Tensor]  # L of (width, width)
    x: Tensor  # (width)
    y: Tensor  # (width)

    @property
    def depth(self) -> int:
        return len(self.weights)


def sample_chain(depth: int, width: int, generator: torch.Generator) -> Chain:
    """Sample a chain; weights are N(0, 1 / width)."""
    normal = torch.randn(depth + 2, width, width, dtype=torch.float64, generator=generator)
    return Chain(list(normal[:depth] / width**0.5), normal[depth, 0], normal[depth + 1, 0])


def forward(chain: Chain, count: Counter, depth: int) -> list[Tensor]:
    """Return h_0 = x to h_depth."""
    h = [chain.x]
    for weight in chain.weights[:depth]:
        h.append(torch.tanh(count.apply(weight, h[-1])))
    return h


def through_tanh(gradient: Tensor, h: Tensor, count: Counter) -> Tensor:
    """Return the gradient on the input of a tanh from the one on its output: ∇ ⊙ (1 − h²)."""
    return count.times(gradient, 1 - count.times(h, h))


def backprop(chain: Chain, count: Counter) -> list[Tensor]:
    """Compute every δ once, each from the one before."""
    h = forward(chain, count, chain.depth)
    delta = through_tanh(h[-1] - chain.y, h[-1], count)
    gradients = [count.outer(delta, h[-2])]
    for layer in range(chain.depth - 1, 0, -1):
        delta = through_tanh(count.apply(chain.weights[layer].T, delta), h[layer], count)
        gradients.append(count.outer(delta, h[layer - 1]))
    return gradients[::-1]


def stored(chain: Chain, count: Counter) -> list[Tensor]:
    """Repeat the chain of δ from the output for every layer; h is stored from one forward pass."""
    h = forward(chain, count, chain.depth)
    return [_layer_gradient(chain, count, layer, h.__getitem__) for layer in range(1, chain.depth + 1)]


def recomputed(chain: Chain, count: Counter) -> list[Tensor]:
    """Repeat the chain of δ for every layer, and in it each h from the input."""

    def h(layer: int) -> Tensor:
        return forward(chain, count, layer)[-1]

    return [_layer_gradient(chain, count, layer, h) for layer in range(1, chain.depth + 1)]


def _layer_gradient(chain: Chain, count: Counter, layer: int, h: Callable[[int], Tensor]) -> Tensor:
    """Return ∇W of one layer without those of the others."""
    last = h(chain.depth)
    delta = through_tanh(last - chain.y, last, count)
    for above in range(chain.depth - 1, layer - 1, -1):
        delta = through_tanh(count.apply(chain.weights[above].T, delta), h(above), count)
    return count.outer(delta, h(layer - 1))


METHODS: dict[str, Callable[[Chain, Counter], list[Tensor]]] = {
    "backprop": backprop, "stored": stored, "recomputed": recomputed
}  # fmt: skip


class Backprop(Config):
    """The three methods on chains of `depths` layers of `width` units."""

    name: Literal["backprop"] = "backprop"
    depths: Annotated[tuple[Depth, ...], listed, Field(min_length=3)] = (2, 4, 8, 16, 32, 64)
    width: int = Field(8, ge=1, le=64)
    seed: int = Field(0, ge=0)

    @field_validator("depths")
    @classmethod
    def _rising(cls, depths: tuple[int, ...]) -> tuple[int, ...]:
        if list(depths) != sorted(set(depths)):
            raise ValueError("depths that rise")
        return depths

    def answer(self, circles: Split) -> Answer:
        """Return the counts of every method and their exponents; the circles are not needed."""
        generator = torch.Generator().manual_seed(self.seed)
        chains = [sample_chain(depth, self.width, generator) for depth in self.depths]
        fitted = self.depths[len(self.depths) // 2 :]
        facts = {
            "depths": list(self.depths),
            "width": self.width,
            "fitted_on": list(fitted),
            "methods": {name: self._method(name, chains, len(fitted)) for name in METHODS},
            "log10_factorial": [math.lgamma(depth + 1) / math.log(10) for depth in self.depths],
            "claims": list(CLAIMS),
            "modes": [modes(*shape, generator) for shape in SHAPES],
        }
        return Answer(facts)

    def _method(self, name: str, chains: Sequence[Chain], fitted: int) -> dict[str, Any]:
        """Return the counts of one method, their exponent over the deepest `fitted` chains, and its largest error."""
        counts, errors = zip(*(measure(name, chain) for chain in chains), strict=True)
        return {
            "counts": list(counts),
            "exponent": exponent(self.depths[-fitted:], counts[-fitted:]),
            "error": max(errors),
        }


def modes(inputs: int, outputs: int, generator: torch.Generator) -> dict[str, Any]:
    """Find all derivatives of tanh(W x) in both modes; return the passes of each, and how far apart they are."""
    weight = torch.randn(outputs, inputs, dtype=torch.float64, generator=generator)
    x = torch.randn(inputs, dtype=torch.float64, generator=generator).requires_grad_()
    h = torch.tanh(weight @ x)
    rows = [torch.autograd.grad(h, x, unit, retain_graph=True)[0] for unit in torch.eye(outputs).double()]
    columns = [(1 - h.detach() ** 2) * (weight @ unit) for unit in torch.eye(inputs).double()]  # slopes go along
    apart = float((torch.stack(columns, 1) - torch.stack(rows)).abs().max())
    return {"inputs": inputs, "outputs": outputs, "forward": len(columns), "back": len(rows), "apart": apart}


def measure(name: str, chain: Chain) -> tuple[int, float]:
    """Count the multiplications of a method; return them and its largest relative error of a layer against autograd."""
    count = Counter()
    pairs = zip(METHODS[name](chain, count), autograd(chain), strict=True)
    errors = [float(torch.linalg.norm(ours - theirs) / torch.linalg.norm(theirs)) for ours, theirs in pairs]
    return count.multiplications, max(errors)


def autograd(chain: Chain) -> tuple[Tensor, ...]:
    """Return the gradients by PyTorch."""
    weights = [weight.clone().requires_grad_() for weight in chain.weights]
    h = chain.x
    for weight in weights:
        h = torch.tanh(weight @ h)
    return torch.autograd.grad((h - chain.y).square().sum() / 2, weights)


def exponent(depths: Sequence[int], counts: Sequence[int]) -> float:
    """Return the slope of log count against log depth, by least squares: k where the count grows as depthᵏ."""
    x, y = (torch.tensor(values, dtype=torch.float64).log() for values in (depths, counts))
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / (x * x).sum())
