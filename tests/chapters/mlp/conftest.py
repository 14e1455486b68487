"""The written questions of part 1, answered in small."""

from pathlib import Path

import pytest
import torch

from rdfia import theory
from rdfia.data.circles import Circles
from rdfia.report.engine.context import Context
from tests.chapters.answers import answered

ASKED = {
    "gradients": {"shapes": 4},
    "losses": {"points": 19, "steps": 20},
    "backprop": {"depths": [2, 4, 8, 16], "width": 3},
    "descent": {"training": {"epochs": 40}, "points": 15, "epochs": 2, "steps": 8, "learning_rates": [0.1, 1.5]},
    "implementations": {"epochs": 2},
}


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A study without runs that has the answers to all questions."""
    circles = Circles().sample(60, torch.Generator().manual_seed(0))
    questions = theory.resolve({"theory": ASKED})
    root: Path = tmp_path_factory.mktemp("theory")
    return answered(root, **{name: question.answer(circles) for name, question in questions.items()})
