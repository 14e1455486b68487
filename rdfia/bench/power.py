"""How a cost grows: the exponent of a power law beside a fixed cost, by least squares of logarithms."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log
from typing import Any

import numpy as np
from scipy.optimize import least_squares

NEGLIGIBLE = 1e-3  # of the smallest cost: no fixed cost is left
LARGEST = 100.0  # logarithm of a size: beyond it is never
GROWS = 0.2  # of the largest cost: what does not grow has no exponent


@dataclass(frozen=True)
class Power:
    """cost = fixed + factor · x^exponent, with the standard error of the exponent where there is one."""

    fixed: float
    factor: float
    exponent: float
    error: float | None

    def at(self, x: float) -> float:
        """Return the cost of x."""
        return self.fixed + float(self.factor * x**self.exponent)

    def reaches(self, cost: float) -> float:
        """Return the x at which a cost is reached; infinite where it never is."""
        if self.fixed >= cost:
            return 0.0
        if self.factor <= 0 or self.exponent <= 0:
            return inf
        times = log((cost - self.fixed) / self.factor) / self.exponent
        return exp(times) if times < LARGEST else inf


def fit(x: Sequence[float], costs: Sequence[float]) -> Power:
    """Fit log(fixed + factor · x^exponent) to the logarithms of costs.

    Where the fit finds nothing fixed it is the line through the logarithms. What grows by less than a fifth of itself,
    or by an exponent that is less than two standard errors, is taken to be fixed alone.
    """
    u, y = np.log(x), np.log(costs)
    flat = Power(float(np.exp(y.mean())), 0.0, 0.0, None)
    if max(costs) - min(costs) < GROWS * max(costs):
        return flat
    found = _law(u, y)
    return found if found.error is None or found.exponent > 2 * found.error else flat


def _law(u: np.ndarray, y: np.ndarray) -> Power:
    """Fit what grows."""
    slope, start = np.polyfit(u, y, 1)
    found = [_with_fixed(u, y, share) for share in (0.5, 0.9, 0.99)] if len(u) > 2 else []
    best = min(found, key=lambda one: one.cost, default=None)
    if best is None or best.x[0] < np.log(NEGLIGIBLE) + y.min():
        residuals = y - start - slope * u
        return Power(0.0, float(np.exp(start)), float(slope), _error(np.stack([np.ones_like(u), u], 1), residuals))
    fixed, factor, exponent = best.x
    return Power(float(np.exp(fixed)), float(np.exp(factor)), float(exponent), _error(best.jac, best.fun))


def _with_fixed(u: np.ndarray, y: np.ndarray, share: float) -> Any:
    """Fit all three, from a fixed cost that is this share of the smallest."""
    fixed = y.min() + np.log(share)
    slope, start = np.polyfit(u, np.log(np.exp(y) - np.exp(fixed)), 1)

    def residuals(p: np.ndarray) -> np.ndarray:
        return np.asarray(np.logaddexp(p[0], p[1] + p[2] * u) - y)

    return least_squares(residuals, [fixed, start, slope], x_scale="jac", max_nfev=2000)


def _error(jacobian: np.ndarray, residuals: np.ndarray) -> float | None:
    """Return the standard error of the last parameter; none where there are no more points than parameters."""
    free = len(residuals) - jacobian.shape[1]
    if free < 1:
        return None
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * (residuals @ residuals) / free
    return float(np.sqrt(covariance[-1, -1]))
