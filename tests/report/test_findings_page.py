"""docs/findings.md is what the command writes from the results that are in git."""

import re

import pytest

from rdfia import config
from rdfia.config import ConfigError
from rdfia.report import findings_page, readme_tables
from rdfia.report.engine import text
from rdfia.report.engine.context import Context
from tests.project import ROOT


@pytest.fixture(scope="module")
def contexts() -> list[Context]:
    """The results that are in git."""
    return findings_page.committed(config.load(), ROOT)


@pytest.fixture(scope="module")
def page(contexts: list[Context]) -> str:
    """The page as the results give it."""
    return findings_page.page(contexts)


def test_the_tables_of_the_readme_are_those_of_the_results_in_git(contexts: list[Context]) -> None:
    text = (ROOT / readme_tables.PAGE).read_text(encoding="utf-8")
    assert readme_tables.filled(text, contexts) == text, "`rdfia findings` writes them"
    stale = text.replace("| `cnn/baseline` |", "| `cnn/other` |").replace("| cnn/baseline |", "| cnn/other |")
    assert stale != text
    assert readme_tables.filled(stale, contexts) == text
    with pytest.raises(ConfigError, match=r"^README.md: found no comment above the table headline"):
        readme_tables.filled(text.replace("<!-- headline", "<!-- head"), contexts)


@pytest.mark.parametrize(
    ("spans", "seconds"), [([(0, 2)], 2), ([(5, 6), (0, 2)], 3), ([(0, 4), (1, 2), (3, 6)], 6), ([(1, 2), (1, 2)], 1)]
)
def test_time_by_the_clock_counts_runs_side_by_side_once(spans: list[tuple[float, float]], seconds: float) -> None:
    assert readme_tables.busy(spans) == seconds


def test_the_page_in_git_is_that_of_the_results_in_git(page: str) -> None:
    assert (ROOT / findings_page.PAGE).read_text(encoding="utf-8") == page, "`rdfia findings` writes it"


def test_its_template_types_no_measured_number() -> None:
    words = (text.TEMPLATES / "findings.md").read_text(encoding="utf-8")
    assert re.findall(r"\d+\.\d+|\d ?%", re.sub(r"\{[{%].*?[}%]\}", "", words)) == []


def test_every_link_leads_somewhere(page: str) -> None:
    targets = [ROOT / "docs" / target for target in re.findall(r"\]\(([^)]+)\)", page)]
    assert len(targets) >= 5
    assert [str(target) for target in targets if not target.exists()] == []


def test_the_charts_are_drawn_from_what_is_in_git(contexts: list[Context]) -> None:
    for path, drawing in findings_page.charts(contexts):
        written = (ROOT / path).read_text(encoding="utf-8")
        assert _words(written) == _words(drawing.svg.decode("utf-8")), "`rdfia findings` draws them"
        assert str(path) in (ROOT / readme_tables.PAGE).read_text(encoding="utf-8")


def _words(svg: str) -> list[str]:
    """The words of a drawing, in order: names of runs, ticks and what lies beyond the axis."""
    return re.findall(r"<text[^>]*>([^<]+)</text>", svg)
