"""The costs of attention: operations, memory and time against the number of tokens n, for four ways to compute it.

Operations are those of the products of Q, K and V alone, without the projections before and after. Memory is counted:
the most bytes of tensors that live at one time, forwards and backwards, beyond Q, K and V themselves. Seconds are
measured and differ every time; with `repeats: 0` there are none, and the answer is reproducible.
"""

import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal
from weakref import WeakKeyDictionary, finalize

import torch
from pydantic import Field, field_validator
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from rdfia.config import Config, listed
from rdfia.data.store import Split
from rdfia.models.attention import Attention, AttentionKind, Linear, Softmax, Windowed
from rdfia.theory.answer import Answer
from rdfia.theory.backprop import exponent
from rdfia.train import device

ROWS = 4  # of patches: a window of 4 × 4 fits where the number of tokens is a multiple of 16
WAYS: dict[str, AttentionKind] = {
    "written": Softmax(),
    "fused": Softmax(kernel="fused"),
    "linear": Linear(),
    "windowed": Windowed(size=ROWS),
}
CLAIM = {"report": "R2023a", "product": "Q Kᵀ", "claimed": "O(n · d²)", "over_tokens": 1, "over_width": 2}
Tokens = Annotated[int, Field(ge=16, le=4096, multiple_of=ROWS**2)]


class LivingBytes(TorchDispatchMode):
    """A context that counts the bytes of all living storages that were made inside it, and their peak."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = self.peak = 0
        self.storages: WeakKeyDictionary[Any, int] = WeakKeyDictionary()

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        inputs = {id(part.untyped_storage()) for part in tree_leaves((args, kwargs)) if isinstance(part, Tensor)}
        result = func(*args, **(kwargs or {}))
        for part in tree_leaves(result):
            if isinstance(part, Tensor) and id(part.untyped_storage()) not in inputs:
                self._add(part.untyped_storage())
        return result

    def _add(self, storage: Any) -> None:
        if storage in self.storages:
            return
        size = self.storages[storage] = storage.nbytes()
        self.bytes += size
        self.peak = max(self.peak, self.bytes)
        finalize(storage, self._remove, size)

    def _remove(self, size: int) -> None:
        self.bytes -= size


class AttentionCost(Config):
    """Four ways of attention on `batch` sequences of `tokens` tokens, each in `heads` heads of `width` / `heads`."""

    name: Literal["attention"] = "attention"
    tokens: Annotated[tuple[Tokens, ...], listed, Field(min_length=4)] = (16, 32, 64, 128, 256, 512, 1024)
    widths: Annotated[tuple[Annotated[int, Field(ge=1, le=1024)], ...], listed, Field(min_length=4)] = (8, 16, 32, 64)
    width: int = Field(64, ge=1, le=1024)
    heads: int = Field(4, ge=1)
    batch: int = Field(4, ge=1)
    repeats: int = Field(3, ge=0)
    seed: int = Field(0, ge=0)

    @field_validator("tokens", "widths")
    @classmethod
    def _rising(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if list(sizes) != sorted(set(sizes)):
            raise ValueError("numbers that rise")
        return sizes

    @field_validator("heads")
    @classmethod
    def _divides(cls, heads: int, info: Any) -> int:
        if info.data.get("width", heads) % heads:
            raise ValueError(f"a divisor of width ({info.data['width']})")
        return heads

    def answer(self, circles: Split) -> Answer:
        """Return the costs of each way, and the growth of Q Kᵀ with n and with d; the circles are not needed."""
        facts = {
            "tokens": list(self.tokens),
            "fitted_on": list(self._upper()),
            "settings": {"width": self.width, "heads": self.heads, "batch": self.batch, "repeats": self.repeats},
            "device": device.device().type,
            "window": ROWS**2,
            "ways": {name: self._way(kind) for name, kind in WAYS.items()},
            "product": self._product(),
            "matrices": {"layer": 2 * self.width, "block": 6 * self.width},  # n at which 4 n² E is 8 n E², 24 n E²
        }
        return Answer(facts)

    def _upper(self) -> tuple[int, ...]:
        return self.tokens[len(self.tokens) // 2 :]

    def _way(self, kind: AttentionKind) -> dict[str, Any]:
        """Return one way's costs for each number of tokens, and the exponents over the upper half."""
        costs: dict[str, list[int]] = {
            "flops": [kind.flops(self.width, self.heads, (ROWS, n // ROWS), 0) for n in self.tokens],
            "bytes": [peak(self._layer(kind, n), self._heads(n, torch.device("cpu"))) for n in self.tokens],
        }
        if self.repeats:
            costs["nanoseconds"] = [self._time(kind, n) for n in self.tokens]
        upper = self._upper()
        powers = {key: exponent(upper, values[-len(upper) :]) for key, values in costs.items()}
        return {**costs, "exponents": powers}

    def _layer(self, kind: AttentionKind, n: int) -> Attention:
        return kind.build(self.width, self.heads, (ROWS, n // ROWS), 0)

    def _heads(self, n: int, where: torch.device) -> list[Tensor]:
        """Sample Q, K and V (batch, heads, n, d) from the seed."""
        generator = torch.Generator().manual_seed(self.seed)
        shape = (3, self.batch, self.heads, n, self.width // self.heads)
        return [part.to(where).requires_grad_() for part in torch.randn(shape, generator=generator)]

    def _time(self, kind: AttentionKind, n: int) -> int:
        """Return the shortest of several times of one pass forwards and backwards, after one that is not counted."""
        where = device.device()
        layer, parts = self._layer(kind, n).to(where), self._heads(n, where)
        times = [_timed(layer, parts, where) for _ in range(self.repeats + 1)]
        return min(times[1:])

    def _product(self) -> dict[str, Any]:
        """Count the operations of Q Kᵀ for one head over n and over d, beside the claim."""
        middle, upper = self.tokens[len(self.tokens) // 2], self._upper()
        over_tokens = [counted(n, self.widths[-1]) for n in upper]
        over_width = [counted(middle, d) for d in self.widths]
        return {
            **CLAIM,
            "tokens": {"sizes": list(upper), "flops": over_tokens, "exponent": exponent(upper, over_tokens)},
            "width": {"sizes": list(self.widths), "flops": over_width, "exponent": exponent(self.widths, over_width)},
            "fixed": {"tokens": middle, "width": self.widths[-1]},
        }


def _step(layer: Attention, parts: Sequence[Tensor]) -> None:
    """Do one pass forwards and backwards."""
    torch.autograd.grad(layer.attend(*parts).sum(), list(parts))


def _timed(layer: Attention, parts: Sequence[Tensor], where: torch.device) -> int:
    _wait(where)
    start = time.perf_counter_ns()
    _step(layer, parts)
    _wait(where)
    return time.perf_counter_ns() - start


def _wait(where: torch.device) -> None:
    """Wait for the accelerator to finish."""
    if where.type != "cpu":
        torch.accelerator.synchronize(where)


def peak(layer: Attention, parts: Sequence[Tensor]) -> int:
    """Return the most bytes of tensors that live at one time in one pass forwards and backwards, without Q, K and V."""
    living = LivingBytes()
    with living:
        _step(layer, parts)
    return living.peak


def counted(n: int, d: int) -> int:
    """Count the operations of Q Kᵀ for n tokens of width d by PyTorch's own counter."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        torch.zeros(n, d) @ torch.zeros(n, d).mT
    return int(counter.get_total_flops())
