"""The cost of backpropagation and of the naive ways."""

from math import factorial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator

from rdfia.data.store import Split
from rdfia.theory.backprop import METHODS, Backprop, Counter, exponent, measure, modes, sample_chain

CLOSED_FORMS = {
    "backprop": lambda L, w: (3 * L - 1) * w**2 + 2 * L * w,
    "stored": lambda L, w: 2 * L * (w**2 + w) + L * (L - 1) // 2 * (w**2 + 2 * w),
    "recomputed": lambda L, w: (
        L * (L + 1) * (2 * L + 1) // 6 * w**2 + L * (L - 1) // 2 * (2 * w**2 + 2 * w) + L * (w**2 + 2 * w)
    ),
}


@pytest.mark.parametrize("method", METHODS)
@given(depth=st.integers(1, 8), width=st.integers(1, 5))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_counts_are_the_closed_forms_and_gradients_autograds(method: str, depth: int, width: int) -> None:
    count, error = measure(method, sample_chain(depth, width, Generator().manual_seed(depth)))
    assert count == CLOSED_FORMS[method](depth, width)
    assert error < 1e-12


def test_the_counter_does_the_product_that_it_counts() -> None:
    count = Counter()
    matrix, vector = torch.arange(6.0).view(2, 3), torch.arange(3.0)
    assert count.apply(matrix, vector).tolist() == [5.0, 14.0]
    assert count.multiplications == 6
    assert count.outer(vector, vector).tolist()[2] == [0.0, 2.0, 4.0]
    assert count.multiplications == 15
    assert count.times(vector, vector).tolist() == [0.0, 1.0, 4.0]
    assert count.multiplications == 18


def test_a_power_has_its_exponent() -> None:
    depths = (4, 8, 16)
    assert exponent(depths, [7 * depth**2 for depth in depths]) == pytest.approx(2)


def test_backprop_is_linear_the_naive_ways_are_not_and_none_is_factorial(circles: Split) -> None:
    facts = Backprop().answer(circles).facts
    exponents = [facts["methods"][name]["exponent"] for name in METHODS]
    assert [round(k) for k in exponents] == [1, 2, 3]
    assert facts["fitted_on"] == [16, 32, 64]
    assert facts["log10_factorial"][2] == pytest.approx(torch.tensor(float(factorial(8))).log10().item())
    grown = max(facts["methods"][name]["counts"][-1] / facts["methods"][name]["counts"][-2] for name in METHODS)
    assert grown < 8.5
    assert facts["log10_factorial"][-1] - facts["log10_factorial"][-2] > 50


@pytest.mark.parametrize(("inputs", "outputs"), [(2, 50), (50, 2), (1, 1)])
def test_forward_takes_a_pass_for_each_input_and_back_one_for_each_output(inputs: int, outputs: int) -> None:
    found = modes(inputs, outputs, torch.Generator().manual_seed(0))
    assert (found["forward"], found["back"]) == (inputs, outputs)
    assert found["apart"] < 1e-12
