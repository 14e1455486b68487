"""docs/findings.md is what the command writes from the results that are in git."""

import re
from collections import Counter

import pytest

from rdfia import config
from rdfia.analyse.results import DIVERGED
from rdfia.config import ConfigError
from rdfia.files import read_json
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


def test_what_two_profiles_decide_is_said_for_each_and_counted_once(contexts: list[Context], page: str) -> None:
    names = [each.study.profile for each in contexts]
    assert names == list(findings_page.PROFILES)
    decided = [{found.name for found in each.findings if found.decided} for each in contexts]
    twice = decided[0] & decided[1]
    assert twice
    said = [each for topic in findings_page._topics(contexts) for each in topic["said"] if each.line.name in twice]
    assert len(said) == 2 * len(twice)
    for each in said:
        assert f"{each.line.sentence} *" in page
        assert f"(`{each.line.place}` of `{each.profile}`)" in page
    line = r"^\| (R20\d\d\w?) \| ([^|]+) \| ([^|]+) \| .* \| `([^`]+)` \| (\w+) \| ([\d.]+) to ([\d.]+) \|$"
    rows = re.findall(line, page, re.MULTILINE)
    assert len({row[:4] for row in rows}) < len(rows)
    assert all(0 <= float(low) < float(high) <= 100 for *_, low, high in rows)
    compared = {v.published for each in contexts for v in each.verdicts if v.kind in ("agrees", "differs")}
    assert f"\n{len(compared)} of " in page


def test_a_surprise_is_one_wherever_it_is_decided(contexts: list[Context], page: str) -> None:
    """What came out as expected in one profile and not in another is no surprise, and both are said above."""
    said = [each for topic in findings_page._topics(contexts) for each in topic["said"]]
    tones: dict[str, set[str]] = {}
    for each in said:
        tones.setdefault(each.line.name, set()).add(each.line.tone)
    surprises = page.split("## What surprised")[1].split("## All published")[0]
    for each in said:
        first = next(other for other in said if other.line.name == each.line.name)
        assert (each.line.sentence in surprises) == (tones[each.line.name] == {"bad"} and each is first), each
    assert any(len(found) > 1 for found in tones.values())


def test_what_was_trained_and_decides_nothing_is_said_with_its_reason(contexts: list[Context], page: str) -> None:
    topics = page.split("## What surprised")[0].split("\n## ")[1:]
    published = next(each.study for each in contexts if each.study.profile == "published")
    diverged = [run for run in published.runs if run.status == DIVERGED]
    assert diverged
    for run in diverged:
        reason = f"{run.key}: {run.diverged} of {run.declared} seeds diverged"
        assert f"`{run.key}` ({run.diverged} of {run.declared})" in page
        said = rf"^- Not decided in `published`: (`\w+`(, | and )?)+ \({re.escape(reason)}\)\.$"
        assert any(re.search(said, topic, re.MULTILINE) for topic in topics), reason
    assert "profile leaves it out" not in page.split("## What surprised")[0]


def test_on_which_side_of_the_published_figures_ours_lie_is_counted(page: str) -> None:
    line = r"^\| (R20\d\d\w?) \| ([^|]+) \| (\d+) \| (\d+) \| ([-+][\d.]+) \| (\w+) \|$"
    rows = re.findall(line, page, re.MULTILINE)
    listed = re.findall(r"^\| (R20\d\d\w?) \| .* \| `[^`]+` \| (\w+) \| [\d.]+ to [\d.]+ \|$", page, re.MULTILINE)
    counted: Counter[tuple[str, str]] = Counter()
    for report, _, count, below, _, profile in rows:
        counted[report, profile] += int(count)
        assert int(below) <= int(count)
    assert counted == Counter(listed)
    (photographs,) = [row for row in rows if (row[0], row[5]) == ("R2026", "jpeg")]
    (digits,) = [row for row in rows if (row[0], row[1], row[5]) == ("R2023a", "MNIST", "mnist")]
    assert (photographs[2], photographs[4][0]) == (photographs[3], "-")  # all on one side
    assert (digits[3], digits[4][0]) == ("0", "+")


def test_the_claims_in_git_are_those_of_the_results_in_git(contexts: list[Context]) -> None:
    for context in contexts:
        there = read_json(
            ROOT / "reports" / context.study.profile / "claims.json", "`python -m stages.report` writes it"
        )
        assert there == {each.name: each.record() for each in context.claims}, context.study.profile


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
