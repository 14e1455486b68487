"""A decorator that attaches to a function the equation that it computes, which the report prints beside its code."""

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def equation(latex: str, questions: str = "") -> Callable[[Function], Function]:
    """Attach the equation, and the numbers of the written questions that ask for it."""

    def attach(function: Function) -> Function:
        attributes: Any = function
        attributes.latex, attributes.questions = latex, questions
        return function

    return attach
