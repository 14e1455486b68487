"""Losses beside the likelihood, which PyTorch's distribution gives."""

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import Categorical

from rdfia.data.store import Split
from rdfia.theory.likelihood import Likelihood, binary


def test_cross_entropy_is_the_likelihood_and_the_others_are_not(circles: Split) -> None:
    facts = Likelihood(classes=(2, 3, 10), examples=50).answer(circles).facts
    for case in facts["cases"]:
        assert case["cross_entropy"] == pytest.approx(case["likelihood"], rel=1e-12)
        assert case["binary"] > 1.01 * case["likelihood"]
        assert case["over_inputs"] < case["likelihood"]
    two = facts["cases"][0]
    assert two["binary"] == pytest.approx(2 * two["likelihood"], rel=1e-12)


def test_the_likelihood_is_that_of_a_categorical_distribution() -> None:
    case = Likelihood(classes=(5,), examples=30).case(5, torch.Generator().manual_seed(3))
    generator = torch.Generator().manual_seed(3)
    y_hat = torch.randn(30, 5, dtype=torch.float64, generator=generator).softmax(1)
    labels = torch.multinomial(y_hat, 1, generator=generator)[:, 0]
    assert case["likelihood"] == pytest.approx(-float(Categorical(y_hat).log_prob(labels).mean()))
    y = F.one_hot(labels, 5).double()
    assert case["binary"] == pytest.approx(float(F.binary_cross_entropy(y_hat, y, reduction="sum")) / 30)
    assert float(binary(y, y_hat)) == pytest.approx(case["binary"])


def test_as_many_inputs_as_examples_leave_nothing_out(circles: Split) -> None:
    (case,) = Likelihood(classes=(4,), examples=7, inputs=7).answer(circles).facts["cases"]
    assert case["over_inputs"] == pytest.approx(case["likelihood"])
