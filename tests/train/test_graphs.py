"""Steps that are replayed on a GPU give what steps taken one by one give; without a GPU none is replayed."""

from dataclasses import asdict
from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from rdfia.chapters import run_class
from rdfia.config import parse
from rdfia.train import fit as loop
from rdfia.train.classifier import build
from rdfia.train.descent import DescentRun, train_seeds
from rdfia.train.epochs import EpochRecord
from rdfia.train.graphs import Replayed
from rdfia.train.run import Data, Trained
from tests.train.test_fit import plan

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
CARD = {"kind": "images", "classes": list("abcdefghij"), "shape": [3, 16, 16]}


def images() -> Data:
    generator = Generator().manual_seed(0)
    x = torch.randint(256, (700, 3, 16, 16), dtype=torch.uint8, generator=generator)
    y = torch.randint(10, (700,), generator=generator)
    return Data(CARD, {}, (x[:600], y[:600]), (x[600:], y[600:]))


def settings(**changed: Any) -> DescentRun:
    plain = {
        "model": {"name": "cnn", "channels": [8, 16], "hidden": 32},
        "optimiser": {"name": "sgd", "learning_rate": 0.05},
        "epochs": 4,
        "batch_size": 64,
        "seeds": 1,
    }
    return parse(run_class("cnn"), plain, changed, where=["plain", "changed"])  # type: ignore[return-value]


def trained(run: DescentRun) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Train a run; return the records of its epochs, and its weights."""
    reports = [report for _, report in train_seeds(run, images(), [0])]
    records = [asdict(report) for report in reports if isinstance(report, EpochRecord)]
    (last,) = [report for report in reports if isinstance(report, Trained)]
    return records, last.weights


@on_gpu
@pytest.mark.usefixtures("in_fixed_order")
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"optimiser": {"momentum": 0.9, "nesterov": True}},
        {"optimiser": {"name": "rmsprop", "learning_rate": 1e-5}},
        {"schedule": {"name": "exponential", "gamma": 0.5}},
        {"schedule": {"name": "cosine"}},
        {"augment": [{"name": "crop", "size": 12}, "horizontal_flip"]},
        {"augment": ["affine"]},
        {"mixing": "cutmix"},
        {"model": {"dropout": 0.5, "batch_norm": True}},
        {"record_every": 3},
    ],
    ids=str,
)
def test_a_replayed_run_is_the_run(changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    run = settings(**changed)
    taken, plain = trained(run)
    monkeypatch.setenv("RDFIA_GRAPHS", "1")
    replayed, weights = trained(run)
    for one, other in zip(replayed, taken, strict=True):
        losses = {key: value for key, value in one.items() if key.endswith("loss")}
        assert losses == pytest.approx({key: other[key] for key in losses}, rel=1e-2, nan_ok=True)
    for name, w in weights.items():
        assert torch.allclose(torch.from_numpy(w).float(), torch.from_numpy(plain[name]).float(), atol=5e-3), name


@on_gpu
def test_every_replay_draws_anew_and_goes_on_as_without() -> None:
    def step(raw: Tensor, labels: Tensor, factor: float, scoring: bool) -> Tensor:
        return torch.rand(3, generator=generator, device="cuda") + raw.sum() * 0

    generator = Generator("cuda").manual_seed(0)
    replayed = Replayed(step, lambda: [generator])
    x = torch.zeros(2, device="cuda")
    drawn = [replayed(x, x, 1.0, True) for _ in range(8)]
    assert replayed.captured is not None
    generator.manual_seed(0)
    plain = [step(x, x, 1.0, True) for _ in range(8)]
    assert torch.equal(torch.stack([one for one in drawn if one is not None]), torch.stack(plain))


@on_gpu
def test_a_step_that_waits_is_never_captured_and_draws_the_same() -> None:
    def step(raw: Tensor, labels: Tensor, factor: float, scoring: bool) -> Tensor:
        drawn = torch.rand(3, generator=generator, device="cuda")
        return drawn * torch.tensor([1.0, 2.0, 3.0], device="cuda")

    generator = Generator("cuda").manual_seed(0)
    replayed = Replayed(step, lambda: [generator])
    x = torch.zeros(2, device="cuda")
    drawn = [replayed(x, x, 1.0, True) for _ in range(8)]
    assert replayed.waits
    assert replayed.captured is None
    generator.manual_seed(0)
    plain = [step(x, x, 1.0, True) for _ in range(8)]
    assert torch.equal(torch.stack([one for one in drawn if one is not None]), torch.stack(plain))


def test_no_step_is_replayed_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDFIA_GRAPHS", "1")
    run = settings()
    model = build(run, CARD, {}, Generator())
    steps = plan(model.network)
    assert steps.descent.repeats
    assert not isinstance(loop._step(model, steps, [Generator()]), Replayed)
