"""What SECURITY.md says is shown by tests that are there."""

import re

import pytest

from tests.project import ROOT

ROWS = re.findall(r"^\| (?!asset|---).*\| (.+) \|$", (ROOT / "SECURITY.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("cell", ROWS, ids=range(len(ROWS)))
def test_the_tests_of_a_threat_are_there(cell: str) -> None:
    text = ""
    for words in re.findall(r"`([^`]+)`", cell):
        file, _, name = words.rpartition(": ") if ": " in words else (("", "", words) if text else (words, "", ""))
        if file:
            text = (ROOT / "tests" / f"{file}.py").read_text(encoding="utf-8")
        assert f"def {name or 'test_'}" in text, words


def test_every_threat_has_a_test() -> None:
    assert len(ROWS) > 8
    assert all("`" in cell for cell in ROWS)
