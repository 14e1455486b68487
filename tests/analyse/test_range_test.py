"""Range tests: the rates that seeds suggest, and those that the runs use."""

from dataclasses import replace

import numpy as np
import pytest

from rdfia.analyse.range_test import range_tests, rates_in_use, smoothed
from rdfia.analyse.results import ChapterResult
from rdfia.train.schedule import suggest
from tests.report import large

PROBES = large.traces()


def test_each_seed_suggests_what_the_schedule_says() -> None:
    (test,) = range_tests(large.chapter(), PROBES)
    direct = [suggest(rates.tolist(), losses.tolist()) for rates, losses in np.float64(PROBES["range_test/trace"])]
    assert test.suggested == direct
    assert all(0.01 < rate < 1 for rate in test.suggested)


def test_steps_that_were_never_made_change_nothing() -> None:
    """A seed that ends early has no rates after its end: its line is as long as its steps."""
    whole = np.array(PROBES["range_test/trace"])
    whole[:, 0][np.isnan(whole[:, 1])] = np.nan
    probes = {"range_test/trace": whole}
    (with_rates,), (without,) = (range_tests(large.chapter(), p) for p in (PROBES, probes))
    assert without.suggested == pytest.approx(with_rates.suggested)
    assert all(np.isfinite(part).all() for line in without.lines for part in line)


def test_smoothing_a_line_keeps_it() -> None:
    rates = np.geomspace(1e-3, 1, 100)
    at, loss = smoothed(rates, np.log(rates), 9)
    assert np.allclose(loss, np.log(at))
    assert [part.size for part in smoothed(rates, np.full(100, np.nan), 9)] == [0, 0]


def test_the_ticks_are_the_rates_of_the_same_optimiser_and_batch() -> None:
    chapter = large.chapter()
    test = chapter.runs[-1]
    best = chapter.run("lr_0.05_batch_128")
    assert best is not None
    won = tuple(replace(run, validation={"0": 99.0}) if run is best else run for run in chapter.runs)
    smaller = replace(test, config=test.config | {"batch_size": 128})
    assert rates_in_use(ChapterResult("cnn", "cifar10", won), smaller) == {
        "baseline": 0.1,
        "lr_0.05_batch_128, best of the grid": 0.05,
    }
    adam = replace(test, config=test.config | {"optimiser": {"name": "adam", "learning_rate": 0.001}})
    assert rates_in_use(chapter, adam) == {}


def test_noise_suggests_nothing() -> None:
    noise = np.array(PROBES["range_test/trace"])
    noise[:, 1] = np.random.default_rng(0).normal(2.3, 0.3, noise[:, 1].shape)
    (test,) = range_tests(large.chapter(), {"range_test/trace": noise})
    assert test.suggested == []
