"""The network by hand of part 1, x → Linear → tanh → Linear, with three ways to compute the gradients.

The fourth implementation leaves the update to `torch.optim` too; it is an optimiser, `torch_sgd`. All start from the
same weights, so that with the same order of batches they take the same steps, up to rounding.
"""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor, nn

from rdfia.config import Config
from rdfia.models import formulas


class Perceptron(nn.Module):
    """ỹ = tanh(x Whᵀ + bh) Wyᵀ + by, for examples of the shape `shape`; softmax is part of the loss.

    Every weight may have a leading dimension, for several networks in one tensor program: x is then
    (networks, N, …), or (N, …) if all get the same examples.
    """

    stackable = True
    one_hot: Tensor  # (ny, ny): row y encodes the label y

    def __init__(self, shape: tuple[int, ...], hidden: int, outputs: int, scale: float, generator: Generator) -> None:
        super().__init__()
        self.dimensions, inputs = len(shape), torch.Size(shape).numel()
        self.Wh, self.bh = _normal((hidden, inputs), scale, generator), _normal((hidden,), scale, generator)
        self.Wy, self.by = _normal((outputs, hidden), scale, generator), _normal((outputs,), scale, generator)
        self.register_buffer("one_hot", torch.eye(outputs), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return formulas.output(self.hidden(self.flat(x)), self.Wy, self.by)  # (…, N, ny)

    def flat(self, x: Tensor) -> Tensor:
        """Return examples as rows (…, N, nx)."""
        return x.flatten(-self.dimensions)

    def hidden(self, x: Tensor) -> Tensor:
        """Return h (…, N, nh)."""
        return formulas.hidden(formulas.hidden_input(x, self.Wh, self.bh))


class ByHand(Perceptron):
    """The network with the gradients of its cross-entropy from the derived formulas, without autograd."""

    @torch.no_grad()
    def gradients(self, x: Tensor, y: Tensor) -> Tensor:
        """Fill every weight's gradient for the labels y (…, N), and return ỹ (…, N, ny)."""
        x = self.flat(x)
        h = self.hidden(x)
        y_tilde = formulas.output(h, self.Wy, self.by)
        grad_y_tilde = formulas.grad_y_tilde(self.one_hot[y], formulas.softmax(y_tilde))
        grad_h_tilde = formulas.grad_h_tilde(grad_y_tilde, self.Wy, h)
        self.Wy.grad, self.by.grad = formulas.grad_Wy(grad_y_tilde, h), formulas.grad_by(grad_y_tilde)
        self.Wh.grad, self.bh.grad = formulas.grad_Wh(grad_h_tilde, x), formulas.grad_bh(grad_h_tilde)
        return y_tilde


class Unbent(Perceptron):
    """The network without tanh: ỹ = (x Whᵀ + bh) Wyᵀ + by, which is one linear layer, written as two."""

    def hidden(self, x: Tensor) -> Tensor:
        return formulas.hidden_input(x, self.Wh, self.bh)


class OfSquaredError(Perceptron):
    """The network whose weights move along the squared error between ŷ and y; what is recorded stays cross-entropy."""

    def gradients(self, x: Tensor, y: Tensor) -> Tensor:
        """Fill every weight's gradient for the labels y (…, N), and return ỹ (…, N, ny)."""
        y_tilde: Tensor = self(x)
        formulas.squared_error(self.one_hot[y], formulas.softmax(y_tilde)).sum().backward()
        return y_tilde.detach()


class Layers(nn.Module):
    """The network made of PyTorch's own layers, with the weights of a `Perceptron`."""

    def __init__(self, start: Perceptron) -> None:
        super().__init__()
        (hidden, inputs), outputs = start.Wh.shape, len(start.by)
        # Uninitialised: an initialisation would use PyTorch's global generator.
        first, last = (nn.utils.skip_init(nn.Linear, *size) for size in ((inputs, hidden), (hidden, outputs)))
        self.layers = nn.Sequential(nn.Flatten(), first, nn.Tanh(), last)
        with torch.no_grad():
            for layer, weight, bias in ((first, start.Wh, start.bh), (last, start.Wy, start.by)):
                layer.weight.copy_(weight)
                layer.bias.copy_(bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # type: ignore[no-any-return]


def _normal(shape: tuple[int, ...], scale: float, generator: Generator) -> nn.Parameter:
    return nn.Parameter(torch.randn(shape, generator=generator) * scale)


class MLP(Config):
    """One hidden layer of `hidden` tanh units; weights and biases start as N(0, scale²).

    `implementation` is the source of the gradients: `by_hand` the derived formulas, `autograd` PyTorch, `nn` PyTorch
    with its own layers too.
    """

    name: Literal["mlp"] = "mlp"
    implementation: Literal["by_hand", "autograd", "nn"] = "by_hand"
    hidden: int = Field(10, ge=1)
    scale: float = Field(0.3, gt=0)

    def build(self, shape: tuple[int, ...], classes: int, generator: Generator) -> nn.Module:
        kind = ByHand if self.implementation == "by_hand" else Perceptron
        network = kind(shape, self.hidden, classes, self.scale, generator)
        return Layers(network) if self.implementation == "nn" else network


class _Changed(Config):
    """The network by hand with one part changed; its weights start as those of `MLP`."""

    kind: ClassVar[type[Perceptron]]
    hidden: int = Field(10, ge=1)
    scale: float = Field(0.3, gt=0)

    def build(self, shape: tuple[int, ...], classes: int, generator: Generator) -> nn.Module:
        return self.kind(shape, self.hidden, classes, self.scale, generator)


class NoActivation(_Changed):
    """Two linear layers with nothing between them."""

    kind: ClassVar[type[Perceptron]] = Unbent
    name: Literal["no_activation"] = "no_activation"


class SquaredError(_Changed):
    """Trained on the squared error through the softmax."""

    kind: ClassVar[type[Perceptron]] = OfSquaredError
    name: Literal["squared_error"] = "squared_error"


Network = Annotated[MLP | NoActivation | SquaredError, Field(discriminator="name")]
