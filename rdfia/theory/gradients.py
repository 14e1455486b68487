"""Questions 8, 9 and 14 to 17: every gradient of the network by hand against autograd, in float64.

A check calls a formula by the names of its arguments: `h` is the hidden layer of a random network, and `grad_y_tilde`
the gradient of ỹ by autograd. So each formula is checked alone, whatever the others give.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config
from rdfia.data.store import Split
from rdfia.models import formulas
from rdfia.theory.answer import Answer
from rdfia.theory.wrong_formulas import WRONG_FORMULAS, WrongFormula

Formula = Callable[..., Tensor]
LOSSES: dict[str, Formula] = {"cross-entropy": formulas.cross_entropy, "squared error": formulas.squared_error}
LARGEST = {"networks": 3, "N": 16, "nx": 8, "nh": 16, "ny": 8}  # each size is random from 1 to this


@dataclass(frozen=True)
class Check:
    """A formula, the loss of the network that it is applied to, and the name of the quantity that it should give."""

    formula: Formula
    loss: str
    gives: str


CHECKS = (
    Check(formulas.cross_entropy_of_softmax, "cross-entropy", "loss"),
    Check(formulas.grad_y_hat_cross_entropy, "cross-entropy", "grad_y_hat"),
    Check(formulas.grad_y_hat_squared_error, "squared error", "grad_y_hat"),
    Check(formulas.grad_y_tilde_through_softmax, "cross-entropy", "grad_y_tilde"),
    Check(formulas.grad_y_tilde_through_softmax, "squared error", "grad_y_tilde"),
    Check(formulas.grad_y_tilde, "cross-entropy", "grad_y_tilde"),
    Check(formulas.grad_Wy, "cross-entropy", "grad_Wy"),
    Check(formulas.grad_by, "cross-entropy", "grad_by"),
    Check(formulas.grad_h_tilde, "cross-entropy", "grad_h_tilde"),
    Check(formulas.grad_Wh, "cross-entropy", "grad_Wh"),
    Check(formulas.grad_bh, "cross-entropy", "grad_bh"),
)


class Gradients(Config):
    """Every formula, and some wrong ones, on `shapes` random networks of random sizes."""

    name: Literal["gradients"] = "gradients"
    shapes: int = Field(200, ge=1)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return the largest error of every formula, right and wrong; the circles are not needed."""
        generator = torch.Generator().manual_seed(self.seed)
        samples = [sample_networks(sample_sizes(generator), generator) for _ in range(self.shapes)]
        known = {loss: [quantities(sample, loss) for sample in samples] for loss in LOSSES}
        facts = {
            "shapes": self.shapes,
            "largest_sizes": LARGEST,
            "formulas": [_formula_facts(check, known[check.loss]) for check in CHECKS],
            "wrong_formulas": [_wrong_facts(wrong, known[wrong.loss]) for wrong in WRONG_FORMULAS],
        }
        return Answer(facts)


def sample_sizes(generator: Generator) -> dict[str, int]:
    """Sample the numbers of stacked networks, examples, inputs, hidden units and classes."""
    return {name: int(torch.randint(1, top + 1, (), generator=generator)) for name, top in LARGEST.items()}


def sample_networks(size: Mapping[str, int], generator: Generator) -> dict[str, Tensor]:
    """Sample networks with data; weights are N(0, 1 / inputs of the layer), so that tanh does not saturate."""
    networks, N, nx, nh, ny = (size[name] for name in LARGEST)

    def normal(*shape: int) -> Tensor:
        return torch.randn(networks, *shape, dtype=torch.float64, generator=generator)

    classes = torch.randint(ny, (networks, N), generator=generator)
    return {
        "x": normal(N, nx),
        "y": torch.nn.functional.one_hot(classes, ny).double(),
        "Wh": normal(nh, nx) / nx**0.5,
        "bh": normal(nh),
        "Wy": normal(ny, nh) / nh**0.5,
        "by": normal(ny),
    }


def quantities(sample: Mapping[str, Tensor], loss: str) -> dict[str, Tensor]:
    """Compute every quantity of the formulas, by name: the forward pass, and `grad_z` by autograd for each z in it."""
    y = sample["y"]
    known = {name: tensor.clone().requires_grad_() for name, tensor in sample.items() if name != "y"}
    known["h_tilde"] = formulas.hidden_input(known["x"], known["Wh"], known["bh"])
    known["h"] = formulas.hidden(known["h_tilde"])
    known["y_tilde"] = formulas.output(known["h"], known["Wy"], known["by"])
    known["y_hat"] = formulas.softmax(known["y_tilde"])
    value = LOSSES[loss](y, known["y_hat"])
    slopes = torch.autograd.grad(value.sum(), list(known.values()))  # stacked networks do not mix
    gradients = {f"grad_{name}": slope for name, slope in zip(known, slopes, strict=True)}
    return {name: tensor.detach() for name, tensor in known.items()} | gradients | {"y": y, "loss": value.detach()}


def error(formula: Formula, gives: str, known: Mapping[str, Tensor]) -> float:
    """Return ‖a − b‖ / ‖b‖ of a formula's a and autograd's b; ‖a‖ where b is zero, as ∇ỹ is with a single class."""
    expected = known[gives]
    result = formula(*(known[name] for name in inspect.signature(formula).parameters))
    scale = float(torch.linalg.vector_norm(expected))
    return float(torch.linalg.vector_norm(result - expected)) / (scale or 1.0)


def code(formula: Formula) -> str:
    """Return the source of the expression that a function returns, on one line."""
    source = textwrap.dedent(inspect.getsource(formula))
    (returned,) = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Return) and node.value]
    return " ".join((ast.get_source_segment(source, returned) or "").split())


def _formula_facts(check: Check, known: Sequence[Mapping[str, Tensor]]) -> dict[str, Any]:
    """Return the facts about a formula for the report."""
    function: Any = check.formula
    return {
        "function": function.__name__,
        "question": function.questions,
        "loss": check.loss,
        "code": code(check.formula),
        "error": max(error(check.formula, check.gives, sample) for sample in known),
    }


def _wrong_facts(wrong: WrongFormula, known: Sequence[Mapping[str, Tensor]]) -> dict[str, Any]:
    """Return the facts about a wrong formula for the report."""
    return {
        "instead_of": wrong.instead_of,
        "mistake": wrong.mistake,
        "code": code(wrong.formula),
        "error": max(error(wrong.formula, wrong.gives, sample) for sample in known),
    }
