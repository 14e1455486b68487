"""The formulas of the written questions against autograd, and that the check tells a wrong one."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, nn

from rdfia.data.store import Split
from rdfia.models import formulas
from rdfia.theory import gradients, slips
from rdfia.theory.gradients import CHECKS, Check, Gradients

SIZES = st.fixed_dictionaries({name: st.integers(1, top) for name, top in gradients.LARGEST.items()})
NAMED = pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.formula.__name__}-{check.loss}")


@NAMED
@given(size=SIZES, seed=st.integers(0, 2**31))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_formula_is_autograds(check: Check, size: dict[str, int], seed: int) -> None:
    drawn = gradients.draw(size, Generator().manual_seed(seed))
    known = gradients.quantities(drawn, check.loss)
    assert known["y_hat"].dtype == torch.float64
    assert gradients.error(check.formula, check.gives, known) < 1e-12


def test_every_gradient_among_the_formulas_is_checked() -> None:
    declared = {name for name in vars(formulas) if name.startswith("grad_")}
    assert declared | {"cross_entropy_of_softmax"} == {check.formula.__name__ for check in CHECKS}


@pytest.mark.parametrize("slip", slips.SLIPS, ids=lambda slip: slip.formula.__name__)
@given(seed=st.integers(0, 2**31))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_every_slip_is_found(slip: slips.Slip, seed: int) -> None:
    size = {"networks": 2, "N": 5, "nx": 3, "nh": 4, "ny": 3}
    known = gradients.quantities(gradients.draw(size, Generator().manual_seed(seed)), slip.loss)
    right = next(c for c in CHECKS if c.formula.__name__ == slip.instead_of and c.loss == slip.loss)
    assert right.gives == slip.gives
    assert gradients.error(slip.formula, slip.gives, known) > 1e-2
    assert gradients.error(right.formula, right.gives, known) < 1e-12


def test_the_network_of_the_check_is_pytorchs() -> None:
    drawn = gradients.draw({"networks": 1, "N": 7, "nx": 3, "nh": 5, "ny": 4}, Generator().manual_seed(0))
    known = gradients.quantities(drawn, "cross-entropy")
    y_tilde = nn.functional.linear(
        nn.functional.linear(drawn["x"], drawn["Wh"][0], drawn["bh"][0]).tanh(), drawn["Wy"][0], drawn["by"][0]
    )
    torch.testing.assert_close(known["y_hat"], y_tilde.softmax(-1))
    torch.testing.assert_close(known["loss"][0], nn.functional.cross_entropy(y_tilde[0], drawn["y"][0].argmax(-1)))


def test_a_single_class_leaves_nothing_to_learn() -> None:
    known = gradients.quantities(
        gradients.draw({"networks": 1, "N": 3, "nx": 2, "nh": 2, "ny": 1}, Generator()), "cross-entropy"
    )
    assert not known["grad_y_tilde"].any()
    assert gradients.error(formulas.grad_y_tilde, "grad_y_tilde", known) == 0
    assert gradients.error(lambda y: y + 3, "grad_y_tilde", known) == pytest.approx(4 * 3**0.5)


def test_the_code_of_a_formula_is_what_it_returns() -> None:
    assert gradients.code(formulas.grad_Wy) == "grad_y_tilde.mT @ h"
    assert gradients.code(formulas.grad_y_tilde) == "(y_hat - y) / y.shape[-2]"


def test_the_answer_lays_right_beside_wrong(circles: Split) -> None:
    facts = Gradients(shapes=20).answer(circles).facts
    right, wrong = ([entry["error"] for entry in facts[part]] for part in ("formulas", "slips"))
    assert (len(right), len(wrong)) == (len(CHECKS), len(slips.SLIPS))
    assert max(right) < 1e-12 < 0.5 < min(wrong)
    assert all(entry["latex"] and entry["question"] and "\n" not in entry["code"] for entry in facts["formulas"])
