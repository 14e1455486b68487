"""The statistics that decide claims, each on made data whose answer is known, and why one cannot be given."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rdfia.analyse.measures import Measured, UndecidableError
from rdfia.analyse.metrics import Estimate, difference, interval
from rdfia.analyse.results import DIVERGED, FINISHED, LEFT_OUT, NOT_RUN, Card, ChapterResult, RunResult, Study
from rdfia.analyse.statistics import Best, Difference, Ratio, Trend, Value
from tests.record.making import history

CARD = Card("ten", classes=tuple("abcdefghij"))
HEAD = "seed,epoch,train_loss,frozen_loss,frozen_accuracy,validation_loss,validation_accuracy"
MACHINE = {"device": "cpu", "precision": "float32", "processor": "one"}


def made(name: str, test: Sequence[float] = (), **more: Any) -> RunResult:
    seeds = {str(seed): value for seed, value in enumerate(test)}
    fields = {"status": FINISHED, "train": dict.fromkeys(seeds, 99.0), "validation": seeds, "declared": len(seeds)}
    return replace(RunResult("cnn", name, name, "", "", CARD, test=seeds), **fields | more)


def measured(*runs: RunResult) -> Measured:
    return Measured(Study(Path(), "full", (ChapterResult("cnn", "ten", runs),), {}))


def curved(root: Path, name: str, accuracies: Mapping[int, Sequence[float]], losses: Sequence[float] = ()) -> RunResult:
    """A run with a validation accuracy for each seed and epoch, in shares."""
    lines = [HEAD]
    for seed, values in accuracies.items():
        for epoch, accuracy in enumerate(values):
            loss = losses[epoch] if losses else 1.0
            lines.append(f"{seed},{epoch},{1.0 if epoch else ''},1.0,{accuracy},{loss},{accuracy}")
    return made(name, [100 * values[-1] for values in accuracies.values()], record=history(root, "cnn", name, lines))


def near(estimate: Estimate, mean: float) -> bool:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.mean == pytest.approx(mean) and estimate.low < mean < estimate.high


PAIR = Difference(of="accuracy", runs=("cnn/a", "cnn/b"))


def test_a_difference_is_taken_seed_by_seed_where_the_seeds_are_the_same() -> None:
    ours, theirs = [72.0, 72.4, 71.6], [70.1, 70.0, 69.9]
    known = measured(made("a", ours), made("b", theirs))
    assert near(PAIR.estimate(known, 0.95), 2.0)
    same, wider = (PAIR.estimate(known, level) for level in (0.9, 0.95))
    assert (same.low, same.high) == pytest.approx((1.3922, 2.6078), abs=1e-3)
    assert wider.low is not None
    assert same.low is not None
    assert wider.low < same.low
    gaps = Difference(of="gap", runs=("cnn/a", "cnn/b")).estimate(known, 0.95)
    assert near(gaps, -2.0)
    assert str(PAIR) == "test accuracy, cnn/a − cnn/b"


def test_the_order_of_the_seeds_does_not_matter() -> None:
    ours = made("a", [72.0, 73.0, 74.0])
    turned = replace(made("b", [70.0, 71.0, 72.5]), test={"2": 72.5, "0": 70.0, "1": 71.0})
    assert PAIR.estimate(measured(ours, turned), 0.95) == interval([2.0, 2.0, 1.5])


def test_other_seeds_or_other_data_have_welchs_interval() -> None:
    ours, theirs = [72.0, 72.4, 71.6], [70.1, 70.0, 69.9]
    others = replace(made("b", theirs), test=dict(zip("345", theirs, strict=True)))
    assert PAIR.estimate(measured(made("a", ours), others), 0.95) == difference(ours, theirs)
    fewer = made("b", theirs[:2])
    assert PAIR.estimate(measured(made("a", ours), fewer), 0.95) == difference(ours, theirs[:2])


@pytest.mark.parametrize("together", [-0.8, 0.0, 0.8])
@pytest.mark.parametrize("behind", [0, 12])
def test_a_paired_interval_holds_however_the_seeds_go_together(together: float, behind: int) -> None:
    """Welch's is too narrow where seeds go against each other, and too wide where they go together."""
    rng, times, sides = np.random.default_rng(0), 600 if not behind else 200, {"paired": 0, "welch": 0}
    covariance = np.array([[1.0, together], [together, 1.0]])
    for _ in range(times):
        drawn = rng.multivariate_normal([71.0, 70.0], covariance, (1 + behind, 4))
        pairs = drawn.transpose(0, 2, 1).tolist()
        runs = [made("a", pairs[0][0], reference="b"), made("b", pairs[0][1])]
        for place, (ours, theirs) in enumerate(pairs[1:]):
            runs += [made(f"a{place}", ours, reference=f"b{place}"), made(f"b{place}", theirs)]
        known = measured(*runs)
        first, second = runs[:2]
        found = {
            "paired": PAIR.estimate(known, 0.95),
            "welch": difference(_values(first), _values(second), 0.95, known.noise(first, "accuracy")),
        }
        for name, one in found.items():
            assert one.low is not None
            assert one.high is not None
            sides[name] += one.low <= 1.0 <= one.high
    shares = {name: count / times for name, count in sides.items()}
    margin = 3.9 * np.sqrt(0.95 * 0.05 / times)
    assert abs(shares["paired"] - 0.95) < margin
    if together:
        assert shares["welch"] < 0.93 if together < 0 else shares["welch"] > 0.98


