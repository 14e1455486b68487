"""The optimisers, each by its equation.

Each is one class whose `update` moves a tensor of weights w along the gradient g by the learning rate η, and a word in
`Optimiser`. But for AdamW and Muon, g holds the decay: g ← g + weight_decay · w. They are written out, and tested
against `torch.optim`, because that is the course, and because the first use of `torch.optim` imports PyTorch's
compiler: seconds for every process of a study of small runs.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from rdfia.config import Config, named
from rdfia.train.state import State, like
from rdfia.train.steps import Descent, JointDescent, Steps, orthogonalise, two_loop_recursion


class _Optimiser(Config):
    elementwise: ClassVar[bool] = True  # each number moves by itself: the weights of several networks may be stacked
    decoupled: ClassVar[bool] = False  # `update` shrinks the weights itself
    repeats: ClassVar[bool] = False  # nothing in `update` is counted in Python: a step may be captured and replayed
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(0.0, ge=0)

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        raise NotImplementedError

    def over(self, weights: Iterable[nn.Parameter]) -> Steps:
        """Bind this optimiser to the weights of one network."""
        return Descent(self, weights)

    def decayed(self, w: Tensor, g: Tensor) -> Tensor:
        """Return g + weight_decay · w, where the decay is part of the gradient."""
        return g.add(w, alpha=self.weight_decay) if self.weight_decay and not self.decoupled else g


class SGD(_Optimiser):
    """v ← μ v + g; w ← w - η v (Polyak 1964), or with Nesterov's momentum w - η (g + μ v) (Sutskever et al. 2013)."""

    repeats: ClassVar[bool] = True
    name: Literal["sgd"] = "sgd"
    momentum: float = Field(0.0, ge=0, lt=1)
    nesterov: bool = False

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        if self.momentum:
            v = state.setdefault("v", torch.zeros_like(w)).mul_(self.momentum).add_(g)
            g = g.add(v, alpha=self.momentum) if self.nesterov else v
        w.sub_(g, alpha=rate)


class TorchSGD(SGD):
    """The same update as `sgd`, left to torch.optim: its first step costs an import of seconds."""

    name: Literal["torch_sgd"] = "torch_sgd"  # type: ignore[assignment]

    def over(self, weights: Iterable[nn.Parameter]) -> Steps:
        return TorchDescent(self, weights)


class Adagrad(_Optimiser):
    """s ← s + g²; w ← w - η g / (√s + ε): a weight that moved much moves less (Duchi, Hazan and Singer 2011)."""

    repeats: ClassVar[bool] = True
    name: Literal["adagrad"] = "adagrad"
    epsilon: float = Field(1e-10, gt=0)

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        s = state.setdefault("s", torch.zeros_like(w)).addcmul_(g, g)
        w.addcdiv_(g, s.sqrt().add_(self.epsilon), value=-rate)


class Adadelta(_Optimiser):
    """s ← ρ s + (1 - ρ) g²; d = g √(r + ε) / √(s + ε); r ← ρ r + (1 - ρ) d²; w ← w - η d (Zeiler 2012, with η = 1)."""

    repeats: ClassVar[bool] = True
    name: Literal["adadelta"] = "adadelta"
    rho: float = Field(0.9, ge=0, lt=1)
    epsilon: float = Field(1e-6, gt=0)

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        s = state.setdefault("s", torch.zeros_like(w)).mul_(self.rho).addcmul_(g, g, value=1 - self.rho)
        r = state.setdefault("r", torch.zeros_like(w))
        d = (r + self.epsilon).sqrt_().div_((s + self.epsilon).sqrt_()).mul_(g)
        r.mul_(self.rho).addcmul_(d, d, value=1 - self.rho)
        w.sub_(d, alpha=rate)


class RMSprop(_Optimiser):
    """s ← ρ s + (1 - ρ) g²; v ← μ v + g / (√s + ε); w ← w - η v (Tieleman and Hinton 2012, lecture 6.5)."""

    repeats: ClassVar[bool] = True
    name: Literal["rmsprop"] = "rmsprop"
    rho: float = Field(0.99, ge=0, lt=1)
    momentum: float = Field(0.0, ge=0, lt=1)
    epsilon: float = Field(1e-8, gt=0)

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        s = state.setdefault("s", torch.zeros_like(w)).mul_(self.rho).addcmul_(g, g, value=1 - self.rho)
        v = state.setdefault("v", torch.zeros_like(w)).mul_(self.momentum).addcdiv_(g, s.sqrt().add_(self.epsilon))
        w.sub_(v, alpha=rate)


class Adam(_Optimiser):
    """m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²; w ← w - η m̂ / (√v̂ + ε), m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ).

    Kingma and Ba 2015. `amsgrad` takes the largest v so far: no step grows because v fell (Reddi et al. 2018).
    """

    name: Literal["adam"] = "adam"
    beta1: float = Field(0.9, ge=0, lt=1)
    beta2: float = Field(0.999, ge=0, lt=1)
    epsilon: float = Field(1e-8, gt=0)
    amsgrad: bool = False

    def over(self, weights: Iterable[nn.Parameter]) -> Steps:
        """Bind to weights, on an accelerator to all as one vector: a dozen calls for each tensor kept it waiting."""
        every = list(weights)
        return (Descent if every[0].device.type == "cpu" else JointDescent)(self, every)

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        t, m, root = self.moments(w, g, state)
        w.addcdiv_(m, root, value=-rate / (1 - self.beta1**t))

    def moments(self, w: Tensor, g: Tensor, state: State) -> tuple[float, Tensor, Tensor]:
        """Update and return t, m and √v̂ + ε."""
        t = state.setdefault("t", torch.zeros((), dtype=torch.int64)).add_(1).item()
        m = state.setdefault("m", torch.zeros_like(w)).lerp_(g, 1 - self.beta1)
        v = state.setdefault("v", torch.zeros_like(w)).mul_(self.beta2).addcmul_(g, g, value=1 - self.beta2)
        if self.amsgrad:
            v = state["largest"] = torch.maximum(state.get("largest", v), v)
        return t, m, (v / (1 - self.beta2**t)).sqrt_().add_(self.epsilon)


