"""The support vector machine (Cortes and Vapnik 1995), as a module that predicts from its support vectors."""

from itertools import combinations
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from rdfia.config import Config, named
from rdfia.models.hog import HOG
from rdfia.models.words import Words

BUFFERS = ("support", "coefficients")  # whose first dimension is the number of support vectors


class KernelMachine(nn.Module):
    """d(x) = Σ_n a_n k(x_n, x) + b for each pair of classes, over the support vectors x_n.

    Two classes are one pair: the logits are (-d/2, d/2), so that softmax gives class 1 the probability 1 / (1 + e^-d);
    one half is the boundary d = 0, and the margins are d = ±1. With more classes each pair i < j has a d that is
    positive for i and votes for one of the two; the score of a class is its votes plus s / (3 (|s| + 1)), where s sums
    the decisions of its pairs in its favour. That is at most a third of a vote, so it only breaks ties: scikit-learn's
    one score per class (`decision_function_shape="ovr"`). Neither is calibrated as a probability.

    It is built without support vectors, and takes the number of them from a state dict. They are stored in float32, as
    the features are computed; sums are in float64, the type of the coefficients, as large coefficients cancel.
    """

    support: Tensor  # (M, D): features of the support vectors
    coefficients: Tensor  # (M, pairs): a_n, zero where the class of n is not in the pair
    intercept: Tensor  # (pairs,): b
    gamma: Tensor  # (1,): γ of the kernel
    sides: Tensor  # (pairs, classes): 1 for the class i of a pair, -1 for j

    def __init__(self, settings: "SVM", features: nn.Module, width: int, classes: int) -> None:
        super().__init__()
        self.settings, self.features = settings, features
        pairs = tuple(combinations(range(classes), 2))
        self.register_buffer("support", torch.zeros(0, width))
        self.register_buffer("coefficients", torch.zeros(0, len(pairs), dtype=torch.float64))
        self.register_buffer("intercept", torch.zeros(len(pairs), dtype=torch.float64))
        self.register_buffer("gamma", torch.ones(1, dtype=torch.float64))
        first, second = torch.tensor(pairs).T
        sides = torch.eye(classes, dtype=torch.float64)[first] - torch.eye(classes, dtype=torch.float64)[second]
        self.register_buffer("sides", sides, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.scores(self.decisions(x))

    def decisions(self, x: Tensor) -> Tensor:
        """Return d (N, pairs) of inputs."""
        return self.kernel(self.features(x), self.support) @ self.coefficients + self.intercept

    def scores(self, d: Tensor) -> Tensor:
        """Return one score per class (N, classes)."""
        if self.sides.shape[1] == 2:
            return torch.cat((-d / 2, d / 2), 1)
        lead = torch.where(d < 0, -1, 1).to(d.dtype) @ self.sides  # votes for a class minus those against it
        votes = (lead + self.sides.shape[1] - 1) / 2
        sums = d @ self.sides
        return votes + sums / (3 * (sums.abs() + 1))

    def kernel(self, a: Tensor, b: Tensor) -> Tensor:
        """Return k of every row of `a` with every row of `b`, by the kernel of the settings."""
        a, b = a.to(self.coefficients.dtype), b.to(self.coefficients.dtype)
        inner, kind = a @ b.T, self.settings.kernel
        if kind == "linear":
            return inner
        if kind == "rbf":
            squared = a.square().sum(1, keepdim=True) + b.square().sum(1) - 2 * inner  # ‖a - b‖²
            return torch.exp(-self.gamma * squared.clamp(min=0))
        affine = self.gamma * inner + self.settings.coef0
        return torch.tanh(affine) if kind == "sigmoid" else affine.pow(self.settings.degree)

    def support_points(self) -> Tensor:
        """Return the support vectors (M, D), which are input points if the features are the input itself."""
        return self.support

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Resize the buffers to the number of support vectors of the state, then load it."""
        for name in BUFFERS:
            own, loaded = getattr(self, name), state_dict.get(prefix + name)
            if loaded is not None:
                setattr(self, name, own.new_zeros(len(loaded), *own.shape[1:]))
        super()._load_from_state_dict(state_dict, prefix, *rest)


class Pixels(Config):
    """The input itself as one row: the pixels of an image, the coordinates of a point."""

    name: Literal["pixels"] = "pixels"

    def build(self, shape: tuple[int, ...]) -> nn.Module:
        return nn.Flatten()


Features = Annotated[Annotated[Pixels | HOG | Words, Field(discriminator="name")], named]


class SVM(Config):
    """A support vector machine on `features`, with one of four kernels:

    - `linear`: k(a, b) = a·b
    - `poly`: (γ a·b + coef0)^degree
    - `rbf`: exp(-γ ‖a - b‖²)
    - `sigmoid`: tanh(γ a·b + coef0)

    γ is a number, or `scale`: 1 / (D · Var) for D features, with the variance of all values of the train sample.

    A kernel that is odd, k(-a, b) = -k(a, b), as linear, sigmoid and odd degrees are where coef0 = 0, makes d - b odd
    as well. Then d(x) and d(-x) can both have the sign of b, but not both the opposite one: of two classes that are
    each symmetric about 0, as rings are, at most half of one is classified correctly, and 75 % of both together. With
    another coef0 these kernels have an even part too. But the sigmoid is an inner product for no coef0 and nearly one
    for small γ and coef0 < 0 (Lin and Lin 2003); otherwise the optimum need not separate the classes.
    """

    name: Literal["svm"] = "svm"
    kernel: Literal["linear", "sigmoid", "rbf", "poly"] = "rbf"
    degree: int = Field(3, ge=1, le=100)
    gamma: Literal["scale"] | Annotated[float, Field(gt=0)] = "scale"
    coef0: float = 0.0
    features: Features = Pixels()

    def build(self, shape: tuple[int, ...], classes: int, generator: Generator) -> nn.Module:
        """Return a machine without support vectors; the generator is not used."""
        features = self.features.build(shape)
        width = features(torch.zeros(1, *shape)).shape[1]
        return KernelMachine(self, features, width, classes)

    def gamma_for(self, features: Tensor) -> float:
        """Return γ for the features (N, D) of a train sample; 1 if they are constant."""
        if self.gamma != "scale":
            return self.gamma
        variance = features.double().var(correction=0).item()
        return 1 / (features.shape[1] * variance) if variance > 0 else 1.0
