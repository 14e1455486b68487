"""The written questions whose answers can be computed: each a strict class that answers with numbers.

A question is one class with one method, `answer`. A new one is a class in this package and a word in `Question`.
"""

from collections.abc import Mapping
from typing import Any, get_args

from rdfia.config import PARAMS, ConfigError, parse, section
from rdfia.theory.answer import Answer
from rdfia.theory.approximation import Approximation
from rdfia.theory.attention import AttentionCost
from rdfia.theory.backprop import Backprop
from rdfia.theory.batch_norm import BatchNorm
from rdfia.theory.batches import Batches
from rdfia.theory.calibration import Calibration
from rdfia.theory.convolution import Convolution
from rdfia.theory.descent import DescentPaths
from rdfia.theory.dropout import Dropout
from rdfia.theory.gradients import Gradients
from rdfia.theory.graphs import Graphs
from rdfia.theory.implementations import Implementations
from rdfia.theory.likelihood import Likelihood
from rdfia.theory.losses import Losses
from rdfia.theory.one_patch import OnePatch
from rdfia.theory.pooling import Pooling
from rdfia.theory.robust_scaling import RobustScaling
from rdfia.theory.selection import Selection
from rdfia.theory.single_steps import SingleSteps
from rdfia.theory.split_statistics import SplitStatistics

Question = (
    Implementations | Gradients | Losses | Backprop | DescentPaths | SingleSteps
    | Selection | Calibration | Likelihood | Approximation | Graphs | Batches
    | Convolution | Pooling | Dropout | BatchNorm | AttentionCost | OnePatch
    | RobustScaling | SplitStatistics
)  # fmt: skip
QUESTIONS: dict[str, type[Question]] = {kind().name: kind for kind in get_args(Question)}

__all__ = ["QUESTIONS", "Answer", "Question", "resolve"]


def resolve(params: Mapping[str, Any]) -> dict[str, Question]:
    """Return the questions under the key `theory`, by name, with their settings validated."""
    asked = section(params, "theory")
    for name in asked:
        if name not in QUESTIONS:
            raise ConfigError(f"{PARAMS}: theory.{name}: unknown question; allowed: {', '.join(QUESTIONS)}")
    return {name: _parse(name, settings) for name, settings in asked.items()}


def _parse(name: str, settings: Any) -> Question:
    """Parse one question; no settings at all, as in `losses:`, are its defaults."""
    return parse(QUESTIONS[name], {} if settings is None else settings, where=[f"theory.{name}"])
