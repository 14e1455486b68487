"""Training as on a GPU, where there is none: nothing mixes devices, and nothing in an epoch waits for the GPU."""

from typing import Any

import pytest
import torch
from torch import Generator

from rdfia import config
from rdfia.study import runs
from rdfia.train import descent, fit
from rdfia.train.classifier import build
from rdfia.train.run import Data
from tests.train.simulated import GPU, SimulatedGenerator, accelerator

PARAMS = config.load() | {"profile": "quick"}
SHAPES = {"cnn": (3, 32, 32), "vit": (1, 28, 28)}
# By decision: images are sorted by their operation, and a pair of L-BFGS is kept or not, once in an epoch.
NEEDS_A_VALUE = "meta"
WAITING = ("trivial_augment", "lbfgs")


def one_of_each() -> list[tuple[str, str]]:
    """The runs of networks that differ in what a step does: augmentation, mixing, labels, optimiser or network."""
    found: dict[Any, tuple[str, str]] = {}
    for chapter in SHAPES:
        for name in runs.runs(PARAMS, chapter):
            run: Any = runs.resolve(PARAMS, chapter, name)
            optimiser = (
                run.optimiser.name,
                bool(run.optimiser.weight_decay),
                getattr(run.optimiser, "momentum", 0) > 0,
            )
            parts = (run.augment, run.mixing, run.label_smoothing, run.optimiser.name, optimiser)
            network = {k: v for k, v in run.model.model_dump(exclude={"channels"}).items() if type(v) is not int}
            found.setdefault((chapter, parts, repr(network)), (chapter, name))
    return list(found.values())


def train_epochs(chapter: str, name: str, waits: list[str]) -> None:
    """Train an epoch and evaluate, then again, and note what waits in the second."""
    run: Any = runs.resolve(PARAMS, chapter, name)
    shape = SHAPES[chapter]
    card = {"kind": "images", "classes": list("abcdefghij"), "shape": list(shape)}
    channel = torch.ones(shape[0], 1, 1)
    statistics = {"standardise/mean": channel, "standardise/std": channel, "zca/mean": torch.ones(shape)}
    run = run.model_copy(update={"normalise": runs.resolve(PARAMS, "cnn", "standardise").normalise})
    examples = (torch.zeros(20, *shape, dtype=torch.uint8, device=GPU), torch.zeros(20, dtype=torch.int64, device=GPU))
    data = Data(card, statistics, examples, examples)
    model = build(run, card, statistics, Generator()).to(GPU).to(memory_format=torch.channels_last)
    plan = descent._plan(run, data, model, descent.StepLog(GPU))
    drawn = [SimulatedGenerator()]
    take = fit._step(model, plan, drawn)
    for epoch in (1, 2):
        waits.clear()
        totals = fit._train_epoch(model, examples, plan, drawn, epoch, True, take)
        scores = fit.evaluate(model, examples, plan.precision)
        assert totals.device == scores.device == GPU


@pytest.mark.parametrize(("chapter", "name"), one_of_each())
def test_nothing_mixes_devices_or_waits_within_an_epoch(
    chapter: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with accelerator(monkeypatch) as waits:
        if name in WAITING:
            with pytest.raises((RuntimeError, NotImplementedError), match=NEEDS_A_VALUE):
                train_epochs(chapter, name, waits)
        else:
            train_epochs(chapter, name, waits)
            assert waits == []


def test_the_simulation_notes_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    with accelerator(monkeypatch) as waits:
        x = torch.zeros(3, device=GPU)
        assert (x + torch.as_tensor(1.0)).device == GPU
        assert waits == []
        torch.tensor([1.0], device=GPU)
        x[torch.zeros(2, dtype=torch.int64)]
        x.copy_(torch.zeros(3))
        assert len(waits) == 3
        with pytest.raises(NotImplementedError, match=NEEDS_A_VALUE):
            x.cpu()
        with pytest.raises(Exception, match="device"):
            x + torch.zeros(3)
        with pytest.raises(RuntimeError, match=NEEDS_A_VALUE):
            x.sum().item()
        with pytest.raises(AssertionError, match="generator"):
            torch.rand(2, generator=Generator(), device=GPU)
