"""The training loop: the records of epochs, and that their figures are right."""

import math
from dataclasses import asdict
from functools import partial

import pytest
import torch
from torch import Generator

from rdfia.bench.yardsticks import in_the_courses_order
from rdfia.data.batches import per_epoch, shuffled, size
from rdfia.models.cnn import CNN
from rdfia.parallel import map_forked
from rdfia.train.classifier import build
from rdfia.train.epochs import EpochRecord
from rdfia.train.fit import Plan, evaluate, fit
from rdfia.train.optimise import SGD
from rdfia.train.precision import Precision
from rdfia.train.run import Data
from rdfia.train.schedule import Constant, Exponential
from rdfia.train.targets import Targets
from tests.train.sample import run


def plan(model: torch.nn.Module, rate: float = 0.1, epochs: int = 3, batch_size: int = 16) -> Plan:
    descent = SGD(learning_rate=rate).over(model.parameters())
    precision = Precision("float32", torch.device("cpu"))
    return Plan(descent, Exponential(gamma=0.5), epochs, batch_size, precision, Targets(2))


def records(data: Data, **settings: float) -> list[EpochRecord]:
    model = build(run(), data.card, data.statistics, Generator().manual_seed(0))
    chosen = plan(model.network, **settings)  # type: ignore[arg-type]
    return [record[0] for record in fit(model, data.train, data.validation, chosen, [Generator().manual_seed(0)])]


def test_batches_hold_every_index_once() -> None:
    batches = list(shuffled(103, 25, [Generator().manual_seed(0)]))
    assert [len(batch) for batch in batches] == [25, 25, 25, 25, 3]
    assert torch.cat(batches).sort().values.tolist() == list(range(103))
    assert len(batches) == per_epoch(103, 25)


def test_an_epoch_has_a_step_for_each_batch_begun() -> None:
    assert [per_epoch(1000, batch) for batch in (64, 100, 1000, 5000, "all")] == [16, 10, 1, 1, 1]
    assert [size(batch, 1000) for batch in (64, 1000, 5000, "all")] == [64, 1000, 1000, 1000]


def test_one_record_before_the_first_step_and_one_an_epoch(data: Data) -> None:
    history = records(data)
    assert [record.epoch for record in history] == [0, 1, 2, 3]
    assert [record.step for record in history] == [0, 8, 16, 24]
    assert math.isnan(history[0].train_loss)
    assert history[0].validation_loss == pytest.approx(math.log(2), abs=0.2)


def test_the_learning_rate_follows_the_schedule(data: Data) -> None:
    assert [record.learning_rate for record in records(data)][1:] == pytest.approx([0.1, 0.05, 0.025])


def test_it_learns(data: Data) -> None:
    history = records(data, epochs=8)
    assert history[-1].validation_accuracy > 0.9
    assert history[-1].frozen_loss < history[0].frozen_loss / 2


def test_validation_figures_are_those_of_the_final_weights(data: Data) -> None:
    model = build(run(), data.card, data.statistics, Generator().manual_seed(0))
    last = list(fit(model, data.train, data.validation, plan(model.network), [Generator().manual_seed(0)]))[-1][0]
    figures = evaluate(model, data.validation, Precision("float32", torch.device("cpu")))
    assert [last.validation_loss, last.validation_accuracy] == figures.tolist()


def test_running_figures_average_over_the_moving_weights(data: Data) -> None:
    """With a step of almost nothing the weights do not move: running and frozen figures are the same."""
    whole = Data(data.card, data.statistics, data.train, data.train)
    last = records(whole, rate=1e-12, epochs=1)[-1]
    assert last.train_loss == pytest.approx(last.frozen_loss, rel=1e-5)
    assert last.train_accuracy == pytest.approx(last.frozen_accuracy)


def test_a_loss_that_is_no_number_ends_it(data: Data) -> None:
    history = records(data, rate=1e30, epochs=5)
    assert history[-1].diverged
    assert len(history) == 2
    assert not any(record.diverged for record in history[:-1])


def test_a_constant_schedule_leaves_the_rate_alone() -> None:
    assert Constant()(7, 3, 5) == 1.0


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_fast_path_gives_the_losses_of_the_plain_one_to_the_bit(
    precision: str, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plain path has the course's order of layers."""
    chosen = run(precision=precision, model={"name": "cnn", "channels": (4, 4), "hidden": 8})
    fast = [asdict(record) for _, record in chosen.events(data) if isinstance(record, EpochRecord)]
    build_fast = CNN.build
    monkeypatch.setattr(CNN, "build", lambda *args: in_the_courses_order(build_fast(*args)))
    plain = [asdict(record) for _, record in chosen.events(data) if isinstance(record, EpochRecord)]
    assert len(fast) == 3 * (1 + chosen.epochs)
    assert repr(fast) == repr(plain)


def figures(data: Data) -> list[str]:
    chosen = run(augment=["affine", "erasing"], mixing="cutmix", model={"name": "cnn", "channels": (4,), "hidden": 8})
    return [repr(record) for _, record in chosen.events(data) if isinstance(record, EpochRecord)]


def test_deterministic_kernels_give_the_same_figures(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = map_forked([partial(figures, data)] * 2, 2)
    monkeypatch.setenv("RDFIA_DETERMINISTIC", "1")
    assert map_forked([partial(figures, data)] * 2, 2) == plain
    assert len(plain[0]) == 9
