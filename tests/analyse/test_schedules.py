"""The lines of schedules are those that training goes through."""

import numpy as np
import pytest
from pydantic import ValidationError

from rdfia.analyse.schedules import schedule_lines
from tests.report import scheduled


def test_every_schedule_that_changes_the_rate_is_there_once() -> None:
    lines = schedule_lines(scheduled.chapter().runs)
    assert [line.runs[0] for line in lines] == [name for name in scheduled.DECLARED if name != "constant"]
    assert {line.runs[0]: len(line.runs) for line in lines}["cosine_warmup"] == 21
    assert [line.runs[0] for line in lines if line.wide] == ["range_test"]


def test_a_line_follows_the_equation() -> None:
    (line,) = schedule_lines([scheduled.run("cosine", "cosine", epochs=20, batch_size=100)])
    expected = (1 + np.cos(np.pi * line.epochs / 20)) / 2
    assert np.allclose(line.factors, expected)
    assert line.epochs[0] == 0
    assert line.epochs[-1] == pytest.approx(20 - 1 / 10)
    assert line.average == pytest.approx(0.5, abs=0.01)


def test_a_schedule_that_is_none_is_an_error() -> None:
    with pytest.raises(ValidationError, match="zigzag"):
        schedule_lines([scheduled.run("odd", "zigzag")])
