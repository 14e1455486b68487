"""Operations counted while a network works, by the shapes of what it multiplies.

PyTorch's own counter sits below its dispatcher, and the first use of that imports the compiler: 2.4 s a process. This
one hears the functions that a network calls; a test holds the two side by side for every declared run.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


class Flops(TorchFunctionMode):
    """Adds up, in `total`, two operations for each product of the functions that are called inside the context."""

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
        found = func(*args, **(kwargs or {}))
        if func in PRODUCTS:
            self.total += 2 * PRODUCTS[func](found, *args[:3])
        return found


def _dense(y: Tensor, x: Tensor, weight: Tensor, *_: object) -> int:
    """y (…, m) of x (…, n): each value of y is n products."""
    return y.numel() * weight.shape[-1]


def _convolution(y: Tensor, x: Tensor, weight: Tensor, *_: object) -> int:
    """Each value of y is k·k·c products, of one kernel (c, k, k)."""
    return y.numel() * weight[0].numel()


def _matrices(y: Tensor, x: Tensor, *_: object) -> int:
    """y (…, n, m) of x (…, n, k) and (…, k, m)."""
    return y.numel() * x.shape[-1]


def _attention(y: Tensor, q: Tensor, k: Tensor, *_: object) -> int:
    """softmax(q kᵀ / √d) v: scores (…, n, m) of d products each, and as many again for each value of y."""
    return q.numel() * k.shape[-2] + y.numel() * k.shape[-2]


PRODUCTS: dict[Any, Callable[..., int]] = {
    F.linear: _dense,
    torch.conv2d: _convolution,
    F.scaled_dot_product_attention: _attention,
    **dict.fromkeys((torch.matmul, Tensor.matmul, Tensor.__matmul__), _matrices),
}
