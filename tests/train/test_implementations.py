"""One network written four times: the steps are the same, alone and side by side."""

from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from torch import Generator

from rdfia.data.circles import Circles
from rdfia.data.store import Split
from rdfia.models.mlp import MLP, Perceptron
from rdfia.record.outcome import Outcome
from rdfia.record.predictor import predictor
from rdfia.record.run import RunRecord
from rdfia.theory.implementations import IMPLEMENTATIONS, Implementations
from rdfia.train.descent import train_seeds
from rdfia.train.epochs import EpochRecord
from rdfia.train.run import Checkpoint, Data, Event, Snapshot, Trained
from tests.train.sample import outcome, perceptron, recorded

CIRCLES = Circles(train=200, test=100).load(Path())
CARD = {"name": "circles", "kind": "points", "classes": ["outer", "inner"], "shape": [2], "sha256": "0"}
OTHERS = [name for name in IMPLEMENTATIONS if name != "by_hand"]


def circles() -> Data:
    train, test = CIRCLES.train, CIRCLES.test
    return Data(CARD, {}, (train.x, train.y), (test.x, test.y))


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 2e-5)])
def test_trajectories_coincide_over_a_hundred_steps(name: str, dtype: torch.dtype, tolerance: float) -> None:
    question = Implementations(epochs=5)  # of 20 steps
    ours, theirs = (question.trajectory(CIRCLES.train, each, dtype) for each in ("by_hand", name))
    assert (ours - theirs).abs().max().item() < tolerance
    assert (ours[-1] - ours[0]).abs().max().item() > 0.1  # they moved


def test_a_wrong_formula_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rdfia.models.formulas.grad_by", lambda grad_y_tilde: -grad_y_tilde.sum(-2))
    question = Implementations(epochs=5)
    ours, theirs = (question.trajectory(CIRCLES.train, each, torch.float64) for each in ("by_hand", "autograd"))
    assert (ours - theirs).abs().max().item() > 0.01


def test_the_facts_are_those_of_the_trajectories() -> None:
    facts = Implementations(epochs=3).answer(CIRCLES.train).facts
    assert facts["steps"] == 60
    for precision, tolerance in (("float32", 1e-5), ("float64", 1e-12)):
        assert facts["largest_difference"][precision]["by_hand"] == 0
        assert 0 < facts["largest_difference"][precision]["autograd"] < tolerance


@pytest.mark.parametrize("implementation", ["by_hand", "autograd"])
def test_seeds_in_one_tensor_program_train_as_each_alone(implementation: str) -> None:
    run, data = perceptron(implementation), circles()
    stacked = gathered(train_seeds(run, data, range(3)))
    for seed in range(3):
        alone = gathered(train_seeds(run, data, [seed]))
        for key, weight in alone.trained[seed].weights.items():
            assert stacked.trained[seed].weights[key] == pytest.approx(weight, abs=1e-5)
        for one, other in zip(stacked.history[seed], alone.history[seed], strict=True):
            assert vars(one) == pytest.approx(vars(other), abs=1e-5, nan_ok=True)


def test_a_seed_that_diverges_leaves_the_others_alone() -> None:
    """One seed's train labels do not matter: its weights start as no number."""
    run, data = perceptron("by_hand", epochs=3), circles()
    build = MLP.build

    def poisoned(self: MLP, shape: tuple[int, ...], classes: int, generator: Generator) -> Perceptron:
        network = build(self, shape, classes, generator)
        if generator.initial_seed() == 1:
            network.Wy.data.fill_(torch.nan)  # type: ignore[union-attr,operator]
        return network  # type: ignore[return-value]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MLP, "build", poisoned)
        sick = gathered(train_seeds(run, data, range(3)))
    well = gathered(train_seeds(run, data, range(3)))
    assert [len(sick.history[seed]) for seed in range(3)] == [4, 1, 4]
    assert sick.history[1][0].diverged
    assert vars(sick.history[2][-1]) == vars(well.history[2][-1])


def test_epochs_between_are_recorded_and_kept_as_asked(tmp_path: Path) -> None:
    run, data = perceptron("by_hand", epochs=7, record_every=3, snapshots=(0, 4, 90)), circles()
    collected = outcome(data, run)
    assert [record.epoch for record in collected.history[2]] == [0, 3, 4, 6, 7]
    record = recorded(tmp_path / "tiny", data, run, "mlp", collected)
    rows = [row for row in record.history if row["seed"] == 1]
    assert [row["epoch"] for row in rows] == [0, 3, 4, 6, 7]
    assert accuracy(record, 1, 4, data) == pytest.approx(rows[2]["validation_accuracy"])
    assert accuracy(record, 1, None, data) == pytest.approx(rows[4]["validation_accuracy"])


def test_a_longer_run_begins_as_a_shorter_one() -> None:
    short, long = (outcome(circles(), perceptron("by_hand", epochs=n)) for n in (3, 6))
    for key, value in vars(short.history[0][3]).items():
        assert vars(long.history[0][3])[key] == value


def test_layers_by_torch_start_where_the_network_by_hand_does() -> None:
    split = Split(*circles().train)
    networks = [MLP(implementation=name).build((2,), 2, Generator().manual_seed(3)) for name in ("by_hand", "nn")]
    torch.testing.assert_close(networks[0](split.x), networks[1](split.x))
    state = torch.random.get_rng_state()
    MLP(implementation="nn").build((2,), 2, Generator().manual_seed(3))
    assert torch.equal(state, torch.random.get_rng_state())


def gathered(events: Iterable[Event | tuple[int, Checkpoint]]) -> Outcome:
    collected = Outcome()
    for seed, report in events:
        if isinstance(report, Checkpoint):
            continue
        assert isinstance(report, EpochRecord | Snapshot | Trained)
        collected.add(seed, report)
    return collected


def accuracy(record: RunRecord, seed: int, epoch: int | None, data: Data) -> float:
    """The validation accuracy of a network that was read back."""
    model = predictor(record, seed, epoch)
    return (model(data.validation[0]).argmax(1) == data.validation[1]).float().mean().item()
