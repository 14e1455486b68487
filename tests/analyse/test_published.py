"""The published figures: complete, placed at runs, and judged by the rule."""

from dataclasses import replace

import pytest

from rdfia.analyse import published
from rdfia.analyse.metrics import prediction
from rdfia.analyse.published import Published, joined, judge
from rdfia.analyse.results import Card, RunResult

FIGURE = Published("R2022", "cnn", "x", "cifar10", "", "test_accuracy", "70.0", "", "cnn/baseline", "")
RUN = RunResult(
    "cnn",
    "baseline",
    "",
    "baseline",
    "",
    Card("cifar10", label="CIFAR-10", stands_for="cifar10"),
    status="finished",
    test={"0": 70.0, "1": 71.0, "2": 72.0},
)


def test_every_figure_is_read_with_its_number() -> None:
    figures = published.read()
    assert len(figures) == 46
    assert all(0 < figure.number <= 100 for figure in figures)
    assert {figure.report for figure in figures} <= {"R2022", "R2023a", "R2023b", "R2024", "R2026"}


def test_one_setting_printed_three_times_belongs_to_one_run() -> None:
    small = [figure.value for figure in published.read() if figure.run == "vit/small"]
    assert small == ["85.13", "90.91", "96.22"]


def test_a_caveat_needs_a_run() -> None:
    assert [figure for figure in published.read() if figure.caveat and not figure.run] == []


@pytest.mark.parametrize(
    ("value", "note", "tolerance"),
    [("94", "", 0.5), ("95.5", "", 0.05), ("98.92", "", 0.005), ("70", "about; then more", 1.5), ("81", "almost", 0.5)],
)
def test_tolerance_follows_the_print(value: str, note: str, tolerance: float) -> None:
    assert replace(FIGURE, value=value, note=note).tolerance == pytest.approx(tolerance)


def test_agreement_ends_where_the_prediction_interval_does() -> None:
    span = prediction(list(RUN.test.values()))
    assert span.high is not None
    inside, outside = (replace(FIGURE, value=f"{span.high + by:.3f}") for by in (-0.01, 0.01))
    assert judge(inside, RUN, "paper").kind == "agrees"
    verdict = judge(outside, RUN, "paper")
    assert str(verdict) == f"differs by {71 - span.high - 0.01:+.1f} points"
    assert judge(replace(outside, note="about"), RUN, "paper").kind == "agrees"


def test_another_draw_of_the_points_widens_the_range_by_chance_alone() -> None:
    span = prediction(list(RUN.test.values()))
    assert span.high is not None
    points = Card("circles", label="circles", stands_for="circles", counts={"test": 200})
    drawn, run = replace(FIGURE, dataset="circles"), replace(RUN, card=points)
    chance = 100 * 1.96 * (0.71 * 0.29 * 2 / 200) ** 0.5
    edge = 71 + (chance**2 + (span.high - 71) ** 2) ** 0.5
    assert judge(replace(drawn, value=f"{edge - 0.01:.3f}"), run, "paper").kind == "agrees"
    assert judge(replace(drawn, value=f"{edge + 0.01:.3f}"), run, "paper").kind == "differs"
    large = replace(run, card=replace(points, counts={"test": 10**9}))
    assert judge(replace(drawn, value=f"{edge - 0.5:.3f}"), large, "paper").kind == "differs"


@pytest.mark.parametrize(
    ("changed", "profile", "caveat", "reason"),
    [
        ({"status": "not run"}, "paper", "", "no results"),
        ({"status": "diverged", "diverged": 1, "declared": 4}, "paper", "", "1 of 4 seeds diverged"),
        ({"card": Card("cifar10", label="drawn objects")}, "paper", "", "stand-in data, drawn objects"),
        ({"card": Card("c", label="digits", stands_for="mnist")}, "paper", "", "other data, digits"),
        ({}, "quick", "", "quick profile"),
        ({}, "paper", "another network", "another network"),
        ({"test": {"0": 70.0}}, "paper", "", "one seed"),
    ],
)
def test_what_cannot_be_compared_says_why(changed: dict[str, object], profile: str, caveat: str, reason: str) -> None:
    verdict = judge(replace(FIGURE, caveat=caveat), replace(RUN, **changed), profile)  # type: ignore[arg-type]
    assert verdict.kind == "cannot be compared"
    assert reason in str(verdict)


def test_a_figure_without_a_run_waits() -> None:
    assert str(judge(replace(FIGURE, run=""), None, "paper")) == "no run yet"


def test_verdicts_are_joined_into_one_sentence() -> None:
    far = replace(FIGURE, report="R2023a", value="40.00")
    again = replace(far, value="41.00")
    odd = replace(FIGURE, report="R2026", caveat="another network")
    found = [judge(figure, RUN, "paper") for figure in (far, FIGURE, again, odd)]
    assert joined(found) == (
        "agrees with R2022; differs from R2023a (40.00) by +31.0 points and R2023a (41.00) by +30.0 points; "
        "R2026 cannot be compared: another network"
    )
    assert joined([]) == "no published figure"
    assert joined([judge(FIGURE, RUN, "quick")] * 2).count("quick profile") == 1