def _values(run: RunResult) -> list[float]:
    return list(run.test.values())


def test_what_is_printed_is_taken_off() -> None:
    known = measured(made("a", [72.0, 72.4, 71.6]), made("b", [70.1, 70.0, 69.9]))
    more = Difference(of="accuracy", runs=("cnn/a", "cnn/b"), minus=1)
    assert near(more.estimate(known, 0.95), 1.0)
    assert str(more) == "test accuracy, cnn/a − cnn/b − 1"
    gap = Value(of="gap", runs=("cnn/a",), minus=30)
    assert near(gap.estimate(known, 0.95), -3.0)
    assert str(gap) == "train minus test accuracy, cnn/a − 30"


def test_the_noise_of_the_chapter_stands_behind_equal_seeds() -> None:
    others = [made(f"r{i}", [70.0, 70.0 + i], reference="b") for i in (1, 2, 3)]
    known = measured(made("a", [72.0, 72.0]), made("b", [70.0, 70.0]), *others)
    found = Difference(of="accuracy", runs=("cnn/a", "cnn/b")).estimate(known, 0.95)
    assert found.low is not None
    assert found.low < 0
    alone = Difference(of="accuracy", runs=("cnn/a", "cnn/b")).estimate(measured(*known.study.runs[:2]), 0.95)
    assert alone.low is None


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (made("b", status=LEFT_OUT), "cnn/b: this profile leaves it out"),
        (made("b", status=NOT_RUN), "cnn/b: not run"),
        (made("b", [70.0], status=DIVERGED, diverged=2, declared=3), "cnn/b: 2 of 3 seeds diverged"),
        (made("b"), "cnn/b: not evaluated"),
        (made("other", [70.0, 71.0]), "cnn/b: no such run is declared"),
    ],
)
def test_a_run_without_results_says_why(run: RunResult, reason: str) -> None:
    known = measured(made("a", [72.0, 73.0]), run)
    with pytest.raises(UndecidableError, match=reason):
        Difference(of="accuracy", runs=("cnn/a", "cnn/b")).estimate(known, 0.95)


def test_curves_that_are_missing_or_short_or_of_guesses_decide_nothing(tmp_path: Path) -> None:
    short = curved(tmp_path, "short", {0: [0.1, 0.5, 0.6], 1: [0.1, 0.5, 0.7]})
    guess = curved(tmp_path, "guess", {0: [0.1] * 12, 1: [0.1] * 12})
    known = measured(short, guess, made("bare", [70.0, 71.0]))
    for name, measure, reason in (
        ("short", "late_spread", "2 recorded epochs, and 8 are needed"),
        ("guess", "late_spread", "2 of 2 seeds learn no more than to guess"),
        ("guess", "gap", "learn no more"),
        ("bare", "rise", "no learning curves are recorded"),
        ("bare", "C_range", "no accuracies over C are recorded"),
    ):
        with pytest.raises(UndecidableError, match=f"cnn/{name}: .*{reason}"):
            Value(of=measure, runs=(f"cnn/{name}",)).estimate(known, 0.95)
    assert known.noise(guess, "late_spread").degrees == 0


