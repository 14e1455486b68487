"""The claims in the report: on a page of their own, in the chapters that decide them, and as JSON."""

import csv
import json
from pathlib import Path

from rdfia.analyse import claims
from rdfia.analyse.claims import VERDICTS


def names(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [row["claim"] for row in csv.DictReader(lines)]


def test_every_claim_has_a_row_and_each_chapter_its_own(report: Path) -> None:
    known = claims.read()
    assert names(report / "tables" / "claims.csv") == list(known)
    assert names(report / "tables" / "cnn_claims.csv") == [name for name in known if known[name].chapter == "cnn"]
    assert not (report / "tables" / "mlp_mnist_claims.csv").exists()


def test_the_json_has_the_verdicts_of_the_page(report: Path) -> None:
    found = json.loads((report / "claims.json").read_text("utf-8"))
    page = (report / "pages" / "claims.html").read_text("utf-8")
    verdicts = {one["verdict"] for one in found.values()}
    assert verdicts <= set(VERDICTS)
    assert len(verdicts) > 1
    for name, one in found.items():
        assert f"{claims.read()[name].claim}" in page.replace("&#39;", "'")
        assert f'">{one["verdict"]}</span>' in page
    assert 'data-filter="report"' in page


def test_the_chapter_shows_its_claims_under_their_heading(report: Path) -> None:
    page = (report / "pages" / "cnn.html").read_text("utf-8")
    assert page.index('<h2 id="claims">') < page.index('id="table-cnn_claims"')
