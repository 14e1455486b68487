"""A counter of the operations of a network, from the shapes of the factors of its products.

PyTorch's own counter sits below its dispatcher, and the first use of that imports the compiler: 2.4 s a process. This
one intercepts the functions that a network calls; a test compares the two for every declared run.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


class Flops(TorchFunctionMode):
    """A context that adds up, in `total`, two operations for each product of the functions called inside it."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in PRODUCTS:
            self.total += 2 * PRODUCTS[func](result, *args[:3])
        return result


def _dense(y: Tensor, x: Tensor, weight: Tensor, *_: object) -> int:
    """Count the products of y (…, m) from x (…, n): n for each value of y."""
    return y.numel() * weight.shape[-1]


def _convolution(y: Tensor, x: Tensor, weight: Tensor, *_: object) -> int:
    """Count k·k·c products for each value of y, of one kernel (c, k, k)."""
    return y.numel() * weight[0].numel()


def _matrices(y: Tensor, x: Tensor, *_: object) -> int:
    """Count the products of y (…, n, m) from x (…, n, k) and (…, k, m)."""
    return y.numel() * x.shape[-1]


def _attention(y: Tensor, q: Tensor, k: Tensor, *_: object) -> int:
    """Count the products of softmax(q kᵀ / √d) v: d for each score (…, n, m), and m for each value of y."""
    return q.numel() * k.shape[-2] + y.numel() * k.shape[-2]


PRODUCTS: dict[Any, Callable[..., int]] = {
    F.linear: _dense,
    torch.conv2d: _convolution,
    F.scaled_dot_product_attention: _attention,
    **dict.fromkeys((torch.matmul, Tensor.matmul, Tensor.__matmul__), _matrices),
}
