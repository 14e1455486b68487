"""One table, three ways to write it."""

import csv
import io

import pytest

from rdfia.analyse.metrics import Estimate
from rdfia.report.engine.table import Column, Table, escaped

TABLE = Table(
    "t",
    "A caption.",
    (Column("run", code=True), Column("accuracy", "%", numeric=True), Column("effect", signed=True, numeric=True)),
    (("a|b", Estimate(70.126, 69.5, 70.75, 3), None), ("<c>", Estimate(60.0, None, None, 1), 1.5)),
)


def test_csv_gives_an_estimate_three_columns() -> None:
    rows = list(csv.DictReader(io.StringIO(TABLE.csv())))
    assert list(rows[0]) == ["run", "accuracy (%)", "accuracy (%) low", "accuracy (%) high", "effect"]
    assert rows[0] == {
        "run": "a|b", "accuracy (%)": "70.13", "accuracy (%) low": "69.5", "accuracy (%) high": "70.75", "effect": ""
    }  # fmt: skip
    assert (rows[1]["accuracy (%) low"], rows[1]["effect"]) == ("", "1.5")


def test_markdown_escapes_and_sets_numbers_right() -> None:
    head, rule, first, second = TABLE.markdown().splitlines()
    assert head == "| run | accuracy (%) | effect |"
    assert rule == "| --- | ---: | ---: |"
    assert first == "| a\\|b | 70.13 [69.50, 70.75] | – |"
    assert second == "| &lt;c> | 60.00 | +1.50 |"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("a_b [1.00, -2.50] 3 < 4", "a_b [1.00, -2.50] 3 &lt; 4"),
        ("[1, 2](x) and [x]: y", "\\[1, 2\\](x) and \\[x\\]: y"),
        ("- a", "\\- a"),
        ("-5 points", "-5 points"),
        ("12. a\n# b", "12\\. a # b"),
        ("`x` ~y~ _z_ \\", "\\`x\\` \\~y\\~ \\_z\\_ \\\\"),
        ("&lt;", "&amp;lt;"),
    ],
)
def test_markdown_shows_words_as_they_are(words: str, text: str) -> None:
    assert escaped(words) == text


def test_equal_seeds_have_no_interval_and_say_so() -> None:
    column = Column("accuracy", "%", numeric=True)
    assert column.text(Estimate(97.5, None, None, 2)) == "97.50 (2 equal seeds)"
    assert column.text(Estimate(97.5, None, None, 1)) == "97.50"


@pytest.mark.parametrize(
    ("cell", "text"), [(1191170, "1,191,170"), (0.5, "0.50"), (None, "–"), ("", "–"), ("words", "words")]
)
def test_cells_as_text(cell: object, text: str) -> None:
    assert Column("x").text(cell) == text  # type: ignore[arg-type]
