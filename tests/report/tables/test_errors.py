"""The page of errors has each that the written questions name."""

import csv
from pathlib import Path

from rdfia.theory import written


def test_every_error_has_its_row(report: Path) -> None:
    known = {str(e.number): e for questions in written.read().values() for one in questions for e in one.errors}
    with (report / "tables" / "errors.csv").open(encoding="utf-8", newline="") as lines:
        rows = {row["number"]: row for row in csv.DictReader(lines)}
    assert list(rows) == sorted(known, key=int)
    for number, row in rows.items():
        assert (row["printed"], row["right"]) == (known[number].printed, known[number].right)
        assert row["shown by"] == (known[number].shown_by or "")
