"""The table of what the curves say: its rows, and the numbers in its caption."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from rdfia.analyse import groups
from rdfia.analyse.results import DIVERGED, FINISHED, NOT_RUN, Card, ChapterResult, RunResult, Study
from rdfia.report.engine.context import Context
from rdfia.report.engine.table import Table
from rdfia.report.tables.dynamics import COLUMNS, dynamics
from tests.record.making import history
from tests.report import making

HEAD = "seed,epoch,train_loss,frozen_loss,frozen_accuracy,validation_loss,validation_accuracy"
FITS = ("0,0,,1.4,0.3,1.5,0.25", "0,1,1.2,0.9,0.6,1.0,0.5", "0,2,0.8,0.7,0.8,0.75,0.7")
OVERFITS = ("0,0,,1.4,0.3,1.3,0.25", "0,1,1.2,0.9,0.7,1.0,0.5", "0,2,0.6,0.1,1.0,1.5,0.6")
WORSE = ("0,0,,1.4,0.3,1.3,0.25", "0,1,1.2,0.9,0.7,1.3,0.5", "0,2,0.6,0.1,1.0,1.5,0.6")
FORKS = ("0,1,0.1,0.9,0.8", "0,2,1.0,0.9,0.8")  # of a support vector machine, by C


def chapter(root: Path, histories: dict[str, Sequence[str]], diverged: str = "", head: str = HEAD) -> list[Table]:
    """The tables of a chapter with these histories, of four classes, and of a run that was not run.

    What stands before a slash in a run's name is its group.
    """
    card = Card("four", classes=("a", "b", "c", "d"))
    runs = []
    for key, lines in histories.items():
        group, _, name = key.rpartition("/")
        status = DIVERGED if name == diverged else FINISHED
        record = history(root, "cnn", name, [head, *lines])
        runs.append(RunResult("cnn", name, name, "", "", card, status=status, group=group, record=record))
    runs.append(RunResult("cnn", "planned", "planned", "", "", card, status=NOT_RUN))
    found = ChapterResult("cnn", "four", tuple(runs))
    return tables(Study(root, "full", (found,), {"four": card}))


def tables(study: Study) -> list[Table]:
    """Return the tables of the study's one chapter."""
    return making.tables(dynamics, Context(study, (), study.chapters[0]))


def made(root: Path, histories: dict[str, Sequence[str]], diverged: str = "", head: str = HEAD) -> Table | None:
    """The one table of a chapter with few runs."""
    return next(iter(chapter(root, histories, diverged, head)), None)


def test_a_row_holds_what_is_known_by_hand(tmp_path: Path) -> None:
    found = made(tmp_path, {"fits": FITS, "overfits": OVERFITS})
    assert found is not None
    assert found.name == "cnn_dynamics"
    first, second = ([c.text(cell) for c, cell in zip(COLUMNS, row, strict=True)] for row in found.rows)
    assert first == ["fits", "25.00", "1.500", "1.200", "0.900", "1.000", "2.0", "+0.000", "+10.00", "14.14", "2.0"]
    assert second[6:] == ["1.0", "+0.500", "+40.00", "7.07", "2.0"]


def test_the_caption_is_computed(tmp_path: Path) -> None:
    found = made(tmp_path, {"fits": FITS, "overfits": OVERFITS})
    assert found is not None
    for text in (
        "with 4 classes",
        "25.00 % of blind guesses",
        "ln 4 = 1.386",
        "their accuracy is 25.00 %, their loss 1.300 to 1.500",
        "below the running loss in 2 of 2 runs, and in all of these",
        "The largest rise is that of overfits, 0.500",
        "largest in overfits, +40.00 points",
        "over the last 2 recorded epochs, by 14.14 points in fits",
    ):
        assert text in found.caption
    assert "diverged" not in found.caption


def test_validation_that_is_not_below_is_not_explained(tmp_path: Path) -> None:
    found = made(tmp_path, {"worse": WORSE})
    assert found is not None
    assert "below the running loss in 0 of 1 runs." in found.caption
    assert "the least steady" not in found.caption


def test_a_loss_that_never_rises_is_said_so(tmp_path: Path) -> None:
    found = made(tmp_path, {"fits": FITS})
    assert found is not None
    assert "No run's loss rises;" in found.caption


def test_a_run_that_diverged_is_an_empty_row(tmp_path: Path) -> None:
    found = made(tmp_path, {"fits": FITS, "wild": OVERFITS}, diverged="wild")
    assert found is not None
    assert [row[0] for row in found.rows] == ["fits", "wild"]
    assert set(found.rows[1][1:]) == {None}
    assert found.caption.endswith("Runs with a seed that diverged have no figures: 1.")
    assert "overfits" not in found.caption


@pytest.mark.parametrize("histories", [{}, {"wild": FITS}])
def test_no_figures_no_table(tmp_path: Path, histories: dict[str, Sequence[str]]) -> None:
    assert made(tmp_path, histories, diverged="wild") is None


def test_a_history_without_epochs_gives_no_table(tmp_path: Path) -> None:
    assert made(tmp_path, {"rbf": FORKS}, head="seed,epoch,C,train_accuracy,validation_accuracy") is None


def test_the_table_can_be_written_in_every_way(tmp_path: Path) -> None:
    found = made(tmp_path, {"fits": FITS, "wild": FITS}, diverged="wild")
    assert found is not None
    assert found.csv().count("\n") == 3
    assert "| wild | – |" in found.markdown()


def test_a_crowded_chapter_tells_the_columns_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "CROWDED", 3)
    first, second = chapter(tmp_path, {"fits": FITS, "how long/overfits": OVERFITS, "how long/worse": WORSE})
    assert [first.name, second.name] == ["cnn_dynamics", "cnn_dynamics_how_long"]
    assert [[row[0] for row in table.rows] for table in (first, second)] == [["fits"], ["overfits", "worse"]]
    assert "what follows is told of all 3 runs" in first.caption
    assert "below the running loss in 2 of 3 runs" in first.caption
    assert "of the group how long" in second.caption
    assert "The largest rise is that of overfits, 0.500" in second.caption
    assert len(second.caption) < len(first.caption) / 3


def test_a_group_has_no_table_for_its_reference_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "CROWDED", 1)
    card, record = Card("four", classes=("a", "b", "c", "d")), history(tmp_path, "cnn", "fits", [HEAD, *FITS])
    assert [table.name for table in chapter(tmp_path, {"fits": FITS})] == ["cnn_dynamics"]
    runs = (
        RunResult(
            "cnn",
            "fits",
            "fits",
            "fits",
            "",
            card,
            status=FINISHED,
            record=record,
        ),
        RunResult("cnn", "later", "later", "fits", "", card, group="how long"),
    )
    found = ChapterResult("cnn", "four", runs)
    assert [table.name for table in tables(Study(tmp_path, "full", (found,), {}))] == ["cnn_dynamics"]


def test_a_column_that_no_run_fills_is_left_out(tmp_path: Path) -> None:
    found = made(tmp_path, {"short": FITS[:2]})
    assert found is not None
    assert "deviation of the last accuracies" not in [column.name for column in found.columns]
    assert len(found.rows[0]) == len(found.columns) == len(COLUMNS) - 1
