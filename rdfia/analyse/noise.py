"""How far the seeds of a run part, learnt from all runs of a chapter, as two or three seeds alone say little of it.

The variances σ² of the runs are taken for draws around a common s₀²: k₀ s₀² / σ² is χ² with k₀ degrees of freedom. So
log s² of k + 1 seeds has the mean log s₀² + ψ(k/2) - log(k/2) - ψ(k₀/2) + log(k₀/2) and the variance
ψ'(k/2) + ψ'(k₀/2), from which k₀ and s₀² follow (Smyth 2004, "Linear models and empirical Bayes methods for assessing
differential expression in microarray experiments"). Where the runs vary alike, k₀ is large and each has the common
variance; where they differ, k₀ is small and each keeps its own.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain, count
from math import exp, log

from rdfia.analyse.metrics import FEWEST, UNKNOWN, Noise, mean, variance


def learnt(samples: Iterable[Sequence[float]], beside: Iterable[Hashable] = ()) -> Noise:
    """Return what the samples of several runs say of the variance of any; nothing where they are too few.

    Samples that do not vary at all, as of networks that answer one class always, are left aside. Where they are
    differences, `beside` names the run that each is a difference to. The variances of m differences to one run are
    correlated by a quarter, and say together what 4m / (m + 3) independent ones would.
    """
    from scipy.special import digamma, polygamma

    named = zip(samples, chain(beside, count()), strict=False)
    found = [(variance(values), len(values) - 1, name) for values, name in named if len(values) > 1]
    found = [(squared, degrees, name) for squared, degrees, name in found if squared > 0]
    if len(found) < FEWEST:
        return UNKNOWN
    logs = [log(squared) - float(digamma(k / 2)) + log(k / 2) for squared, k, _ in found]
    left = variance(logs) - mean([float(polygamma(1, k / 2)) for _, k, _ in found])
    sharing = Counter(name for *_, name in found)
    most = sum(4 * k / (sharing[name] + 3) for _, k, name in found)  # no more is known of a common variance
    half = min(_inverse_trigamma(left), most / 2) if left > 0 else most / 2
    return Noise(exp(mean(logs) + float(digamma(half)) - log(half)), 2 * half, most)


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
