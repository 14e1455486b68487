"""Question 13: which graphs backpropagation can go through.

Each graph is a function of its weights, with the nodes that each of its nodes needs. Backpropagation needs an order of
the nodes, and a slope at each; its gradient is held against (f(w + hε) − f(w − hε)) / 2h along random directions ε.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config
from rdfia.data.store import Split
from rdfia.theory.answer import Answer

WIDTH = 6
STEP = 1e-6
Needs = Mapping[str, tuple[str, ...]]
CHAIN: Needs = {"h1": ("x",), "h2": ("h1",), "loss": ("h2",)}


@dataclass(frozen=True)
class Graph:
    """What each node needs, and the loss of two matrices on an input; `corners` are numbers with a corner at zero.

    A graph that cannot be computed has no loss.
    """

    needs: Needs
    loss: Callable[[Tensor, Tensor], Tensor] | None = None
    corners: Callable[[Tensor, Tensor], Tensor] | None = None


def chain(w: Tensor, x: Tensor) -> Tensor:
    return (w[1] @ (w[0] @ x).tanh()).tanh().sum()


def skip(w: Tensor, x: Tensor) -> Tensor:
    h = (w[0] @ x).tanh()
    return (h + (w[1] @ h).tanh()).square().sum()


def sums(w: Tensor, x: Tensor) -> Tensor:
    return w[0] @ x


def relu(w: Tensor, x: Tensor) -> Tensor:
    return (w[1] @ sums(w, x).relu()).tanh().sum()


def pairs_apart(w: Tensor, x: Tensor) -> Tensor:
    return sums(w, x).view(-1, 2).diff(dim=1)


def pooled(w: Tensor, x: Tensor) -> Tensor:
    return (w[1, :, : WIDTH // 2] @ sums(w, x).view(-1, 2).amax(1)).tanh().sum()


def unrolled(w: Tensor, x: Tensor) -> Tensor:
    h = x
    for _ in range(3):
        h = (w[0] @ h + w[1] @ x).tanh()
    return h.sum()


GRAPHS = {
    "layers in a chain": Graph(CHAIN, chain),
    "a skip connection": Graph({**CHAIN, "loss": ("h1", "h2")}, skip),
    "ReLU": Graph(CHAIN, relu, sums),
    "max-pooling": Graph(CHAIN, pooled, pairs_apart),
    "a cycle": Graph({"h": ("x", "h"), "loss": ("h",)}),
    "the cycle, unrolled in time": Graph({**CHAIN, "h3": ("x", "h2"), "h2": ("x", "h1"), "loss": ("h3",)}, unrolled),
}


class Graphs(Config):
    """Every graph at `draws` random weights and inputs."""

    name: Literal["graphs"] = "graphs"
    draws: int = Field(200, ge=1, le=1_000_000)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return of each graph whether it has an order, and how right its gradients are; circles are not needed."""
        return Answer({"draws": self.draws, "graphs": [{"graph": k, **self.facts(g)} for k, g in GRAPHS.items()]})

    def facts(self, graph: Graph) -> dict[str, Any]:
        """Return whether the nodes have an order, the largest error of a slope, and how often a corner was met."""
        generator, errors, met = Generator().manual_seed(self.seed), [], 0
        for _ in range(self.draws if graph.loss else 0):
            w, along = (torch.randn(2, WIDTH, WIDTH, dtype=torch.float64, generator=generator) for _ in range(2))
            x = torch.randn(WIDTH, dtype=torch.float64, generator=generator)
            met += graph.corners is not None and bool((graph.corners(w, x) == 0).any())
            errors.append(error(graph, w, x, along))
        return {
            "ordered": ordered(graph.needs),
            "error": max(errors, default=None),
            "met": met if graph.corners else None,
        }


def ordered(needs: Needs) -> bool:
    """Tell whether every node can come after all that it needs."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError:
        return False
    return True


def error(graph: Graph, w: Tensor, x: Tensor, along: Tensor) -> float:
    """Return |a − b| / ‖∇‖‖ε‖ of the slope along a direction ε, a by backpropagation and b by a difference."""
    assert graph.loss is not None
    w = w.requires_grad_()
    (gradient,) = torch.autograd.grad(graph.loss(w, x), w)
    with torch.no_grad():
        ahead, behind = (graph.loss(w + side * STEP * along, x) for side in (1, -1))
    apart = (gradient * along).sum() - (ahead - behind) / (2 * STEP)
    return float(apart.abs() / (gradient.norm() * along.norm()))
