"""Wrong versions of the formulas, as they are easily written: a check that passes them would be worthless.

R2023a drops a sign in its derivation and R2023b leaves ∇h̃ out; the others are common mistakes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class WrongFormula:
    """A wrong formula, the name of the right one, its mistake, and the quantity and loss of `gradients.Check`."""

    formula: Callable[..., Tensor]
    instead_of: str
    mistake: str
    gives: str
    loss: str = "cross-entropy"


def sign_of_the_loss(y: Tensor, y_tilde: Tensor) -> Tensor:
    return ((y * y_tilde).sum(-1) - y_tilde.logsumexp(-1)).mean(-1)


def sign(y: Tensor, y_hat: Tensor) -> Tensor:
    return (y - y_hat) / y.shape[-2]


def no_mean(y: Tensor, y_hat: Tensor) -> Tensor:
    return y_hat - y


def diagonal(y_hat: Tensor, grad_y_hat: Tensor) -> Tensor:
    return y_hat * (1 - y_hat) * grad_y_hat


def mean_of_means(grad_y_tilde: Tensor) -> Tensor:
    return grad_y_tilde.mean(-2)


def no_slope(grad_y_tilde: Tensor, Wy: Tensor) -> Tensor:
    return grad_y_tilde @ Wy


def slope_at_input(grad_y_tilde: Tensor, Wy: Tensor, h_tilde: Tensor) -> Tensor:
    return (grad_y_tilde @ Wy) * (1 - h_tilde * h_tilde)


def skipped(grad_h: Tensor, x: Tensor) -> Tensor:
    return grad_h.mT @ x


WRONG_FORMULAS = (
    WrongFormula(sign_of_the_loss, "cross_entropy_of_softmax", "the sign of the whole loss dropped", "loss"),
    WrongFormula(sign, "grad_y_tilde", "the same sign, carried on to ∇ỹ", "grad_y_tilde"),
    WrongFormula(no_mean, "grad_y_tilde", "the mean over the examples forgotten", "grad_y_tilde"),
    WrongFormula(
        diagonal, "grad_y_tilde_through_softmax", "each ŷ moved by its own ỹ alone", "grad_y_tilde", "squared error"
    ),
    WrongFormula(mean_of_means, "grad_by", "the mean over the examples taken twice", "grad_by"),
    WrongFormula(no_slope, "grad_h_tilde", "the slope of tanh, 1 − h², forgotten", "grad_h_tilde"),
    WrongFormula(slope_at_input, "grad_h_tilde", "h̃ put in the slope in place of h", "grad_h_tilde"),
    WrongFormula(skipped, "grad_Wh", "∇h in place of ∇h̃, the step that R2023b leaves out", "grad_Wh"),
)
