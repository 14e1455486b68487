"""Findings as data: they name what is declared, errors are one line, and the sentence is that of the verdict."""

import re
from dataclasses import replace
from typing import Any

import pytest

from rdfia import config
from rdfia.analyse import findings, published
from rdfia.analyse.additivity import Additivity
from rdfia.analyse.claims import FAILS, HOLDS, UNDECIDED
from rdfia.analyse.findings import Decision, Finding, Found
from rdfia.analyse.measures import Measured
from rdfia.analyse.metrics import LEVEL, UNRESOLVED, Estimate
from rdfia.analyse.results import Study
from rdfia.analyse.statistics import BeyondSum
from rdfia.config import ConfigError

TOPICS = findings.read()
ALL = {name: finding for topic in TOPICS.values() for name, finding in topic.findings.items()}
PARAMS = config.load()
EFFECT: dict[str, Any] = {"effect": "cnn/crop_flip", "threshold": {"above": 0}}
SENTENCES = {"holds": "It helps: {figure}.", "fails": "It hurts: {figure}.", "open": "Nobody knows: {figure}."}
TOPIC = {"about": "What it is.", "findings": {"crop": EFFECT | SENTENCES}}


def test_a_finding_has_one_name() -> None:
    assert len(ALL) == sum(len(topic.findings) for topic in TOPICS.values())


@pytest.mark.parametrize("name", ALL)
def test_what_decides_a_finding_is_declared_and_its_words_are_sentences_without_measurements(name: str) -> None:
    finding = ALL[name]
    runs = [finding.effect, finding.published, *(getattr(finding.statistic, "runs", ()))]
    for chapter, _, run in (each.partition("/") for each in runs if each):
        assert run in PARAMS[chapter]["runs"]
    for sentence in (finding.holds, finding.fails, finding.open):
        assert sentence.endswith(".")
        assert re.findall(r"\d+\.\d+|\d ?%", sentence) == []
    assert len({finding.holds, finding.fails, finding.open}) == 3


