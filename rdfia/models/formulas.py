r"""The network by hand, one equation a function: forward, losses, and the gradients of the written questions.

Rows are examples: x is (…, N, nx), h (…, N, nh), ỹ and ŷ (…, N, ny), y one-hot (…, N, ny). The dots are several
networks, each with its own weights; a loss is one number for each network, the mean over its N examples. ∇z is the
gradient of the loss with respect to z. Nothing here uses autograd.
"""

import torch
from torch import Tensor

from rdfia.models.equation import equation


@equation(r"\tilde{h} = x\,W_h^\top + b_h")
def hidden_input(x: Tensor, Wh: Tensor, bh: Tensor) -> Tensor:
    return x @ Wh.mT + bh.unsqueeze(-2)


@equation(r"h = \tanh(\tilde{h})")
def hidden(h_tilde: Tensor) -> Tensor:
    return torch.tanh(h_tilde)


@equation(r"\tilde{y} = h\,W_y^\top + b_y")
def output(h: Tensor, Wy: Tensor, by: Tensor) -> Tensor:
    return h @ Wy.mT + by.unsqueeze(-2)


@equation(r"\hat{y}_i = e^{\tilde{y}_i} / \sum_j e^{\tilde{y}_j}")
def softmax(y_tilde: Tensor) -> Tensor:
    e = torch.exp(y_tilde - y_tilde.amax(-1, keepdim=True))  # the shift changes nothing but overflow
    return e / e.sum(-1, keepdim=True)


@equation(r"L = -\frac{1}{N}\,\sum_n\,\sum_i y_i\,\log\hat{y}_i", "14")
def cross_entropy(y: Tensor, y_hat: Tensor) -> Tensor:
    return -torch.xlogy(y, y_hat).sum(-1).mean(-1)


@equation(r"L = \frac{1}{N}\,\sum_n \left(\log\,\sum_j\,e^{\tilde{y}_j} - \,\sum_i\,y_i\,\tilde{y}_i\right)", "14")
def cross_entropy_of_softmax(y: Tensor, y_tilde: Tensor) -> Tensor:
    return (y_tilde.logsumexp(-1) - (y * y_tilde).sum(-1)).mean(-1)


@equation(r"L = \frac{1}{N}\,\sum_n\,\sum_i (y_i - \hat{y}_i)^2", "8")
def squared_error(y: Tensor, y_hat: Tensor) -> Tensor:
    return (y - y_hat).square().sum(-1).mean(-1)


@equation(r"\nabla_{\hat{y}} L = -\frac{1}{N}\,y / \hat{y}", "8")
def grad_y_hat_cross_entropy(y: Tensor, y_hat: Tensor) -> Tensor:
    return -y / y_hat / y.shape[-2]


@equation(r"\nabla_{\hat{y}} L = \frac{2}{N}\,(\hat{y} - y)", "8")
def grad_y_hat_squared_error(y: Tensor, y_hat: Tensor) -> Tensor:
    return 2 * (y_hat - y) / y.shape[-2]


@equation(
    r"\nabla_{\tilde{y}} L = \hat{y}\odot\left(\nabla_{\hat{y}} L - \,\sum_j\,\hat{y}_j\,\nabla_{\hat{y}_j} L\right)",
    "9",
)
def grad_y_tilde_through_softmax(y_hat: Tensor, grad_y_hat: Tensor) -> Tensor:
    return y_hat * (grad_y_hat - (y_hat * grad_y_hat).sum(-1, keepdim=True))


@equation(r"\nabla_{\tilde{y}} L = \frac{1}{N}\,(\hat{y} - y)", "15")
def grad_y_tilde(y: Tensor, y_hat: Tensor) -> Tensor:
    return (y_hat - y) / y.shape[-2]


@equation(r"\nabla_{W_y} L = (\nabla_{\tilde{y}} L)^\top h", "16")
def grad_Wy(grad_y_tilde: Tensor, h: Tensor) -> Tensor:
    return grad_y_tilde.mT @ h


@equation(r"\nabla_{b_y} L = \sum_n\,\nabla_{\tilde{y}_n} L", "16")
def grad_by(grad_y_tilde: Tensor) -> Tensor:
    return grad_y_tilde.sum(-2)


@equation(r"\nabla_{\tilde{h}} L = (\nabla_{\tilde{y}} L\; W_y)\odot(1 - h\odot h)", "17")
def grad_h_tilde(grad_y_tilde: Tensor, Wy: Tensor, h: Tensor) -> Tensor:
    return (grad_y_tilde @ Wy) * (1 - h * h)


@equation(r"\nabla_{W_h} L = (\nabla_{\tilde{h}} L)^\top x", "17")
def grad_Wh(grad_h_tilde: Tensor, x: Tensor) -> Tensor:
    return grad_h_tilde.mT @ x


@equation(r"\nabla_{b_h} L = \sum_n\,\nabla_{\tilde{h}_n} L", "17")
def grad_bh(grad_h_tilde: Tensor) -> Tensor:
    return grad_h_tilde.sum(-2)


@equation(r"w \leftarrow w - \eta\,\nabla_w L")
def sgd(w: Tensor, grad: Tensor, learning_rate: float) -> Tensor:
    return w - learning_rate * grad
