"""What a made-up history says, against figures worked out by hand."""

from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rdfia.analyse.dynamics import LAST, REACHED, Record, curve, dynamics, dynamics_of, scatter
from rdfia.analyse.metrics import Estimate
from rdfia.analyse.results import Study

KEYS = ("epoch", "train_loss", "frozen_loss", "frozen_accuracy", "validation_loss", "validation_accuracy")
ROWS = (  # validation is at 95 % of its end, 0.76, from epoch 4 on, and its loss is lowest there
    (0, None, 2.4, 0.12, 2.3, 0.1),
    (2, 1.9, 1.5, 0.5, 1.6, 0.48),
    (4, 1.2, 0.9, 0.8, 1.0, 0.76),
    (6, 0.6, 0.4, 0.95, 1.3, 0.8),
)


def rows(seed: int = 0, shift: float = 0.0) -> list[Record]:
    """The history above for one seed, its validation losses shifted."""
    found: list[Record] = [{"seed": seed, **dict(zip(KEYS, row, strict=True))} for row in ROWS]
    return [{**row, "validation_loss": (row["validation_loss"] or 0.0) + shift} for row in found]


def accuracies(values: list[float]) -> list[Record]:
    """A history of which only the validation accuracy matters."""
    same = {"seed": 0.0, "train_loss": 1.0, "frozen_loss": 1.0, "frozen_accuracy": 1.0, "validation_loss": 1.0}
    return [{**same, "epoch": epoch, "validation_accuracy": value} for epoch, value in enumerate(values)]


def test_one_seed_by_hand() -> None:
    found = dynamics(rows())
    assert found is not None
    assert (found.first_epoch, found.recorded) == (2, 3)
    means = {key: value.mean for key, value in vars(found).items() if isinstance(value, Estimate)}
    assert means == pytest.approx(
        {
            "start_accuracy": 10,
            "start_loss": 2.3,
            "first_running": 1.9,
            "first_frozen": 1.5,
            "first_validation": 1.6,
            "lowest_epoch": 4,
            "rise": 0.3,
            "gap": 15,
            "wobble": 100 * np.std([0.48, 0.76, 0.8], ddof=1),
            "reached_epoch": 4,
        }
    )
    assert found.gap.low is None  # one seed has no interval


def test_seeds_are_averaged_and_have_an_interval() -> None:
    found = dynamics([*rows(0), *rows(1, 0.2)])
    assert found is not None
    assert (found.start_loss.mean, found.start_loss.seeds) == (pytest.approx(2.4), 2)
    half = 12.7062 * 0.1  # t(1) · s / √2 with s = 0.2 / √2
    assert found.start_loss.high == pytest.approx(2.4 + half, abs=1e-4)
    assert (found.rise.low, found.rise.seeds) == (None, 2)  # both seeds rise alike


def test_the_order_of_the_records_does_not_matter() -> None:
    together = [*rows(0), *rows(1, 0.2)]
    assert dynamics(together) == dynamics(sorted(together, key=lambda row: -(row["epoch"] or 0)))


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=30))
def test_deviation_agrees_with_numpy_and_leaves_the_start_out(values: list[float]) -> None:
    found = dynamics(accuracies(values))
    assert found is not None
    assert found.wobble is not None
    assert found.wobble.mean == pytest.approx(100 * np.std(values[1:][-LAST:], ddof=1), abs=1e-9)


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=30))
def test_the_share_is_reached_where_it_is_said_and_not_before(values: list[float]) -> None:
    found = dynamics(accuracies(values))
    assert found is not None
    at, target = int(found.reached_epoch.mean), REACHED * values[-1]
    assert values[at] >= target
    assert all(value < target for value in values[:at])


@given(st.lists(st.floats(0.01, 9), min_size=2, max_size=30))
def test_the_rise_is_never_negative_and_counts_from_the_lowest_loss(losses: list[float]) -> None:
    records = accuracies([0.5] * len(losses))
    found = dynamics([{**row, "validation_loss": loss} for row, loss in zip(records, losses, strict=True)])
    assert found is not None
    assert found.rise.mean == pytest.approx(losses[-1] - min(losses))
    assert found.rise.mean >= 0
    assert found.lowest_epoch.mean == int(np.argmin(losses))


def test_one_epoch_has_no_deviation() -> None:
    found = dynamics(rows()[:2])
    assert found is not None
    assert found.wobble is None
    assert (found.recorded, found.rise.mean) == (1, 0)


@pytest.mark.parametrize("key", KEYS[1:])
@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_seed_that_diverged_gives_none(key: str, value: float | None) -> None:
    other = rows(1)
    other[-1][key] = value
    assert dynamics(rows(0)) is not None
    assert dynamics([*rows(0), *other]) is None


@pytest.mark.parametrize("key", KEYS)
def test_a_history_without_a_key_gives_none(key: str) -> None:
    assert dynamics([{name: value for name, value in row.items() if name != key} for row in rows()]) is None


def test_a_history_without_a_start_or_a_step_gives_none() -> None:
    assert dynamics([]) is None
    assert dynamics(rows()[:1]) is None
    assert dynamics(rows()[1:]) is None


def test_what_is_no_number_is_not_sound() -> None:
    found = curve(rows())
    assert found is not None
    assert found.sound
    assert not replace(found, running_loss=(float("inf"),)).sound


def test_a_study_gives_figures_for_the_runs_that_finished(study: Study) -> None:
    found = {run.key: dynamics_of(run) for run in study.runs}
    assert [key for key, figures in found.items() if figures is None] == ["cnn/unstable", "cnn/planned"]
    baseline = found["cnn/baseline"]
    assert baseline is not None
    assert baseline.start_accuracy.seeds == 3
    assert len(astuple(baseline)) == 12


def test_the_status_of_the_run_counts_and_not_the_history_alone(study: Study) -> None:
    run = study.runs[0]
    assert dynamics_of(run) == dynamics(run.record.history) is not None
    assert dynamics_of(replace(run, status="diverged")) is None


@given(st.floats(-1, 1), st.floats(-1, 1), st.integers(3, 20))
def test_a_straight_line_does_not_scatter(start: float, slope: float, count: int) -> None:
    assert scatter([start + slope * epoch for epoch in range(count)]) == pytest.approx(0, abs=1e-9)


def test_scatter_is_the_deviation_of_noise_around_a_line() -> None:
    line = np.linspace(3, 7, 20_000) + np.random.default_rng(0).normal(0, 0.3, 20_000)
    assert scatter(line.tolist()) == pytest.approx(0.3, rel=0.02)
    assert scatter([0.0, 1.0, 0.0]) == pytest.approx(2 / np.sqrt(6))
