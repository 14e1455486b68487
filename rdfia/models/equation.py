"""How a function is given the equation that it computes, which the report prints beside its code."""

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def equation(latex: str, questions: str = "") -> Callable[[Function], Function]:
    """Give a function its equation, and the numbers of the written questions that ask for it."""

    def mark(function: Function) -> Function:
        spoken: Any = function
        spoken.latex, spoken.questions = latex, questions
        return function

    return mark
