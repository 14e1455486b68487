"""The decorator that attaches an equation to a function."""

from rdfia.models import attention_formulas, formulas
from rdfia.models.equation import equation


def test_the_decorated_function_is_the_function_with_its_equation() -> None:
    def double(n: int) -> int:
        return 2 * n

    marked = equation(r"2\,n", "7")(double)
    assert marked is double
    assert (double(3), vars(double)) == (6, {"latex": r"2\,n", "questions": "7"})


def test_both_modules_use_the_decorator_which_is_no_equation_itself() -> None:
    assert vars(formulas)["equation"] is vars(attention_formulas)["equation"] is equation
    assert not hasattr(equation, "latex")
