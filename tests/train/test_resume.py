"""Training that is stopped and goes on from a checkpoint ends with the bytes of training that was never stopped."""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from rdfia.chapters import run_class
from rdfia.record.outcome import Outcome
from rdfia.record.run import HISTORY, METRICS, WEIGHTS
from rdfia.study.checkpoint import Checkpoints, Pace, key, measured, take_measured
from rdfia.train import precision
from rdfia.train.run import Data, Program, Run, Trained
from tests.train.sample import perceptron, recorded, run

pytestmark = pytest.mark.usefixtures("in_fixed_order")
EPOCHS = 5
RATE = {
    "sgd": {"learning_rate": 0.05},
    "torch_sgd": {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True},
    "adagrad": {"learning_rate": 0.05},
    "adadelta": {"learning_rate": 1.0},
    "rmsprop": {"learning_rate": 0.003, "momentum": 0.5},
    "adam": {"learning_rate": 0.01, "amsgrad": True},
    "adamw": {"learning_rate": 0.01, "weight_decay": 0.1},
    "nadam": {"learning_rate": 0.01},
    "muon": {"learning_rate": 0.02},
    "lbfgs": {"learning_rate": 0.5, "memory": 3},
}
OPTIMISERS = [{"name": name, **rest} for name, rest in RATE.items()] + [
    {"name": "sgd", "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.01},
    {"name": "torch_sgd", "learning_rate": 0.05},
]
SCHEDULES = ["exponential", "step", "inverse_time", "polynomial", "cosine", "cyclical", "one_cycle"]
CNN = {"name": "cnn", "channels": (4,), "kernel_size": 3, "hidden": 8}
TIMM = {"name": "timm", "img_size": 8, "patch_size": 4, "embed": 12, "depth": 1, "heads": 3, "initialisation": "jax"}
SETTINGS: dict[str, dict[str, Any]] = {
    "early stopping": {"optimiser": {"name": "sgd", "learning_rate": 3.0}, "patience": 2, "epochs": 8},
    "batch norm": {"model": CNN | {"batch_norm": True}},
    "dropout": {"model": CNN | {"dropout": 0.5}},
    "mixing": {"mixing": {"name": "mixup"}, "label_smoothing": 0.1},
    "augmentation": {
        "augment": ({"name": "jitter", "brightness": 0.2}, {"name": "crop", "size": 6}, {"name": "horizontal_flip"})
    },
    "whitening": {"normalise": "zca"},
    "snapshots": {"snapshots": (0, 2, 3)},
    "few records": {"record_every": 4},
    "range test": {"schedule": {"name": "range_test", "low": 0.01, "high": 1e30}},
    "diverged": {"optimiser": {"name": "sgd", "learning_rate": 1e30}},
    "half precision": {"precision": "bfloat16"},
}


class StoppedError(Exception):
    """A kill in the middle of a run."""


def checkpoints(folder: Path, chosen: Run, key: str = "0" * 64) -> Checkpoints:
    return Checkpoints(folder, key, chosen.record, lambda line: None, Pace(0.0))


def stopped_after(program: Program, count: int) -> Program:
    """The program, which is killed when it has yielded so many reports and checkpoints."""

    def train(seeds: Sequence[int], state: Any) -> Iterator[Any]:
        for place, report in enumerate(program.train(seeds, state)):
            if place == count:
                raise StoppedError
            yield report

    return Program(program.groups, train)


def whole(data: Data, chosen: Run) -> Outcome:
    collected = Outcome()
    for seed, report in chosen.events(data):
        collected.add(seed, report)
    return collected


def resumed(folder: Path, data: Data, chosen: Run, count: int) -> Outcome:
    """What a run reports that is killed again and again, each time after so many reports and checkpoints."""
    kept, collected = checkpoints(folder, chosen), Outcome()
    program = chosen.program(data)
    for group in program.groups:
        for _ in range(100):
            try:
                events = list(kept.train(stopped_after(chosen.program(data), count), group))
            except StoppedError:
                continue
            break
        else:
            pytest.fail("a run that is killed again and again comes to no end")
        for seed, report in events:
            collected.add(seed, report)
    return collected


def same(folder: Path, data: Data, chosen: Run, kind: str, count: int) -> None:
    """Compare the bytes of what was never stopped and of what was."""
    expected = recorded(folder / "whole", data, chosen, kind, whole(data, chosen)).folder
    actual = recorded(folder / "resumed", data, chosen, kind, resumed(folder / "kept", data, chosen, count)).folder
    for name in (WEIGHTS, METRICS, HISTORY):
        assert (expected / name).read_bytes() == (actual / name).read_bytes(), name


@pytest.mark.parametrize("count", [3, 5])
@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=lambda o: "-".join(map(str, o.values())))
def test_optimisers(tmp_path: Path, data: Data, optimiser: dict[str, Any], count: int) -> None:
    batch = {"batch_size": "all"} if optimiser["name"] == "lbfgs" else {}
    same(tmp_path, data, run(optimiser=optimiser, epochs=EPOCHS, seeds=1, **batch), "cnn", count)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules(tmp_path: Path, data: Data, schedule: str) -> None:
    same(tmp_path, data, run(schedule={"name": schedule, "warmup": 1.5}, epochs=EPOCHS, seeds=1), "cnn", 3)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("count", [4, 7])
