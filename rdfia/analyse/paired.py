"""Two runs on the same test images and seeds: how sure their difference is, and how many seeds it would take.

Y = 1 where a seed s is right about an image j is taken for μ + a_s + b_j + e_sj, with independent parts for the seed,
the image, and what both do together. From the mean squares of a table of S seeds and N images,

    M_a = N Σ (Ȳ_s - Ȳ)² / (S - 1),   M_b = S Σ (Ȳ_j - Ȳ)² / (N - 1),   M_e the rest's over (S - 1)(N - 1),

follow σ_a² = (M_a - M_e) / N, σ_b² = (M_b - M_e) / S and σ_e² = M_e. The same holds of the difference of two runs,
seed by seed and image by image. With the images given, its mean Ȳ has the variance M_a / SN: what other seeds would
change. With images drawn anew too it has (M_a + M_b - M_e) / SN.
"""

from dataclasses import dataclass
from functools import cache
from math import inf, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from rdfia.analyse.metrics import LEVEL, UNKNOWN, Estimate, Noise, interval, quantile, spread, varies
from rdfia.analyse.right import Right

PERCENT = 100.0
SLICES = 1000
POWER, MOST = 0.8, 1000  # how often an effect shall be resolved, and how many seeds are thought of
Table = npt.NDArray[Any]


@dataclass(frozen=True)
class Squares:
    """The mean squares of a table of seeds and images, in points²; see the module."""

    seeds: int
    images: int
    of_seeds: float
    of_images: float
    of_rest: float

    @property
    def given_images(self) -> float:
        """The variance of a seed's accuracy on these images, σ_a² + σ_e² / N."""
        return self.of_seeds / self.images

    @property
    def training(self) -> float:
        """The variance of a seed's accuracy on all images that there might be, σ_a²: the test set has no part in it."""
        return max(0.0, (self.of_seeds - self.of_rest) / self.images)

    @property
    def testing(self) -> float:
        """The variance of a network's accuracy over test sets of as many images, (σ_b² + σ_e²) / N."""
        return (max(0.0, (self.of_images - self.of_rest) / self.seeds) + self.of_rest) / self.images

    @property
    def new_images(self) -> float:
        """What drawing the images anew adds to the variance of the mean, σ_b² / N."""
        return max(0.0, (self.of_images - self.of_rest) / (self.seeds * self.images))


def squares(table: Table) -> Squares:
    """Return the mean squares of a table of two seeds or more, with a row for each."""
    seeds, images = table.shape
    mean, rows, columns = table.mean(), table.mean(1, keepdims=True), table.mean(0, keepdims=True)
    rest = table - rows - columns + mean
    return Squares(
        seeds,
        images,
        images * float(((rows - mean) ** 2).sum()) / (seeds - 1),
        seeds * float(((columns - mean) ** 2).sum()) / (images - 1),
        float((rest**2).sum()) / ((seeds - 1) * (images - 1)),
    )


def components(right: Right) -> Squares:
    """Return the mean squares of one run's accuracy."""
    return squares(PERCENT * right)


def apart(right: Right, other: Right) -> list[float]:
    """Return the difference of two runs in points, seed by seed, on the same images."""
    return [float(each) for each in PERCENT * (right.mean(1) - other.mean(1))]


def given_images(right: Right, other: Right, level: float = LEVEL, noise: Noise = UNKNOWN) -> Estimate:
    """Return the difference of two runs over the same seeds, with Student's interval: the images are given.

    `noise` is what is expected of the variance of such differences. Runs that are right about the same images are one.
    """
    if np.array_equal(right, other):
        return Estimate(0.0, None, None, len(right))
    return interval(apart(right, other), level, noise)


def new_images(right: Right, other: Right, level: float = LEVEL, noise: Noise = UNKNOWN) -> Estimate:
    """Return the difference with the interval that other seeds and other test images leave open.

    Its degrees of freedom are Satterthwaite's, (V_a + V_b)² / (V_a² / k + V_b² / (N - 1)), with k those of the seeds.
    It is never narrower than that of the given images, as the many degrees of the images could make it.
    """
    differences = apart(right, other)
    centre, seeds, images = float(np.mean(differences)), *right.shape
    if seeds < 2 or np.array_equal(right, other) or (noise == UNKNOWN and not varies(differences)):
        return Estimate(centre, None, None, seeds)
    squared, degrees = spread(differences, noise)
    of_seeds, of_images = squared / seeds, squares(PERCENT * (right.astype(float) - other)).new_images
    total = of_seeds + of_images
    freedom = total**2 / (of_seeds**2 / degrees + of_images**2 / (images - 1))
    half = max(quantile(freedom, level) * sqrt(total), quantile(degrees, level) * sqrt(of_seeds))
    return Estimate(centre, centre - half, centre + half, seeds)


def disagreement(right: Right) -> float:
    """Return on what share of the images, in percent, two seeds of a run part: one right, the other wrong.

    Of S seeds k are right about an image: k (S - k) of the S (S - 1) / 2 pairs part.
    """
    seeds, known = len(right), right.sum(0)
    return PERCENT * float((known * (seeds - known)).mean()) / (seeds * (seeds - 1) / 2)


def power(effect: float, deviation: float, seeds: int, level: float = LEVEL, noise: Noise = UNKNOWN) -> float:
    """Return how often an interval over so many seeds leaves out zero, if a seed's difference is drawn from N(δ, σ²).

    With z a normal number and k s² / σ² a χ² one, it is the mean over s of P(|z + δ √n / σ| > t(k) s / σ), here over
    the middles of `SLICES` equally likely parts of χ². k = n - 1, with what an expected noise adds.
    """
    from scipy.special import ndtr

    shift, edges = abs(effect) * sqrt(seeds) / deviation, _edges(noise.beside(seeds - 1), level)
    return float((ndtr(shift - edges) + ndtr(-shift - edges)).mean())


@cache
def _edges(freedom: float, level: float) -> npt.NDArray[np.float64]:
    """Return t(k) s / σ at the middles of `SLICES` equally likely parts of χ², k the degrees of freedom."""
    from scipy.special import gammaincinv

    middles = (np.arange(SLICES) + 0.5) / SLICES
    edges: npt.NDArray[np.float64] = quantile(freedom, level) * np.sqrt(2 * gammaincinv(freedom / 2, middles) / freedom)
    return edges


def seeds_needed(effect: float, deviation: float, level: float = LEVEL, noise: Noise = UNKNOWN) -> float:
    """Return with how many seeds an effect is resolved `POWER` of the times; infinite beyond `MOST`."""
    low, high = 2, MOST
    if effect == 0 or power(effect, deviation, high, level, noise) < POWER:
        return inf
    while low < high:
        middle = (low + high) // 2
        enough = power(effect, deviation, middle, level, noise) >= POWER
        low, high = (low, middle) if enough else (middle + 1, high)
    return low
