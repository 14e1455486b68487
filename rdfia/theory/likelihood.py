"""Question 9: the cross-entropy as a likelihood, and what two slips in its derivation would give.

Labels drawn from ŷ, each by itself, have the likelihood Π_n ŷ_n,c(n) over the N examples, so that

    −(1/N) log Π_n ŷ_n,c(n) = (1/N) Σ_n −Σ_i y_i log ŷ_i

whatever the number of classes. The binary cross-entropy of every output, −Σ_i y_i log ŷ_i + (1 − y_i) log(1 − ŷ_i), is
another number; and a product over n_x, the inputs of an example, leaves most examples out.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Generator, Tensor

from rdfia.config import Config, listed
from rdfia.data.store import Split
from rdfia.models import formulas
from rdfia.theory.answer import Answer


class Likelihood(Config):
    """Random predictions for `examples` examples of `inputs` numbers, of each of `classes` classes."""

    name: Literal["likelihood"] = "likelihood"
    classes: Annotated[tuple[Annotated[int, Field(ge=2, le=1000)], ...], listed, Field(min_length=1)] = (2, 3, 10)
    examples: int = Field(200, ge=2, le=100_000)
    inputs: int = Field(2, ge=1)
    seed: int = Field(0, ge=0)

    def answer(self, circles: Split) -> Answer:
        """Return each loss beside the likelihood, by the number of classes; the circles are not needed."""
        generator = Generator().manual_seed(self.seed)
        cases = [self.case(classes, generator) for classes in self.classes]
        return Answer({"examples": self.examples, "inputs": self.inputs, "cases": cases})

    def case(self, classes: int, generator: Generator) -> dict[str, Any]:
        """Draw predictions and labels from them, and return the likelihood and the losses, as means of an example."""
        y_hat = formulas.softmax(torch.randn(self.examples, classes, dtype=torch.float64, generator=generator))
        labels = torch.multinomial(y_hat, 1, generator=generator)
        right = y_hat.gather(1, labels)[:, 0]
        y = torch.nn.functional.one_hot(labels[:, 0], classes).double()
        return {
            "classes": classes,
            "likelihood": -float(right.log().sum()) / self.examples,
            "cross_entropy": float(formulas.cross_entropy(y, y_hat)),
            "binary": float(binary(y, y_hat)),
            "over_inputs": -float(right[: self.inputs].log().sum()) / self.examples,
        }


def binary(y: Tensor, y_hat: Tensor) -> Tensor:
    """Return the binary cross-entropy of every output, summed over the outputs: the mean over the examples."""
    return -(y * y_hat.log() + (1 - y) * (1 - y_hat).log()).sum(-1).mean()