def test_settings(tmp_path: Path, data: Data, settings: dict[str, Any], count: int) -> None:
    same(tmp_path, data, run(**{"epochs": EPOCHS, "seeds": 2} | settings), "cnn", count)


@pytest.mark.parametrize("implementation", ["autograd", "by_hand"])
@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_stacked_seeds(tmp_path: Path, data: Data, implementation: str, optimiser: str) -> None:
    points = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    split = (points, (points[:, 0] > 0).long())
    plane = Data({**data.card, "kind": "points", "shape": [2]}, {}, split, split)
    chosen = perceptron(implementation, optimiser={"name": optimiser, **RATE[optimiser]}, snapshots=(2,))
    assert [len(group) for group in chosen.program(plane).groups] == [3]
    same(tmp_path, plane, chosen, "mlp", 9)


@pytest.mark.parametrize("count", [3, 5])
def test_masked(tmp_path: Path, data: Data, count: int) -> None:
    settings = {
        "model": TIMM,
        "decoder": {"embed": 8, "depth": 1, "heads": 2},
        "mask": 0.5,
        "readout": {"examples": 60},
        "optimiser": {"name": "adamw", "learning_rate": 0.01},
        "normalise": "standardise",
        "augment": ({"name": "horizontal_flip"},),
        "epochs": EPOCHS,
        "record_every": 2,
        "batch_size": 16,
        "seeds": 2,
    }
    same(tmp_path, data, run_class("masked").model_validate(settings), "masked", count)


@pytest.mark.parametrize("count", [3, 8])
def test_every_C_of_a_machine(tmp_path: Path, data: Data, count: int) -> None:
    settings = {"model": {"name": "svm"}, "C": (0.01, 1.0, 100.0), "sample": 40, "seeds": 3, "normalise": "standardise"}
    same(tmp_path, data, run_class("svm").model_validate(settings), "svm", count)


def test_training_goes_on_and_does_not_begin_again(tmp_path: Path, data: Data) -> None:
    chosen, lines, trained = run(epochs=EPOCHS, seeds=2), list[str](), list[int]()
    kept = checkpoints(tmp_path, chosen)
    program = chosen.program(data)
    stopped = (kept.train(program, (0,)), kept.train(stopped_after(program, 8), (1,)))
    with pytest.raises(StoppedError):
        list(kept.keep_ended(program.groups, chain.from_iterable(stopped)))

    def train(seeds: Sequence[int], state: Any) -> Iterator[Any]:
        for seed, report in program.train(seeds, state):
            trained.append(report.epoch)
            yield seed, report

    again = Checkpoints(tmp_path, kept.key, chosen.record, lines.append, Pace(0.0))
    counted = Program(program.groups, train)
    assert isinstance(list(again.train(counted, (0,)))[-1][1], Trained)
    assert trained == []
    list(again.train(counted, (1,)))
    assert min(epoch for epoch in trained if epoch is not None) == 4
    assert lines == ["seed 0  was trained before", "seed 1  goes on after epoch 3"]


def test_another_key_uses_no_checkpoint_and_removes_it(tmp_path: Path, data: Data) -> None:
    chosen = run(epochs=EPOCHS, seeds=1)
    with pytest.raises(StoppedError):
        list(checkpoints(tmp_path, chosen).train(stopped_after(chosen.program(data), 7), (0,)))
    other = checkpoints(tmp_path, chosen, "0" * 63 + "1")  # of the same file name
    assert other.read((0,)) == ([], {})
    assert checkpoints(tmp_path, chosen).read((0,))[0] != []
    checkpoints(tmp_path, chosen, "1" * 64).remove_others()
    assert list(tmp_path.iterdir()) == []