class AdamW(Adam):
    """Adam, with the weights shrunk beside the step: w ← w - η weight_decay · w (Loshchilov and Hutter 2019)."""

    decoupled: ClassVar[bool] = True
    name: Literal["adamw"] = "adamw"  # type: ignore[assignment]

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        super().update(w.mul_(1 - rate * self.weight_decay), g, state, rate)


class NAdam(Adam):
    """Adam with Nesterov's momentum: w ← w - η ((1 - μₜ) g / (1 - Πₜ) + μₜ₊₁ m / (1 - Πₜ₊₁)) / (√v̂ + ε).

    Dozat 2016: μₜ = β₁ (1 - 0.96^(ψ t) / 2), with ψ the `momentum_decay`, and Πₜ = μ₁ ⋯ μₜ.
    """

    name: Literal["nadam"] = "nadam"  # type: ignore[assignment]
    momentum_decay: float = Field(0.004, ge=0)

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        t, m, root = self.moments(w, g, state)
        now, after = (self.beta1 * (1 - 0.96 ** (self.momentum_decay * s) / 2) for s in (t, t + 1))
        product = state.setdefault("product", torch.ones((), dtype=torch.float64)).mul_(now).item()
        w.addcdiv_(g, root, value=-rate * (1 - now) / (1 - product))
        w.addcdiv_(m, root, value=-rate * after / (1 - product * after))


class Muon(_Optimiser):
    """m ← μ m + (1 - μ) g; w ← (1 - η weight_decay) w - η √max(1, rows / columns) O(m), or O((1 - μ) g + μ m).

    Jordan et al. 2024, with η = 0.02: O (see `orthogonalise`) makes the step as long in rare directions as in common
    ones. A kernel is a matrix with a row for each channel. Biases take the steps of `others`, at a rate of their own.
    """

    elementwise: ClassVar[bool] = False
    decoupled: ClassVar[bool] = True
    name: Literal["muon"] = "muon"
    momentum: float = Field(0.95, ge=0, lt=1)
    nesterov: bool = True
    iterations: int = Field(5, ge=1, le=1000)
    others: AdamW = AdamW(learning_rate=3e-4)

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        if w.ndim < 2:
            self.others.update(w, g, state, rate * self.others.learning_rate / self.learning_rate)
            return
        m = state.setdefault("m", torch.zeros_like(w)).lerp_(g, 1 - self.momentum)
        step = orthogonalise((g.lerp(m, self.momentum) if self.nesterov else m).flatten(1), self.iterations)
        length = max(1, step.shape[0] / step.shape[1]) ** 0.5
        w.mul_(1 - rate * self.weight_decay).sub_(step.view_as(w), alpha=rate * length)


class LBFGS(_Optimiser):
    """w ← w - η H g, H the inverse Hessian from the last `memory` pairs s = Δw, y = Δg (Liu and Nocedal 1989).

    For whole batches, with η = 1 and no line search. A pair with sᵀy ≤ 10⁻⁶ |s| |y|, which rounding alone can make, is
    left out, so that H stays positive.
    """

    elementwise: ClassVar[bool] = False
    name: Literal["lbfgs"] = "lbfgs"
    memory: int = Field(10, ge=1, le=1000)

    def over(self, weights: Iterable[nn.Parameter]) -> Steps:
        return JointDescent(self, weights)

    def update(self, w: Tensor, g: Tensor, state: State, rate: float) -> None:
        pairs = state.setdefault("pairs", w.new_empty(0, 2, len(w)))
        if "g" in state:
            s, y = pair = torch.stack([w - state["w"], g - state["g"]])
            if s.dot(y) > 1e-6 * s.norm() * y.norm():
                pairs = state["pairs"] = torch.cat([pairs, pair[None]])[-self.memory :]
        state["w"], state["g"] = w.clone(), g
        w.sub_(two_loop_recursion(g, pairs), alpha=rate)


class TorchDescent:
    """PyTorch's own SGD, bound to the weights of one network."""

    def __init__(self, optimiser: SGD, parameters: Iterable[nn.Parameter]) -> None:
        self.learning_rate, self.repeats = optimiser.learning_rate, False
        settings = optimiser.model_dump(include={"momentum", "nesterov", "weight_decay"})
        self.weights = list(parameters)
        self.optimiser = torch.optim.SGD(self.weights, self.learning_rate, **settings)

    def step(self, factor: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = factor * self.learning_rate
        self.optimiser.step()
        self.optimiser.zero_grad()

    def state_dict(self) -> State:
        velocities = ((at, self.optimiser.state[w].get("momentum_buffer")) for at, w in enumerate(self.weights))
        return {str(at): v for at, v in velocities if v is not None}

    def load_state_dict(self, saved: Mapping[str, Tensor]) -> None:
        for at, v in saved.items():
            w = self.weights[int(at)]
            self.optimiser.state[w]["momentum_buffer"] = like(v, w)


Optimiser = Annotated[
    Annotated[
        SGD | TorchSGD | Adagrad | Adadelta | RMSprop | Adam | AdamW | NAdam | Muon | LBFGS,
        Field(discriminator="name"),
    ],
    named,
]
