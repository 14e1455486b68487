"""The published figures: complete, placed at runs, and judged by the rule."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rdfia import config
from rdfia.analyse import published
from rdfia.analyse.changes import get_path
from rdfia.analyse.metrics import prediction
from rdfia.analyse.published import Published, comparable_figures, judge, obstacle
from rdfia.analyse.results import Card, ChapterResult, RunResult, Study
from rdfia.analyse.verdict_sentence import joined
from rdfia.study import runs
from tests.record.making import history

FIGURES = published.read()
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
SETTINGS: dict[str, Any] = {
    "epochs": 20,
    "batch_size": 256,
    "optimiser": {"name": "sgd", "learning_rate": 0.1},
    "model": {"name": "timm", "model": "vit_small_patch16_224", "embed": None, "start": {"name": "random"}},
}
STATED = {
    "epochs": "20",
    "batch_size": "256",
    "learning_rate": "0.10",
    "model": "model=vit_small_patch16_224 embed=384 start.name=random",
}


def test_every_figure_is_read_with_its_number() -> None:
    assert len(FIGURES) == 47
    assert all(0 < figure.number <= 100 for figure in FIGURES)
    assert {figure.report for figure in FIGURES} == {"R2022", "R2023a", "R2026"}
    assert {figure.metric for figure in FIGURES} == {published.ACCURACY}
    assert {figure.dataset for figure in FIGURES} == set(published.TESTED)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: f"{figure.run} {figure.value}")
def test_every_row_keeps_to_the_grammar(figure: Published) -> None:
    pairs = r"([a-z_]+(\.[a-z_]+)*=[a-z0-9_.]+( |$))*"
    cells = (figure.epochs, figure.batch_size, figure.learning_rate, figure.model, figure.maximum)
    rules = (r"\d*", r"\d*", r"(\d+(\.\d+)?)?", pairs, r"(yes)?")
    assert [cell for cell, rule in zip(cells, rules, strict=True) if not re.fullmatch(rule, cell)] == []
    assert ("maximum" in figure.note) == bool(figure.maximum)


def paper(figure: Published) -> Mapping[str, Any]:
    """The settings of the run that repeats a figure, at the published scale."""
    chapter, name = figure.run.split("/")
    return runs.resolve({**config.load(), "profile": "paper"}, chapter, name).model_dump(mode="json")


def test_every_stated_setting_is_one_of_the_run_and_few_differ_at_the_published_scale() -> None:
    settings = {figure: paper(figure) for figure in FIGURES}
    library = {f"model.{size}" for size in ("embed", "depth", "heads")}  # which timm's network sets itself
    silent = {path for figure in FIGURES for path in figure.stated if get_path(settings[figure], path) is None}
    assert silent == library
    unlike = {figure: published.differences(figure, settings[figure]) for figure in FIGURES}
    assert {(f.report, f.run, "; ".join(parts)) for f, parts in unlike.items() if parts} == {
        ("R2023a", "cnn/zca", "100 epochs, theirs 50"),
        ("R2026", "cnn/crop_flip", "batch 256, theirs 128"),
        ("R2026", "cnn/affine_crop", "batch 256, theirs 128"),
        ("R2026", "cnn/chain_dropout", "100 epochs, theirs 20; batch 256, theirs 128"),
    }


def test_one_setting_printed_three_times_belongs_to_one_run() -> None:
    small = [figure.value for figure in FIGURES if figure.run == "vit/small"]
    assert small == ["85.13", "90.91", "96.22"]


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


def test_a_verdict_says_where_our_data_are_a_copy() -> None:
    card = Card("cifar10", "folders", "CIFAR-10 (JPEG copy)", stands_for="cifar10")
    copied = replace(RUN, card=card)
    assert str(judge(FIGURE, copied, "jpeg")) == "agrees, ours on CIFAR-10 (JPEG copy)"
    assert str(judge(replace(FIGURE, value="10"), copied, "jpeg")).endswith(" points, ours on CIFAR-10 (JPEG copy)")


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
        ({"card": Card("cifar10", "objects", "drawn objects")}, "paper", "", "stand-in data, drawn objects"),
        ({"card": Card("cifar10", "folders", "my images")}, "paper", "", "other data, my images"),
        ({"card": Card("c", label="digits", stands_for="mnist")}, "paper", "", "other data, digits"),
        ({}, "quick", "", "quick profile"),
        ({}, "paper", "another network", "another network"),
        ({"test": {"0": 70.0}}, "paper", "", "one seed"),
        ({"test": {}}, "paper", "", "no accuracy"),
        ({"test": {"0": 70.0, "1": 70.0}}, "paper", "", "both seeds give the same"),
    ],
)
def test_what_cannot_be_compared_says_why(changed: dict[str, object], profile: str, caveat: str, reason: str) -> None:
    verdict = judge(replace(FIGURE, caveat=caveat), replace(RUN, **changed), profile)  # type: ignore[arg-type]
    assert verdict.kind == "cannot be compared"
    assert reason in str(verdict)


def test_a_figure_that_is_no_accuracy_cannot_be_compared() -> None:
    assert "epoch of the lowest loss is no" in obstacle(
        replace(FIGURE, metric="epoch_of_the_lowest_loss"), RUN, "paper"
    )


def test_the_same_settings_can_be_compared() -> None:
    assert judge(replace(FIGURE, **STATED), replace(RUN, config=SETTINGS), "paper").kind == "agrees"


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ({"epochs": 3}, "3 epochs, theirs 20"),
        ({"epochs": 1, "batch_size": 128}, "1 epoch, theirs 20; batch 128, theirs 256"),
        ({"batch_size": "all"}, "batch all, theirs 256"),
        ({"optimiser": {"learning_rate": 0.05}}, "learning rate 0.05, theirs 0.10"),
        ({"model": {"embed": 64}}, "embed 64, theirs 384"),
        ({"model": {"model": "vit_tiny_patch16_224"}}, "model vit_tiny_patch16_224, theirs vit_small_patch16_224"),
        ({"model": {"start": {"name": "hub"}}}, "start hub, theirs random"),
    ],
)
def test_a_stated_setting_that_differs_cannot_be_compared(own: dict[str, Any], reason: str) -> None:
    run = replace(RUN, config=config.merge(SETTINGS, own))
    for profile in ("paper", "mnist", "laptop"):
        assert str(judge(replace(FIGURE, **STATED), run, profile)) == f"cannot be compared: {reason}"
    assert "quick profile" in str(judge(replace(FIGURE, **STATED), run, "quick"))
    study = Study(Path(), "paper", (ChapterResult("cnn", "cifar10", (run,)),), {})
    assert comparable_figures(study, run, [replace(FIGURE, **STATED), FIGURE]) == [FIGURE]


def recorded(folder: Path, *curves: tuple[float, ...]) -> RunResult:
    """A run with these validation accuracies by epoch, a curve for each seed, in percent."""
    rows = [f"{seed},{epoch},{value / 100}" for seed, curve in enumerate(curves) for epoch, value in enumerate(curve)]
    record = history(folder, "cnn", "baseline", ["seed,epoch,validation_accuracy", *rows])
    return replace(RUN, record=record, test=dict.fromkeys("012", 50.0))


def test_a_maximum_is_compared_with_a_maximum(tmp_path: Path) -> None:
    run = recorded(tmp_path, (10, 70, 69), (10, 71, 70.5), (10, 70, 72))
    maximum = replace(FIGURE, maximum="yes", value="71.0")
    verdict = judge(maximum, run, "paper")
    assert (verdict.kind, verdict.points) == ("agrees", pytest.approx(0))
    assert verdict.choice is not None
    assert verdict.choice.mean == pytest.approx(0.5)  # of 1, 0.5 and 0 points
    said = "as a maximum over epochs: ours is on validation data, where choosing the best epoch adds +0.5 points"
    assert str(verdict) == f"agrees {said}"
    assert str(judge(replace(maximum, value="90.0"), run, "paper")) == f"differs by -19.0 points {said}"
    run = replace(run, test={"0": 50.0, "1": 50.5, "2": 49.5})
    assert judge(replace(FIGURE, value="71.0"), run, "paper").kind == "differs"  # from 50 % at the end, on test data
    reports = [replace(maximum, report=report) for report in ("R2022", "R2023a")]
    assert joined([judge(figure, run, "paper") for figure in reports]) == f"agrees with R2022 and R2023a {said}"


def test_a_maximum_on_other_examples_widens_the_range_by_chance(tmp_path: Path) -> None:
    run = recorded(tmp_path, (70,), (71,), (72,))
    run = replace(run, card=replace(run.card, counts={"validation": 5000, "test": 1}))
    span = prediction([70, 71, 72])
    assert span.high is not None
    chance = 100 * 1.96 * (0.71 * 0.29 * (1 / 10_000 + 1 / 5000)) ** 0.5
    edge = 71 + ((span.high - 71) ** 2 + chance**2) ** 0.5
    inside, outside = (replace(FIGURE, maximum="yes", value=f"{edge + by:.3f}") for by in (-0.01, 0.01))
    assert [judge(figure, run, "paper").kind for figure in (inside, outside)] == ["agrees", "differs"]


def test_a_maximum_needs_recorded_epochs_of_several_seeds(tmp_path: Path) -> None:
    maximum = replace(FIGURE, maximum="yes")
    assert obstacle(maximum, RUN, "paper") == "our run has no accuracy to compare"
    assert obstacle(maximum, recorded(tmp_path, (70, 71)), "paper") == "one seed gives no interval"


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