def test_spreads_are_those_that_were_put_in(tmp_path: Path) -> None:
    """Accuracies on a rising line, jumping by 1 point early and 3 late."""
    rng = np.random.default_rng(0)
    jumps = np.repeat([0.01, 0.03], 10)
    seeds = {seed: [0.1, *(0.3 + 0.02 * np.arange(20) + rng.normal(0, jumps))] for seed in range(40)}
    known = measured(curved(tmp_path, "a", seeds))
    early, late = (Value(of=of, runs=("cnn/a",)).estimate(known, 0.95) for of in ("early_spread", "late_spread"))
    assert early.mean == pytest.approx(1.0, rel=0.1)
    assert late.mean == pytest.approx(3.0, rel=0.1)


def test_over_fitting_has_to_begin_before_its_epoch_is_compared(tmp_path: Path) -> None:
    seeds = {0: [0.1, 0.5, 0.6, 0.7, 0.8], 1: [0.1, 0.5, 0.6, 0.7, 0.9]}
    falls = curved(tmp_path, "falls", seeds, [5, 4, 3, 2, 1])
    rises = curved(tmp_path, "rises", seeds, [5, 2, 3, 4, 5])
    known = measured(falls, rises)
    values = known.values(falls, "lowest_epoch"), known.values(rises, "lowest_epoch")
    assert values == ([4, 4], [1, 1])
    assert Difference(of="lowest_epoch", runs=("cnn/falls", "cnn/rises")).estimate(known, 0.95).mean == 3
    with pytest.raises(UndecidableError, match="cnn/falls: too few epochs"):
        Difference(of="lowest_epoch", runs=("cnn/rises", "cnn/falls")).estimate(known, 0.95)
    with pytest.raises(UndecidableError, match="cnn/falls: too few epochs"):
        Value(of="lowest_epoch", runs=("cnn/falls",)).estimate(known, 0.95)
    accuracies = {0: [0.1, *(0.5 + 0.01 * epoch for epoch in range(20))]}
    wavers = curved(tmp_path, "wavers", accuracies, [*range(21, 2, -1), 2.5, 2.6])
    begins = curved(tmp_path, "begins", accuracies, [*range(21, 3, -1), 4.1, 4.2, 4.3])
    late = measured(wavers, begins)
    with pytest.raises(UndecidableError, match="cnn/wavers: too few epochs"):  # lowest in the last but one of 20
        Value(of="lowest_epoch", runs=("cnn/wavers",)).estimate(late, 0.95)
    assert Value(of="lowest_epoch", runs=("cnn/begins",)).estimate(late, 0.95).mean == 17
    start = Value(of="start_accuracy", runs=("cnn/rises",), minus=10).estimate(known, 0.95)
    assert start.mean == pytest.approx(0)


def test_epochs_are_counted_to_what_the_other_ends_with(tmp_path: Path) -> None:
    slow = curved(tmp_path, "slow", {0: [0.1, 0.3, 0.5, 0.7, 0.9], 1: [0.1, 0.3, 0.5, 0.85, 0.9]})
    fast = curved(tmp_path, "fast", {0: [0.1, 0.86, 0.9, 0.9, 0.99], 1: [0.1, 0.8, 0.9, 0.9, 0.99]})
    poor = curved(tmp_path, "poor", {0: [0.1, 0.2, 0.3, 0.3, 0.3], 1: [0.1, 0.2, 0.3, 0.4, 0.9]})
    known = measured(slow, fast, poor)
    fast_at, slow_at = (0.755 / 0.76, 1.55), (3.775, 3.1)  # 0.855, on the lines between epochs
    expected = (sum(fast_at) - sum(slow_at)) / 2
    assert near(Difference(of="level_epoch", runs=("cnn/fast", "cnn/slow")).estimate(known, 0.95), expected)
    with pytest.raises(UndecidableError, match="cnn/poor: 1 of 2 seeds never reach 95 % of what cnn/slow ends with"):
        Difference(of="level_epoch", runs=("cnn/poor", "cnn/slow")).estimate(known, 0.95)
    assert known.values(fast, "reached_epoch") == [4, 4]


