"""The table of epochs at which our runs come by published figures."""

from dataclasses import replace
from pathlib import Path

import pytest

from rdfia.report.engine.table import Table
from rdfia.report.tables.epochs_to_match import epochs_to_match
from tests.analyse.test_epochs_to_match import FIGURE, LINES, MORE
from tests.record.making import history
from tests.report import patched
from tests.report.making import context, tables


def made(root: Path, *changes: dict[str, str]) -> list[Table]:
    printed, chapter = [replace(FIGURE, **change) for change in changes], patched.chapter()
    first = replace(chapter.runs[0], record=history(root, "vit", "small", (*LINES, *MORE)))
    return tables(epochs_to_match, context(root, replace(chapter, runs=(first, *chapter.runs[1:])), printed=printed))


def test_the_caption_counts(tmp_path: Path) -> None:
    (table,) = made(tmp_path, {"value": "45"}, {}, {"value": "85", "settings": "epochs=20"}, {"value": "95"})
    assert table.name == "vit_epochs_to_match"
    assert [row[4] for row in table.rows] == [1.0, 2.0, 4.0, None]
    assert "3 of 4 figures are passed, half of them by epoch 2 and the last at epoch 4, 1 never." in table.caption
    assert "With 3 of the figures no epochs are printed." in table.caption


def test_without_a_match_no_epoch_is_named(tmp_path: Path) -> None:
    (table,) = made(tmp_path, {"value": "95", "settings": "epochs=20"})
    assert "trained for: 0 of 1 figures are passed, 1 never. A figure that is passed early" in table.caption


@pytest.mark.parametrize("change", [{"run": "vit/other"}, {"dataset": "cifar10"}, {"caveat": "another network"}])
def test_figures_that_may_not_stand_beside_ours_are_left_out(tmp_path: Path, change: dict[str, str]) -> None:
    assert made(tmp_path, change) == []
