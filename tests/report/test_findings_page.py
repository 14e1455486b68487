"""docs/findings.md is what the command writes from the results that are in git."""

import re

import pytest

from rdfia import config
from rdfia.report import findings_page
from tests.project import ROOT


@pytest.fixture(scope="module")
def page() -> str:
    """The page as the results give it."""
    return findings_page.page(config.load(), ROOT)


def test_the_page_in_git_is_that_of_the_results_in_git(page: str) -> None:
    assert (ROOT / findings_page.PAGE).read_text(encoding="utf-8") == page, "`rdfia findings` writes it"


def test_its_template_types_no_measured_number() -> None:
    words = (findings_page.TEMPLATES / "findings.md").read_text(encoding="utf-8")
    assert re.findall(r"\d+\.\d+|\d ?%", re.sub(r"\{[{%].*?[}%]\}", "", words)) == []


def test_every_link_leads_somewhere(page: str) -> None:
    targets = [ROOT / "docs" / target for target in re.findall(r"\]\(([^)]+)\)", page)]
    assert len(targets) >= 5
    assert [str(target) for target in targets if not target.exists()] == []