def test_topics_explain_in_words_alone() -> None:
    assert [title for title, topic in TOPICS.items() if re.search(r"\d+\.\d+|\d ?%", topic.about)] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"holds": "It helps."}, "f.yaml: Crops.findings.crop.holds: found 'It helps.'"),
        ({"open": "Nobody {knows}: {figure}."}, "f.yaml: Crops.findings.crop.open: found"),
        ({"open": "{figure} and {figure}."}, "f.yaml: Crops.findings.crop.open: found"),
        ({"open": "It helps by {figure:.1f}."}, "f.yaml: Crops.findings.crop.open: found"),
        ({"claim": "zca_ruins"}, "allowed: one of claim, effect, statistic and published"),
        ({"threshold": None}, "allowed: a threshold beside an effect or a statistic, and beside nothing else"),
        ({"effect": None, "threshold": None, "claim": "zca_ruin"}, "claim: found 'zca_ruin', allowed: "),
        ({"effect": "../crop"}, "f.yaml: Crops.findings.crop.effect: found '../crop'"),
        ({"hold": "x"}, "f.yaml: Crops.findings.crop.hold: unknown key (did you mean holds"),
    ],
)
def test_a_bad_finding_ends_in_one_line(change: dict[str, Any], message: str) -> None:
    assert list(findings.parse({"Crops": TOPIC}, "f.yaml")["Crops"].findings) == ["crop"]
    with pytest.raises(ConfigError) as caught:
        findings.parse({"Crops": {**TOPIC, "findings": {"crop": EFFECT | SENTENCES | change}}}, "f.yaml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [[TOPIC], {}])
def test_findings_stand_below_titles(content: Any) -> None:
    with pytest.raises(ConfigError, match=r"^f\.yaml: found .*allowed: titles of topics"):
        findings.parse(content, "f.yaml")


def test_an_effect_has_the_interval_of_its_table(study: Study) -> None:
    found = {each.name: each for each in findings.decide(TOPICS, study)}
    assert list(found) == list(ALL)
    chapter = next(each for each in study.chapters if each.name == "cnn")
    run = chapter.run("crop_flip")
    assert run is not None
    assert chapter.effect(run) is not None
    assert found["crop_flip"].decision.estimate == chapter.effect(run)
    before, figure, after = found["crop_flip"].parts
    assert f"{before}{{figure}}{after}" == found["crop_flip"].finding.holds
    assert re.fullmatch(r"\+\d\.\d\d points \[\+\d\.\d\d, \+\d\.\d\d\]", figure)


def test_what_the_runs_do_not_decide_has_a_reason_and_no_figure(study: Study) -> None:
    found = {each.name: each for each in findings.decide(TOPICS, study)}
    for name, reason in (
        ("zca_ruins", "cnn/zca: no such run is declared"),
        ("vertical_flip", "cnn/vertical_flip: no such run is declared"),
        ("same_setting", "vit/small: no such run is declared"),
        ("dropout_gap", "cnn/dropout_05: no such run is declared"),
    ):
        decision = found[name].decision
        assert (decision.verdict, decision.reason, decision.figure) == (UNDECIDED, reason, "")


def test_published_figures_are_those_that_may_be_compared(study: Study) -> None:
    found = {each.name: each for each in findings.decide(TOPICS, study)}["cnn_crop_flip"]
    assert found.decision.verdict in (HOLDS, FAILS)
    assert [each.report for each in found.decision.printed] == ["R2022"]  # of the others other settings are stated
    assert "80 ± 1.5 (R2022)" in found.parts[0]  # "about" 80
    estimate = found.decision.estimate
    assert estimate is not None
    low, high = estimate.low, estimate.high
    assert low is not None
    assert high is not None
    printed = found.decision.printed
    agrees = all(low - each.tolerance <= each.number <= high + each.tolerance for each in printed)
    assert (found.decision.verdict == HOLDS) == agrees  # by what the sentence says alone


def test_printed_figures_that_are_laid_at_other_ranges_have_each_its_own(study: Study) -> None:
    (figure, *_) = published.figures_for(study.run("cnn/crop_flip"), published.read())  # type: ignore[arg-type]
    other = replace(figure, report="R2026")
    last, best = Estimate(80.0, 79.0, 81.0, 3), Estimate(81.0, 80.0, 82.0, 3)
    decision = Decision(HOLDS, "cnn/crop_flip", "", last, None, "%", False, (figure, other))
    assert replace(decision, spans=(last, last)).figure == "80.00 % [79.00, 81.00]"
    both = f"80.00 % [79.00, 81.00] beside {figure.report} and 81.00 % [80.00, 82.00] beside R2026"
    assert replace(decision, spans=(last, best)).figure == both


def decided(topic: str, name: str, verdict: str) -> Found:
    """A finding of this topic that came out so."""
    finding = Finding.model_validate(EFFECT | SENTENCES)
    return Found(topic, name, finding, Decision(verdict, "cnn/crop_flip", estimate=Estimate(1.0, 0.5, 1.5, 3)))


def test_the_first_of_each_topic_comes_before_the_second_of_any_and_what_is_open_last() -> None:
    found = [
        decided("a", "a1", HOLDS),
        decided("a", "a2", FAILS),
        decided("b", "b1", UNDECIDED),
        decided("b", "b2", UNRESOLVED),
        decided("c", "c1", FAILS),
    ]
    assert [each.name for each in findings.first(found)] == ["a1", "c1", "a2", "b2"]
    assert [each.name for each in findings.first(found, 2)] == ["a1", "c1"]
    said = ["".join(each.parts) for each in findings.first(found)]
    assert said == [
        "It helps: +1.00 points [+0.50, +1.50].",
        "It hurts: +1.00 points [+0.50, +1.50].",
        "It hurts: +1.00 points [+0.50, +1.50].",
        "Nobody knows: +1.00 points [+0.50, +1.50].",
    ]


def test_what_is_beyond_the_sum_is_the_contrast_of_additivity(study: Study) -> None:
    chapter = next(each for each in study.chapters if each.name == "cnn")
    names = ("crop_flip", "baseline", "standardise", "standardise")
    together, reference, *alone = (run for name in names for run in chapter.runs if run.name == name)
    expected = Additivity(chapter, reference, tuple(alone), (together,)).beyond(together)
    found = BeyondSum(of="accuracy", runs=tuple(f"cnn/{name}" for name in names)).estimate(Measured(study), LEVEL)
    assert (found.mean, found.low, found.high) == pytest.approx((expected.mean, expected.low, expected.high))
