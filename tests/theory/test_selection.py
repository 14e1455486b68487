"""The best of several models by chance, beside the mean of the largest of as many binomial numbers."""

import numpy as np
import pytest
from scipy.stats import binom

from rdfia.data.store import Split
from rdfia.theory.selection import Selection


@pytest.mark.parametrize(("models", "size"), [(1, 200), (10, 200), (100, 1000)])
def test_the_figure_of_the_best_is_the_mean_of_the_largest(circles: Split, models: int, size: int) -> None:
    (case,) = Selection(models=(models,), sizes=(size,)).answer(circles).facts["cases"]
    expected = 100 * (1 - binom.cdf(np.arange(size), size, 0.7) ** models).sum() / size
    assert case["test"] == pytest.approx(expected, abs=0.25)


def test_on_fresh_examples_the_chosen_one_is_as_good_as_all(circles: Split) -> None:
    facts = Selection().answer(circles).facts
    assert all(case["fresh"] == pytest.approx(facts["accuracy"], abs=0.25) for case in facts["cases"])
    gains = {(case["size"], case["models"]): case["test"] - case["fresh"] for case in facts["cases"]}
    assert gains[200, 100] > gains[200, 10] > 1
    assert gains[200, 100] > gains[1000, 100] > gains[10_000, 100] > 0.5
