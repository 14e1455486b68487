"""When our curves come by a published figure."""

from dataclasses import replace
from pathlib import Path

import pytest

from rdfia.analyse.published import Published
from rdfia.report import passed
from rdfia.report.engine.table import Table
from tests.report import patched

# Two seeds; their means by epoch are 50, 80 and 90 %, and the second seed stops there.
LINES = ("seed,epoch,validation_accuracy", "0,0,0.99", "0,1,0.4", "0,2,0.8", "0,4,0.85", "0,5,1.0")
MORE = ("1,0,0.99", "1,1,0.6", "1,2,0.8", "1,4,0.95")


def figure(value: str, run: str = "vit/small", **other: str) -> Published:
    printed = Published("R1", "vit", "x", "mnist", "embed=32", "test_accuracy", value, "", run, "")
    return replace(printed, **other)


def made(root: Path, *figures: Published, lines: tuple[str, ...] = (*LINES, *MORE)) -> Table | None:
    folder = root / "reports/full/runs/vit/small"
    folder.mkdir(parents=True)
    (folder / "history.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    study = patched.study(root)
    return passed.passed(study, study.chapters[0], figures)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("50.00", [1.0, 50.0, None]),  # the accuracy before the first step passes nothing
        ("50.01", [2.0, 80.0, 50.0]),
        ("88", [4.0, 90.0, 80.0]),
        ("90.5", [None, None, None]),  # epoch 5 is of one seed alone
    ],
)
def test_the_first_epoch_at_a_figure(tmp_path: Path, value: str, found: list[float | None]) -> None:
    table = made(tmp_path, figure(value))
    assert table is not None
    (row,) = table.rows
    assert row[:4] == ("small", "R1", "embed=32", float(value))
    assert [None if cell is None else pytest.approx(cell) for cell in row[4:7]] == found
    assert row[7:] == (4.0, pytest.approx(90.0))


def test_the_caption_counts(tmp_path: Path) -> None:
    table = made(tmp_path, figure("45"), figure("60"), figure("85", settings="epochs=20"), figure("95"))
    assert table is not None
    assert table.name == "vit_passed"
    assert "3 of 4 figures are passed, half of them by epoch 2 and the last at epoch 4, 1 never." in table.caption
    assert "With 3 of the figures no epochs are printed." in table.caption


@pytest.mark.parametrize(
    "other",
    [{"run": "vit/other"}, {"dataset": "cifar10"}, {"caveat": "another network"}, {"metric": "gap_train_test"}],
)
def test_figures_that_may_not_stand_beside_ours_are_not_looked_for(tmp_path: Path, other: dict[str, str]) -> None:
    assert made(tmp_path, figure("60", **other)) is None


def test_a_run_without_a_history_has_no_row(tmp_path: Path) -> None:
    assert made(tmp_path, figure("60"), lines=LINES[:1]) is None