def test_an_experiment_in_a_copy_leaves_the_projects_checkpoints(
    tmp_path: Path, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "copy").mkdir()
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    chosen, folder = run(epochs=EPOCHS, seeds=1), tmp_path / "kept"
    for name in ("0" * 64, "1" * 64):
        with pytest.raises(StoppedError):
            list(checkpoints(folder, chosen, name).train(stopped_after(chosen.program(data), 7), (0,)))
    ours, experiment = (checkpoints(folder, chosen, name) for name in ("0" * 64, "1" * 64))
    experiment.remove_others()
    experiment.remove()
    assert experiment.read((0,)) == ([], {})
    assert ours.read((0,))[0] != []
    ours.remove()
    assert not folder.exists()


def test_a_stopped_run_goes_on_in_the_precision_that_was_measured(
    tmp_path: Path, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A measurement of time at the threshold may come out otherwise the next time."""
    chosen = run(epochs=EPOCHS, seeds=1, precision="auto")
    monkeypatch.setattr(precision, "known", {})
    precision.trials(chosen, data.card)
    (measurement,) = precision.known
    fast, slow = ({"bfloat16": precision.Trial(0.001, speed)} for speed in (1.26, 1.24))
    precision.known[measurement] = fast
    before = key({}, chosen, data)
    kept = checkpoints(tmp_path, chosen, before)
    kept.measured = measured(chosen)
    with pytest.raises(StoppedError):
        list(kept.train(stopped_after(chosen.program(data), 7), (0,)))
    precision.known[measurement] = slow
    assert key({}, chosen, data) != before
    take_measured(tmp_path, chosen)
    assert precision.known == {measurement: fast}
    assert key({}, chosen, data) == before
    monkeypatch.setattr("rdfia.train.device.machine", lambda where: {"processor": "another", "device": "cpu"})
    precision.known[measurement] = slow
    take_measured(tmp_path, chosen)
    assert precision.known == {measurement: slow}


def test_a_checkpoint_that_was_cut_off_counts_as_none(tmp_path: Path, data: Data) -> None:
    chosen = run(epochs=EPOCHS, seeds=1)
    kept = checkpoints(tmp_path, chosen)
    with pytest.raises(StoppedError):
        list(kept.train(stopped_after(chosen.program(data), 7), (0,)))
    content = kept.path((0,)).read_bytes()
    for size in (0, 5, len(content) // 2):
        kept.path((0,)).write_bytes(content[:size])
        assert kept.read((0,)) == ([], {})


def test_a_checkpoint_that_cannot_be_written_does_not_stop_training(tmp_path: Path, data: Data) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be")
    chosen, lines = run(epochs=1, seeds=1), list[str]()
    kept = Checkpoints(tmp_path / "kept", "0" * 64, chosen.record, lines.append, Pace(0.0))
    assert len(list(kept.train(chosen.program(data), (0,)))) == 3
    assert all(line.startswith("seed 0  no checkpoint: ") for line in lines)
    assert len(lines) == 2


def test_checkpoints_cost_at_most_a_fiftieth(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("rdfia.study.checkpoint.monotonic", lambda: now[0])
    pace, written = Pace(120.0, last=0.0), list[float]()
    while now[0] < 10_000:
        now[0] += 1
        if pace.due():
            written.append(now[0])
            now[0] += 10  # seconds that writing takes
            pace.note(written[-1])
    assert written[0] == 120
    assert all(later - earlier >= 500 for earlier, later in pairwise(written))
    assert len(written) == 1 + (10_000 - 130) // 510


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", ["sgd", "adam", "muon", "lbfgs"])
def test_on_an_accelerator(tmp_path: Path, data: Data, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDFIA_DEVICE", "cuda")
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    settings = {"model": CNN | {"dropout": 0.5, "batch_norm": True}, "augment": ({"name": "horizontal_flip"},)}
    batch = {"batch_size": "all"} if name == "lbfgs" else {}
    same(tmp_path, data, run(optimiser={"name": name, **RATE[name]}, epochs=EPOCHS, **settings, **batch), "cnn", 3)