def test_a_seed_that_never_comes_to_a_level_is_later_and_never_sooner(tmp_path: Path) -> None:
    soon = curved(tmp_path, "soon", {0: [0.1, 0.9, 0.9, 0.9, 0.9], 1: [0.1, 0.88, 0.9, 0.9, 0.9]})
    never = curved(tmp_path, "never", {0: [0.1, 0.2, 0.3, 0.4, 0.5], 1: [0.1, 0.2, 0.3, 0.4, 0.6]})
    known = measured(soon, never)
    soon_at = (0.755 / 0.8, 0.755 / 0.78)
    found = Difference(of="level_epoch", runs=("cnn/never", "cnn/soon")).estimate(known, 0.95)
    assert near(found, 4 - sum(soon_at) / 2)
    assert found.low is not None
    assert found.low > 0
    halves = curved(tmp_path, "halves", {0: [0.1, 0.5, 0.5, 0.5, 0.5], 1: [0.1, 0.9, 0.9, 0.9, 0.9]})
    with pytest.raises(UndecidableError, match="cnn/halves: 1 of 2 seeds never reach"):  # its own mean's level
        Difference(of="level_epoch", runs=("cnn/soon", "cnn/halves")).estimate(measured(soon, halves), 0.95)


def test_the_gap_that_reports_draw_is_of_the_batches_while_they_train(tmp_path: Path) -> None:
    lines = ["seed,epoch,train_accuracy", "0,0,", "0,1,0.2", "0,2,0.4", "1,0,", "1,1,0.3", "1,2,0.5"]
    drawn = made("drawn", [35.0, 40.0], record=history(tmp_path, "cnn", "drawn", lines), train={"0": 60.0, "1": 70.0})
    bare = made(
        "bare", [35.0, 40.0], record=history(tmp_path, "cnn", "bare", ["seed,epoch,train_accuracy", "0,0,", "1,0,"])
    )
    known = measured(drawn, bare)
    assert known.values(drawn, "running_gap") == pytest.approx([5.0, 10.0])
    assert known.values(drawn, "gap") == [25.0, 30.0]
    with pytest.raises(UndecidableError, match="cnn/bare: no train accuracy over the last epoch's batches"):
        known.values(bare, "running_gap")


def test_the_best_is_above_the_nearest_other() -> None:
    known = measured(made("a", [72.0, 72.3, 71.7]), made("b", [70.0, 70.2, 69.8]), made("c", [60.0, 61.0, 59.0]))
    best = Best(of="accuracy", runs=("cnn/a", "cnn/b", "cnn/c"))
    assert near(best.estimate(known, 0.95), 2.0)
    noise = known.noise(known.run("cnn/a"), "accuracy", pairs=True)
    nearest = interval([2.0, 72.3 - 70.2, 71.7 - 69.8], 0.975, noise)
    assert best.estimate(known, 0.95).low == nearest.low


def timed(name: str, seconds: float, **more: Any) -> RunResult:
    timing = {"training_seconds": seconds, "machine": MACHINE}
    settings = {"timing": timing, "config": {"epochs": 5}, "group": "n", "flops": 7}
    return made(name, [70.0, 71.0], **settings | more)


def test_a_ratio_of_times_goes_by_how_far_times_of_equal_work_part() -> None:
    others = [timed(f"r{i}", seconds) for i, seconds in enumerate((10.0, 11.0, 9.5, 10.5))]
    known = measured(timed("a", 20.0), timed("b", 10.0), *others)
    half = np.std(np.log([10.0, 11.0, 9.5, 10.5]), ddof=1) * np.sqrt(2) * 3.182446
    found = Ratio(runs=("cnn/a", "cnn/b")).estimate(known, 0.95)
    assert (found.mean, found.low, found.high) == pytest.approx((2.0, 2 * np.exp(-half), 2 * np.exp(half)))
    diverged = timed("x", 0.1, status="diverged", diverged=1, declared=3)
    stopped = timed("y", 0.1, config={"epochs": 5, "patience": 2})
    elsewhere = timed("z", 0.1, group="m")
    again = Ratio(runs=("cnn/a", "cnn/b")).estimate(measured(*known.study.runs, diverged, stopped, elsewhere), 0.95)
    assert again == found
    with pytest.raises(UndecidableError, match="cnn/b: fewer than 3 other runs of its group did as much work"):
        Ratio(runs=("cnn/a", "cnn/b")).estimate(measured(*known.study.runs[:4]), 0.95)
    alike = [timed(f"r{i}", 10.0) for i in range(4)]
    with pytest.raises(UndecidableError, match="cnn/b: all other runs of its group took one time"):
        Ratio(runs=("cnn/a", "cnn/b")).estimate(measured(timed("a", 20.0), timed("b", 10.0), *alike), 0.95)
    other = timed("b", 10.0, timing={"training_seconds": 10.0, "machine": MACHINE | {"device": "cuda"}})
    with pytest.raises(UndecidableError, match="do other work, or ran on other machines"):
        Ratio(runs=("cnn/a", "cnn/b")).estimate(measured(timed("a", 20.0), other), 0.95)
    with pytest.raises(UndecidableError, match="cnn/b: no training time is recorded"):
        Ratio(runs=("cnn/a", "cnn/b")).estimate(measured(timed("a", 20.0), made("b", [70.0])), 0.95)


