"""How far the seeds of a run part, learnt from all runs of a chapter, as two or three seeds alone say little of it.

The variances σ² of the runs are taken for draws around a common s₀²: k₀ s₀² / σ² is χ² with k₀ degrees of freedom. So
log s² of k + 1 seeds has the mean log s₀² + ψ(k/2) - log(k/2) - ψ(k₀/2) + log(k₀/2) and the variance
ψ'(k/2) + ψ'(k₀/2), from which k₀ and s₀² follow (Smyth 2004, "Linear models and empirical Bayes methods for assessing
differential expression in microarray experiments"). Where the runs vary alike, k₀ is large and each has the common
variance; where they differ, k₀ is small and each keeps its own.
"""

from collections.abc import Iterable, Sequence
from math import exp, log

from rdfia.analyse.metrics import UNKNOWN, Noise, mean, variance

FEWEST = 3  # runs that say what is common


def learnt(samples: Iterable[Sequence[float]]) -> Noise:
    """Return what the samples of several runs say of the variance of any; nothing where they are too few.

    Samples that do not vary at all, as of networks that answer one class always, are left aside.
    """
    from scipy.special import digamma, polygamma

    found = [(variance(values), len(values) - 1) for values in samples if len(values) > 1]
    found = [(squared, degrees) for squared, degrees in found if squared > 0]
    if len(found) < FEWEST:
        return UNKNOWN
    logs = [log(squared) - float(digamma(k / 2)) + log(k / 2) for squared, k in found]
    left = variance(logs) - mean([float(polygamma(1, k / 2)) for _, k in found])
    most = sum(k for _, k in found)  # no more is known of a common variance
    half = min(_inverse_trigamma(left), most / 2) if left > 0 else most / 2
    return Noise(exp(mean(logs) + float(digamma(half)) - log(half)), 2 * half)


def _inverse_trigamma(value: float) -> float:
    """Return x with ψ'(x) = value, by Newton's method on 1/ψ', which is nearly a line."""
    from scipy.special import polygamma

    x = 0.5 + 1 / value
    for _ in range(50):
        step = float(polygamma(1, x) * (1 - polygamma(1, x) / value) / polygamma(2, x))
        x += step
        if abs(step) < 1e-10 * x:
            break
    return x
