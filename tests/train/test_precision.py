"""The precision is chosen by a step of the run's own network: faults of kernels are injected, and it is not fooled."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from rdfia.data.products import PARTS, exact
from rdfia.data.whitening import Whiten
from rdfia.train import precision
from rdfia.train.precision import BFLOAT16, TF32, Precision, described, resolve, trials
from tests.train import sample

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
CPU = torch.device("cpu")
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
    monkeypatch.setattr(precision, "known", {})
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
    assert trials(run(), CARD)[BFLOAT16].error > 0.02


def test_a_kernel_that_is_slow_in_bfloat16_is_found() -> None:
    with Kernel(slow(torch.bfloat16)):
        assert resolve(run(), CARD) == "float32"
    assert trials(run(), CARD)[BFLOAT16].error < 0.02


def test_each_network_is_measured_once_and_what_is_said_is_taken() -> None:
    assert described(run(precision="float32"), CARD) == {"precision": "float32"}
    assert described(run(precision="bfloat16"), CARD) == {"precision": "bfloat16"}
    assert not precision.known
    first = trials(run(), CARD)
    assert trials(run(epochs=9, normalise="mean_image"), CARD) is first
    assert trials(run(batch_size=8), CARD) is not first
    assert trials(run(normalise="patch_zca"), CARD) is not first  # more channels
    with Precision("bfloat16", CPU).forward():
        assert torch.nn.functional.linear(torch.ones(2, 2), torch.ones(2, 2)).dtype == torch.bfloat16


def in_tf32(change: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """A fault of convolutions in TF32 alone, which a processor does not have: it is asked for, and nothing else."""
    return lambda y: change(y) if PARTS[0].fp32_precision == "tf32" else y


def delay(seconds: float) -> Callable[[Tensor], Tensor]:
    def change(y: Tensor) -> Tensor:
        time.sleep(seconds)
        return y

    return change


@pytest.mark.parametrize(
    ("fault", "chosen"),
    [
        (lambda y: y, "tf32"),
        (lambda y: y * 1.1, "float32"),
        (lambda y: y * float("nan"), "float32"),
        (delay(0.2), "float32"),
    ],
    ids=["none", "wrong", "no number", "slow"],
)
def test_tf32_is_chosen_where_it_is_right_and_faster(
    fault: Callable[[Tensor], Tensor], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "TRIED", {"cpu": (TF32, BFLOAT16)})
    slow_if_exact = Kernel(lambda y: delay(0.1)(y) if PARTS[0].fp32_precision == "ieee" else y)
    with slow_if_exact, Kernel(in_tf32(fault)), Kernel(missing):
        assert resolve(run(), CARD) == chosen
    assert list(trials(run(), CARD)) == ["tf32", "bfloat16"]


def test_less_exact_must_be_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that are right and faster than float32, the more exact is taken unless the other is a quarter faster."""
    for tf32, bfloat16, chosen in (
        (2.0, 2.4, "tf32"),
        (2.0, 2.6, "bfloat16"),
        (1.1, 1.3, "bfloat16"),
        (1.2, 1.2, "float32"),
    ):
        tried = {"tf32": precision.Trial(1e-4, tf32), "bfloat16": precision.Trial(5e-3, bfloat16)}
        monkeypatch.setattr(precision, "trials", lambda run, card, tried=tried: tried)
        assert resolve(run(), CARD) == chosen


def test_each_pass_sets_how_products_are_rounded_and_whitening_is_exact_within() -> None:
    before = [part.fp32_precision for part in PARTS]

    def within(*contexts: Any) -> list[str]:
        with ExitStack() as stack:
            for context in contexts:
                stack.enter_context(context)
            return [part.fp32_precision for part in PARTS]

    gpu = torch.device("cuda")
    assert within(Precision("tf32", gpu).forward()) == within(Precision("tf32", gpu).backward()) == ["tf32", "tf32"]
    assert within(Precision("float32", gpu).forward()) == within(Precision("bfloat16", gpu).backward()) == ["ieee"] * 2
    assert within(Precision("tf32", gpu).forward(), exact(CPU)) == ["ieee", "ieee"]
    assert [part.fp32_precision for part in PARTS] == before


def test_tf32_is_float32_where_there_is_none() -> None:
    assert described(run(precision="tf32"), CARD) == {"precision": "float32"}


@on_gpu
def test_products_are_rounded_on_a_gpu_as_they_are_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDFIA_DEVICE", "cuda")
    where, generator = torch.device("cuda"), torch.Generator("cuda").manual_seed(0)
    x, w = (torch.randn(256, 256, generator=generator, device=where) for _ in range(2))
    images = torch.randn(64, 16, 16, 16, generator=generator, device=where)
    kernels = torch.randn(32, 16, 5, 5, generator=generator, device=where)
    whitening = Whiten(torch.zeros(1, 16, 16, device=where), w)

    def errors(name: str) -> list[float]:
        with Precision(name, where).forward():
            found = (x @ w, torch.conv2d(images, kernels), whitening(x.view(256, 1, 16, 16)).flatten(1))
        right = (x.double() @ w.double(), torch.conv2d(images.double(), kernels.double()), x.double() @ w.double())
        return [float((a - b).norm() / b.norm()) for a, b in zip(found, right, strict=True)]

    assert max(errors("float32")) < 2e-6
    product, convolution, whitened = errors("tf32")
    assert 1e-5 < product < 2e-3
    assert 1e-5 < convolution < 2e-3
    assert whitened < 2e-6
    tried = trials(run(), CARD)
    assert 0 < tried["tf32"].error < tried["bfloat16"].error < 0.02
    assert all(trial.speed > 0.3 for trial in tried.values())
