"""The answer to a written question."""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Answer:
    """Numbers and words for tables and captions, as JSON takes them, and arrays for figures."""

    facts: dict[str, Any]
    arrays: dict[str, Tensor] = field(default_factory=dict)
