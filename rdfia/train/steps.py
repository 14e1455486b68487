"""The optimisers bound to the weights of a network, and the matrix products that two of them need."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from rdfia.train.state import State, Stateful, below, like


class Steps(Stateful, Protocol):
    """An optimiser bound to the weights of one network."""

    learning_rate: float
    repeats: bool  # every step is the same arithmetic, but for the factor: it may be captured and replayed

    def step(self, factor: float) -> None:
        """Move every weight along its gradient, and clear the gradients; `factor` multiplies the learning rate."""


class Update(Protocol):
    """The equation of an optimiser."""

    repeats: ClassVar[bool]

    @property
    def learning_rate(self) -> float: ...

    def decayed(self, w: Tensor, g: Tensor) -> Tensor:
        """Return the gradient with the decay that is part of it."""

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        """Move the weights w along the gradient g."""


class Descent:
    """Descent on each tensor of weights by itself."""

    def __init__(self, optimiser: Update, parameters: Iterable[nn.Parameter]) -> None:
        self.optimiser, self.learning_rate, self.repeats = optimiser, optimiser.learning_rate, optimiser.repeats
        self.weights: list[tuple[nn.Parameter, State]] = [(w, {}) for w in parameters]

    @torch.no_grad()
    def step(self, factor: float) -> None:
        for w, state in self.weights:
            if w.grad is not None:
                self.optimiser.update(w, self.optimiser.decayed(w, w.grad), state, factor * self.learning_rate)
                w.grad = None

    def state_dict(self) -> State:
        states = enumerate(state for _, state in self.weights)
        return {f"{index}/{key}": value for index, state in states for key, value in state.items()}

    def load_state_dict(self, saved: Mapping[str, Tensor]) -> None:
        for index, (w, state) in enumerate(self.weights):
            state.update({key: like(value, w) for key, value in below(str(index), saved).items()})


class JointDescent:
    """Descent on all weights that have a gradient, as one vector."""

    def __init__(self, optimiser: Update, parameters: Iterable[nn.Parameter]) -> None:
        self.optimiser, self.learning_rate, self.repeats = optimiser, optimiser.learning_rate, optimiser.repeats
        self.weights, self.state = list(parameters), State()

    @torch.no_grad()
    def step(self, factor: float) -> None:
        moved = [(w, w.grad) for w in self.weights if w.grad is not None]
        vector = torch.cat([w.flatten() for w, _ in moved])
        gradient = self.optimiser.decayed(vector, torch.cat([g.flatten() for _, g in moved]))
        self.optimiser.update(vector, gradient, self.state, factor * self.learning_rate)
        weights: list[Tensor] = [w for w, _ in moved]
        parts = vector.split([w.numel() for w in weights])
        torch._foreach_copy_(weights, [part.view_as(w) for w, part in zip(weights, parts, strict=True)])
        for w in weights:
            w.grad = None

    def state_dict(self) -> State:
        return self.state

    def load_state_dict(self, saved: Mapping[str, Tensor]) -> None:
        self.state.update({key: like(value, self.weights[0]) for key, value in saved.items()})


def orthogonalise(matrix: Tensor, iterations: int) -> Tensor:
    """Approximate U Vᵀ of U S Vᵀ by Newton and Schulz: x ← a x + b (x xᵀ) x + c (x xᵀ)² x, from x = matrix / |matrix|.

    Jordan's a, b and c rise fast from 0: singular values end between about 0.7 and 1.2, and not at 1.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    wide = matrix.mT if tall else matrix  # x xᵀ is the smaller of the two products
    x: Tensor = wide / matrix.norm().clamp(min=1e-7)
    for _ in range(iterations):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


def two_loop_recursion(g: Tensor, pairs: Tensor) -> Tensor:
    """Compute H g by products of vectors alone (Nocedal 1980), from the pairs (memory, 2, weights), the latest last.

    It starts from H = (sᵀy / yᵀy) 1 of the latest; without a pair H g is g / max(1, Σ|g|), a step of length 1 at most.
    """
    if not len(pairs):
        return g / g.abs().sum().clamp(min=1)
    q, parts = g.clone(), []
    for s, y in reversed(pairs.unbind()):
        parts.append(s.dot(q) / s.dot(y))
        q -= parts[-1] * y
    s, y = pairs[-1]
    q *= s.dot(y) / y.dot(y)
    for (s, y), part in zip(pairs, reversed(parts), strict=True):
        q += (part - y.dot(q) / s.dot(y)) * s
    return q
