"""The precision is chosen by a step of the run's own network: faults of kernels are injected, and it is not fooled."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from rdfia.train import precision
from rdfia.train.precision import autocast, described, resolve
from tests.train import sample

CARD = {"kind": "images", "classes": list("abcd"), "shape": [3, 12, 12]}


class Kernel(TorchFunctionMode):
    """A convolution whose result is changed."""

    def __init__(self, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.change = change

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        return self.change(result) if func is torch.conv2d else result


def wrong(y: Tensor) -> Tensor:
    """A kernel that is wrong in bfloat16 alone."""
    return y * 1.1 if y.dtype == torch.bfloat16 else y


def not_a_number(y: Tensor) -> Tensor:
    return y * float("nan") if y.dtype == torch.bfloat16 else y


def missing(y: Tensor) -> Tensor:
    if y.dtype == torch.bfloat16:
        raise RuntimeError("not implemented for 'BFloat16'")
    return y


def slow(dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    """A kernel that is slow in one precision."""

    def change(y: Tensor) -> Tensor:
        if y.dtype == dtype:
            time.sleep(0.2)
        return y

    return change


def run(**changed: Any) -> Any:
    model = {"name": "cnn", "channels": (8, 8), "hidden": 16}  # rounding weighs more in a smaller one
    return sample.run(**{"precision": "auto", "model": model} | changed)


@pytest.fixture(autouse=True)
def _nothing_measured_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(precision, "_tried", {})
    monkeypatch.setenv("RDFIA_DEVICE", "cpu")
    return


def test_bfloat16_is_chosen_where_it_is_right_and_faster() -> None:
    with Kernel(slow(torch.float32)):
        assert resolve(run(), CARD) == "bfloat16"
    measured = described(run(), CARD)  # is known now
    assert measured["precision"] == "bfloat16"
    assert 0 < measured["bfloat16"]["error"] < 0.02
    assert measured["bfloat16"]["speed"] > 1.25


@pytest.mark.parametrize("fault", [wrong, not_a_number, missing])
def test_a_kernel_that_is_wrong_in_bfloat16_is_found(fault: Callable[[Tensor], Tensor]) -> None:
    both = [fault, slow(torch.float32)]
    with Kernel(both[0]), Kernel(both[1]):
        assert resolve(run(), CARD) == "float32"
    assert precision.trial(run(), CARD).error > 0.02


def test_a_kernel_that_is_slow_in_bfloat16_is_found() -> None:
    with Kernel(slow(torch.bfloat16)):
        assert resolve(run(), CARD) == "float32"
    assert precision.trial(run(), CARD).error < 0.02


def test_each_network_is_measured_once_and_what_is_said_is_taken() -> None:
    assert described(run(precision="float32"), CARD) == {"precision": "float32"}
    assert described(run(precision="bfloat16"), CARD) == {"precision": "bfloat16"}
    assert not precision._tried
    first = precision.trial(run(), CARD)
    assert precision.trial(run(epochs=9, normalise="mean_image"), CARD) is first
    assert precision.trial(run(batch_size=8), CARD) is not first
    with autocast("bfloat16", torch.device("cpu"))():
        assert torch.nn.functional.linear(torch.ones(2, 2), torch.ones(2, 2)).dtype == torch.bfloat16
