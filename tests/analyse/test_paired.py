"""Paired intervals, components and power: by hand, and by simulation with every part of the truth known."""

from math import sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.special import nctdtr, ndtr

from rdfia.analyse import paired
from rdfia.analyse.metrics import Estimate, Noise, difference
from rdfia.analyse.right import Right, packed, read_right
from rdfia.data.store import save_tensors

TIMES = 400
SEED, IMAGE, OWN, BOTH = 0.15, 1.0, 0.4, 0.5  # deviations of the latent skill: seeds, images, images for one run, both
LEVELS = (0.9, 0.7)  # of the two runs


def draw(rng: np.random.Generator, images: npt.NDArray[np.float64], seeds: int) -> tuple[Right, Right]:
    """Two runs on the same images: right where a latent skill is above zero; a seed has a part that both runs share."""
    common = rng.normal(0, SEED, (seeds, 1))
    count = images.shape[1]
    return tuple(  # type: ignore[return-value]
        level + common + rng.normal(0, SEED, (seeds, 1)) + image + rng.normal(0, BOTH, (seeds, count)) > 0
        for level, image in zip(LEVELS, images, strict=True)
    )


def easy(rng: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    """How easy each image is for each of the two runs."""
    return rng.normal(0, IMAGE, count) + rng.normal(0, OWN, (2, count))


def inside(estimate: Estimate, truth: float) -> bool:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low <= truth <= estimate.high


def expected(share: float, times: int) -> tuple[float, float]:
    """Between what the share of a binomial lies, but for one time in 10,000."""
    return share - 3.9 * sqrt(share * (1 - share) / times), share + 3.9 * sqrt(share * (1 - share) / times)


def test_intervals_hold_as_often_as_they_say_with_images_given_and_drawn_anew() -> None:
    """The truth on given images is their mean over seeds, on all images that of the whole model."""
    rng, given, anew, short = np.random.default_rng(0), 0, 0, 0
    seed = sqrt(2 * SEED**2 + BOTH**2)
    whole = sqrt(seed**2 + IMAGE**2 + OWN**2)
    everywhere = 100 * (ndtr(LEVELS[0] / whole) - ndtr(LEVELS[1] / whole))
    for _ in range(TIMES):
        images = easy(rng, 250)
        here = 100 * (ndtr((LEVELS[0] + images[0]) / seed) - ndtr((LEVELS[1] + images[1]) / seed)).mean()
        first, second = draw(rng, images, 5)
        given += inside(paired.given_images(first, second), here)
        anew += inside(paired.new_images(first, second), everywhere)
        short += inside(paired.given_images(first, second), everywhere)
    low, high = expected(0.95, TIMES)
    assert low < given / TIMES < high
    assert low < anew / TIMES <= high
    assert short < anew


def test_a_pair_is_narrower_than_welch_where_seeds_have_a_part_in_common() -> None:
    rng = np.random.default_rng(1)
    widths = []
    for _ in range(100):
        first, second = draw(rng, easy(rng, 400), 8)
        pair = paired.given_images(first, second)
        welch = difference(*(list(100 * each.mean(1)) for each in (first, second)))
        assert pair.mean == pytest.approx(welch.mean)
        assert pair.high is not None
        assert welch.high is not None
        widths.append((pair.high - pair.mean) / (welch.high - welch.mean))
    assert np.median(widths) < 0.9


def test_components_are_those_that_were_put_in() -> None:
    """Σ_a² = 4, σ_b² = 900 and σ_e² = 400 points², in a table that need not be of bits."""
    rng, found = np.random.default_rng(2), []
    for _ in range(300):
        table = 70 + rng.normal(0, 2, (4, 1)) + rng.normal(0, 30, 200) + rng.normal(0, 20, (4, 200))
        each = paired.squares(table)
        found.append(
            [each.given_images, (each.of_seeds - each.of_rest) / each.images, each.testing, 4 * each.new_images]
        )
    errors = np.std(found, axis=0) / sqrt(len(found))
    away = (np.mean(found, axis=0) - [4 + 400 / 200, 4, 1300 / 200, 4 * 900 / 200]) / errors
    assert abs(away).max() < 3.9
    assert (errors < 0.4).all()


def test_components_of_bits_are_those_of_a_share() -> None:
    right = np.random.default_rng(3).random((3, 5000)) < 0.7
    found = paired.components(right)
    assert found.testing == pytest.approx(100**2 * 0.7 * 0.3 / 5000, rel=0.05)
    assert found.training < 1


@pytest.mark.parametrize("degrees", [0.0, 4.0])
def test_power_is_what_a_simulation_finds(degrees: float) -> None:
    rng, times, effect, deviation, seeds = np.random.default_rng(4), 4000, 1.2, 1.0, 4
    drawn = rng.normal(effect, deviation, (times, seeds))
    known = deviation**2 * rng.chisquare(degrees, times) / degrees if degrees else np.zeros(times)
    squared = (degrees * known + (seeds - 1) * drawn.var(1, ddof=1)) / (degrees + seeds - 1)
    half = paired.quantile(degrees + seeds - 1) * np.sqrt(squared / seeds)
    found = float((abs(drawn.mean(1)) > half).mean())
    low, high = expected(paired.power(effect, deviation, seeds, noise=Noise(1.0, degrees)), times)
    assert low < found < high


def test_so_many_seeds_are_enough_and_one_less_is_not() -> None:
    for effect, deviation in ((0.5, 1.0), (2.0, 1.0), (0.1, 1.0), (10.0, 1.0)):
        needed = int(paired.seeds_needed(effect, deviation))
        assert paired.power(effect, deviation, needed) >= paired.POWER
        assert needed == 2 or paired.power(effect, deviation, needed - 1) < paired.POWER
    assert paired.seeds_needed(0.0, 1.0) == float("inf")
    assert paired.seeds_needed(0.001, 1.0) == float("inf")
    assert paired.power(0.0, 1.0, 5) == pytest.approx(0.05, abs=1e-3)
    assert paired.power(1.2, 1.0, 6) == pytest.approx(1 - nctdtr(5, 1.2 * sqrt(6), paired.quantile(5)), abs=1e-3)


def test_seeds_part_where_one_is_right_and_the_other_wrong() -> None:
    right = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]], dtype=bool)
    pairs = [np.mean(right[i] != right[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert paired.disagreement(right) == pytest.approx(100 * np.mean(pairs))


def test_one_seed_or_equal_ones_give_no_interval() -> None:
    right = np.array([[1, 1, 0, 0]], dtype=bool)
    assert paired.new_images(right, ~right).low is None
    twice = np.repeat(right, 2, axis=0)
    for each in (paired.given_images, paired.new_images):
        assert each(twice, ~twice).low is None
        assert each(twice, ~twice, noise=Noise(1.0, 3.0)).low is not None


def test_runs_that_are_right_about_the_same_images_are_one_whatever_the_noise_of_others() -> None:
    right = np.array([[1, 1, 0, 0], [1, 0, 1, 0]], dtype=bool)
    for each in (paired.given_images, paired.new_images):
        assert each(right, right.copy(), noise=Noise(1.0, 3.0)) == Estimate(0.0, None, None, 2)
        assert each(right, right[::-1], noise=Noise(1.0, 3.0)).low is not None


def test_bits_are_kept_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "right.safetensors"
    flags = {str(seed): torch.rand(1003, generator=torch.Generator().manual_seed(seed)) < 0.8 for seed in (0, 1, 10)}
    save_tensors(packed(flags, 1003), path)
    found = read_right(path)
    assert list(found) == ["0", "1", "10"]
    assert all((found[seed] == flags[seed].numpy()).all() for seed in flags)
    assert path.stat().st_size < 3 * 126 + 400
    assert read_right(path.with_name("none")) == {}