def grid(rng: np.random.Generator, slope: float) -> list[RunResult]:
    """Runs over widths in two depths, one of which has fewer widths and lies higher."""
    runs = []
    for depth, widths in ((2, (8, 16, 32, 64)), (4, (16, 64))):
        for width in widths:
            values = 60 + 5 * depth + slope * np.log2(width) + rng.normal(0, 0.4, 3)
            config = {"model": {"embed": width, "blocks": depth}}
            runs.append(made(f"w{width}_d{depth}", values.tolist(), group="grid", config=config))
    return runs


def test_a_trend_is_found_among_runs_that_are_alike_in_all_else() -> None:
    trend = Trend(of="accuracy", group="cnn/grid", along="model.embed", doubling=True)
    rng, inside, times = np.random.default_rng(0), 0, 300
    for _ in range(times):
        found = trend.estimate(measured(*grid(rng, 1.5)), 0.95)
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 1.5 <= found.high
    assert 0.91 < inside / times < 0.985
    assert trend.unit == "points a doubling"
    left_out = [replace(run, status=LEFT_OUT) for run in grid(rng, 1.5)]
    with pytest.raises(UndecidableError, match="cnn/grid: this profile leaves it out"):
        trend.estimate(measured(*left_out), 0.95)
    with pytest.raises(UndecidableError, match="no runs with results differ in embed alone"):
        trend.estimate(measured(*grid(rng, 1.5)[:1]), 0.95)
    with pytest.raises(UndecidableError, match="cnn/grid: a trend needs 3 values of embed"):
        trend.estimate(measured(*grid(rng, 1.5)[:2]), 0.95)
    first, second, *_, deeper = grid(rng, 1.5)  # the third width has no other of its depth
    with pytest.raises(UndecidableError, match="cnn/grid: a trend needs 3 values of embed"):
        trend.estimate(measured(first, second, deeper), 0.95)


def test_a_trend_may_take_the_best_of_another_setting_by_validation() -> None:
    runs = []
    for batch, rate, accuracy in (
        (32, 0.1, 80),
        (32, 1.0, 20),
        (64, 0.1, 30),
        (64, 1.0, 78),
        (128, 0.1, 70),
        (128, 1.0, 76),
    ):
        config = {"batch_size": batch, "optimiser": {"learning_rate": rate}}
        runs.append(made(f"b{batch}_{rate}", [accuracy - 0.1, accuracy + 0.1], group="grid", config=config))
    alone = made("alone", [50.0, 51.0], group="grid", config={"batch_size": 256, "optimiser": {"learning_rate": 0.1}})
    runs.append(made("words", [50.0, 51.0], group="grid", config={"batch_size": "all"}))
    best = {"best_over": "optimiser.learning_rate", "doubling": True}
    trend = Trend(of="accuracy", group="cnn/grid", along="batch_size", **best)
    assert near(trend.estimate(measured(*runs), 0.95), -2.0)
    assert near(trend.estimate(measured(*runs, alone), 0.95), -2.0)  # of one rate nobody knows whether it is the best


def test_the_range_over_C_is_that_of_each_seed(tmp_path: Path) -> None:
    lines = ["seed,epoch,C,validation_accuracy"]
    lines += ["0,0,1,0.5", "0,1,9,0.6", "0,2,99,0.9", "1,0,1,0.6", "1,1,9,0.7"]
    machine = made("rbf", [60.0, 61.0], record=history(tmp_path, "cnn", "rbf", lines))
    assert Value(of="C_range", runs=("cnn/rbf",)).estimate(measured(machine), 0.95).mean == pytest.approx(25.0)
