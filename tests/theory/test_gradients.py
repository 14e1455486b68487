"""The formulas of the written questions against autograd, and that the check detects a wrong one."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, nn

from rdfia.data.store import Split
from rdfia.models import formulas
from rdfia.theory import gradients
from rdfia.theory.gradients import CHECKS, Check, Gradients
from rdfia.theory.wrong_formulas import WRONG_FORMULAS, WrongFormula

SIZES = st.fixed_dictionaries({name: st.integers(1, top) for name, top in gradients.LARGEST.items()})
NAMED = pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.formula.__name__}-{check.loss}")


@NAMED
@given(size=SIZES, seed=st.integers(0, 2**31))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_formula_is_autograds(check: Check, size: dict[str, int], seed: int) -> None:
    sample = gradients.sample_networks(size, Generator().manual_seed(seed))
    known = gradients.quantities(sample, check.loss)
    assert known["y_hat"].dtype == torch.float64
    assert gradients.error(check.formula, check.gives, known) < 1e-12


def test_every_gradient_among_the_formulas_is_checked() -> None:
    declared = {name for name in vars(formulas) if name.startswith("grad_")}
    assert declared | {"cross_entropy_of_softmax"} == {check.formula.__name__ for check in CHECKS}


@pytest.mark.parametrize("wrong", WRONG_FORMULAS, ids=lambda wrong: wrong.formula.__name__)
@given(seed=st.integers(0, 2**31))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_every_wrong_formula_is_detected(wrong: WrongFormula, seed: int) -> None:
    size = {"networks": 2, "N": 5, "nx": 3, "nh": 4, "ny": 3}
    known = gradients.quantities(gradients.sample_networks(size, Generator().manual_seed(seed)), wrong.loss)
    right = next(c for c in CHECKS if c.formula.__name__ == wrong.instead_of and c.loss == wrong.loss)
    assert right.gives == wrong.gives
    assert gradients.error(wrong.formula, wrong.gives, known) > 1e-2
    assert gradients.error(right.formula, right.gives, known) < 1e-12


def test_the_network_of_the_check_is_pytorchs() -> None:
    sample = gradients.sample_networks({"networks": 1, "N": 7, "nx": 3, "nh": 5, "ny": 4}, Generator().manual_seed(0))
    known = gradients.quantities(sample, "cross-entropy")
    y_tilde = nn.functional.linear(
        nn.functional.linear(sample["x"], sample["Wh"][0], sample["bh"][0]).tanh(), sample["Wy"][0], sample["by"][0]
    )
    torch.testing.assert_close(known["y_hat"], y_tilde.softmax(-1))
    torch.testing.assert_close(known["loss"][0], nn.functional.cross_entropy(y_tilde[0], sample["y"][0].argmax(-1)))


def test_a_single_class_leaves_nothing_to_learn() -> None:
    known = gradients.quantities(
        gradients.sample_networks({"networks": 1, "N": 3, "nx": 2, "nh": 2, "ny": 1}, Generator()), "cross-entropy"
    )
    assert not known["grad_y_tilde"].any()
    assert gradients.error(formulas.grad_y_tilde, "grad_y_tilde", known) == 0
    assert gradients.error(lambda y: y + 3, "grad_y_tilde", known) == pytest.approx(4 * 3**0.5)


def test_the_code_of_a_formula_is_what_it_returns() -> None:
    assert gradients.code(formulas.grad_Wy) == "grad_y_tilde.mT @ h"
    assert gradients.code(formulas.grad_y_tilde) == "(y_hat - y) / y.shape[-2]"


def test_the_answer_has_right_and_wrong_formulas(circles: Split) -> None:
    facts = Gradients(shapes=20).answer(circles).facts
    right, wrong = ([entry["error"] for entry in facts[part]] for part in ("formulas", "wrong_formulas"))
    assert (len(right), len(wrong)) == (len(CHECKS), len(WRONG_FORMULAS))
    assert max(right) < 1e-12 < 0.5 < min(wrong)
    assert all(entry["question"] and "\n" not in entry["code"] for entry in facts["formulas"])
