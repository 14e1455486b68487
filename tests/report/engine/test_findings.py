"""Findings on a page: the small figure is right, verdicts are words, links lead to what is there, words are escaped."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rdfia.analyse import findings, published
from rdfia.analyse.claims import FAILS, HOLDS, Threshold
from rdfia.analyse.findings import Decision, Finding, Found
from rdfia.analyse.metrics import UNRESOLVED, Estimate
from rdfia.analyse.results import FINISHED, Card, ChapterResult, RunResult, Study
from rdfia.report.engine.findings import EDGE, WIDTH, bar, lines, standing, verdict

SENTENCES = {"holds": "It <helps>: {figure}.", "fails": "It hurts: {figure}.", "open": "Open: {figure}."}
EFFECT = {"effect": "cnn/a", "threshold": {"above": 0}}
OURS = Estimate(2.0, 1.0, 3.0, 3)


def found(way: dict[str, Any], verdict: str, **evidence: Any) -> Found:
    """A finding that is decided in this way, and came out so."""
    finding = Finding.model_validate(way | SENTENCES)
    return Found("topic", "name", finding, Decision(verdict, "cnn/a", estimate=OURS, **evidence))


def test_a_small_figure_has_all_in_its_place() -> None:
    figure = next(each for each in published.read() if each.number == 85.13)
    printed = (replace(figure, value="5"), replace(figure, value="4.0", note="about"))
    made = bar(found({"published": "cnn/a"}, FAILS, threshold=Threshold(above=0), printed=printed))
    places = [*made.limits, made.low, made.mean, made.high, *(at for at, _ in reversed(made.printed))]
    assert places == sorted(places)
    assert places[0] == EDGE
    assert (made.limits, made.limit) == ((EDGE,), "0")
    assert made.mean - made.low == pytest.approx(made.high - made.mean, abs=0.11)
    assert made.printed[0][0] + made.printed[0][1] == pytest.approx(WIDTH - EDGE)
    assert made.printed[1][1] > made.printed[0][1]
    assert "+2.00 points [+1.00, +3.00]" in made.description


def test_a_margin_has_two_limits() -> None:
    made = bar(found(EFFECT, HOLDS, threshold=Threshold(within=4)))
    assert (len(made.limits), made.limit) == (2, "±4")


def test_verdicts_say_whose_they_are() -> None:
    printed = tuple(figure for figure in published.read() if figure.run == "cnn/crop_flip")[:1]
    assert verdict(found(EFFECT, HOLDS)) == verdict(found(EFFECT, FAILS)) == "resolved"
    assert verdict(found(EFFECT, UNRESOLVED)) == "not resolved"
    assert verdict(found({"claim": "zca_ruins"}, FAILS)) == "claim of R2023a: fails"
    assert verdict(found({"published": "cnn/crop_flip"}, HOLDS, printed=printed)) == "agrees with R2022"
    assert verdict(found({"published": "cnn/crop_flip"}, FAILS, printed=printed)) == "differs from R2022"


def test_a_line_without_a_page_has_no_link_and_one_that_is_not_decided_is_none() -> None:
    run = RunResult("cnn", "a", "a", "a", "", Card("cifar10", label="photographs"))
    study = Study(Path(), "full", (ChapterResult("cnn", "cifar10", (run,)),), {})
    (line,) = lines([found(EFFECT, HOLDS), found(EFFECT, findings.UNDECIDED)], study, ())
    assert (line.link, line.place, line.data, line.tone) == ("", "cnn/a", "photographs", "good")
    assert line.sentence == "It <helps>: +2.00 points [+1.00, +3.00]."


def test_the_report_begins_with_what_was_found(report: Path) -> None:
    index = (report / "index.html").read_text(encoding="utf-8")
    places = [index.index(part) for part in ('id="findings"', 'id="chapters"', 'id="runs"', 'id="method"')]
    assert places == sorted(places)
    listed = index.split('<ol class="findings">')[1].split("</ol>")[0]
    assert 2 <= listed.count("<li>") == listed.count("<svg") == listed.count('role="img" aria-label="Our figure') <= 10
    assert '<a href="pages/cnn.html#' in listed
    chapter = (report / "pages" / "cnn.html").read_text(encoding="utf-8")
    assert '<a href="cnn.html#' in chapter.split('<ol class="findings">')[1]
    assert "## What was found" in (report / "report.md").read_text(encoding="utf-8")


def test_a_chapter_says_how_good_its_first_and_its_best_run_are() -> None:
    def run(name: str, *accuracies: float) -> RunResult:
        seeds = {str(seed): accuracy for seed, accuracy in enumerate(accuracies)}
        return RunResult("cnn", name, name, "a", "", Card("cifar10"), FINISHED, validation=seeds, test=seeds)

    better = standing(ChapterResult("cnn", "cifar10", (run("a", 50, 52), run("b", 60, 62))))
    assert re.sub(r" \[\d+\.\d\d, \d+\.\d\d\]", "", better) == (
        "`b` is the best of 2 runs by validation, and has 61.00 % of the test examples right; "
        "`a`, the first, has 51.00 %."
    )
    assert better.count("[") == 2
    assert standing(ChapterResult("cnn", "cifar10", (run("a", 50),))) == "`a` has 50.00 % of the test examples right."
    assert standing(ChapterResult("cnn", "cifar10", (RunResult("cnn", "a", "a", "a", "", Card("cifar10")),))) == ""
