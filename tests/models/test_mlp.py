"""The network by hand with one part changed."""

import torch
from torch import Generator, nn

from rdfia.models import formulas
from rdfia.models.mlp import MLP, NoActivation, OfSquaredError, Perceptron, SquaredError, Unbent


def test_variants_start_from_the_weights_of_the_network() -> None:
    networks = [kind(hidden=5).build((2,), 3, Generator().manual_seed(1)) for kind in (MLP, NoActivation, SquaredError)]
    first, *others = (network.state_dict() for network in networks)
    for other in others:
        assert all(torch.equal(other[name], weight) for name, weight in first.items())


def test_without_activation_two_layers_are_one() -> None:
    network = NoActivation(hidden=4).build((6,), 3, Generator().manual_seed(0))
    assert isinstance(network, Unbent)
    x = torch.randn(50, 6, generator=Generator().manual_seed(1))
    one = nn.functional.linear(x, network.Wy @ network.Wh, network.Wy @ network.bh + network.by)
    assert torch.allclose(network(x), one, atol=1e-6)
    assert torch.linalg.matrix_rank(network.Wy @ network.Wh) <= 3


def test_the_gradients_are_those_that_the_formulas_derive() -> None:
    network = SquaredError(hidden=7).build((2,), 3, Generator().manual_seed(0)).double()
    assert isinstance(network, OfSquaredError)
    generator = Generator().manual_seed(1)
    x, labels = torch.randn(20, 2, dtype=torch.float64, generator=generator), torch.arange(20) % 3
    y_tilde = network.gradients(x, labels)
    with torch.no_grad():
        y, y_hat, h = network.one_hot[labels], formulas.softmax(y_tilde), network.hidden(x)
        slope = formulas.grad_y_tilde_through_softmax(y_hat, formulas.grad_y_hat_squared_error(y, y_hat))
        back = formulas.grad_h_tilde(slope, network.Wy, h)
        expected = (
            formulas.grad_Wh(back, x),
            formulas.grad_bh(back),
            formulas.grad_Wy(slope, h),
            formulas.grad_by(slope),
        )
    for weight, gradient in zip((network.Wh, network.bh, network.Wy, network.by), expected, strict=True):
        assert weight.grad is not None
        assert torch.allclose(weight.grad, gradient, atol=1e-14)
    assert not y_tilde.requires_grad


def test_stacked_networks_have_the_gradients_of_each_alone() -> None:
    alone = [SquaredError().build((2,), 2, Generator().manual_seed(seed)) for seed in (0, 1)]
    together = SquaredError().build((2,), 2, Generator())
    x, labels = torch.randn(2, 9, 2, generator=Generator().manual_seed(2)), torch.arange(18).view(2, 9) % 2
    assert isinstance(together, Perceptron)
    for name in ("Wh", "bh", "Wy", "by"):
        setattr(together, name, nn.Parameter(torch.stack([getattr(network, name).detach() for network in alone])))
    together.gradients(x, labels)  # type: ignore[operator]
    for place, network in enumerate(alone):
        network.gradients(x[place], labels[place])  # type: ignore[operator]
        assert torch.allclose(together.Wh.grad[place], network.Wh.grad, atol=1e-7)  # type: ignore[index, union-attr, arg-type]
