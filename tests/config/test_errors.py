"""What an error says: the names that are allowed, and values as they were written."""

import pytest
from pydantic import ValidationError

from rdfia.config import nearest, options, shorten
from rdfia.config.errors import explain
from rdfia.config.schema import Config

HUNDRED = [f"run_{number}" for number in range(100)]


def test_a_few_names_are_all_listed() -> None:
    assert options([]) == "nothing"
    assert options(["a", 2]) == nearest("b", ["a", 2]) == "a, 2"
    assert nearest("x", HUNDRED[:12]) == ", ".join(HUNDRED[:12])


def test_of_many_names_those_that_resemble_it() -> None:
    text = nearest("run_7O", HUNDRED)
    assert text.startswith("one of 100 names (did you mean run_")
    assert "run_7" in text
    assert nearest("nothing like it", HUNDRED) == "one of 100 names, as run_0"


@pytest.mark.parametrize(("value", "text"), [("a", "'a'"), (1.0, "1.0"), ("x" * 90, f"'{'x' * 56}...")])
def test_a_value_is_as_it_was_written_and_not_long(value: object, text: str) -> None:
    assert shorten(value) == text


def test_a_key_that_breaks_several_rules_names_all_that_is_allowed() -> None:
    class Batch(Config):
        size: int | bool

    with pytest.raises(ValidationError, match="size") as error:
        Batch.model_validate({"size": "all"})
    path, reason = explain(error.value.errors(), Batch, {"size": "all"})
    assert (path, reason) == (("size",), "found 'all', allowed: integer or boolean")
