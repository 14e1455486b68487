"""The tables of a chapter's runs: one, or one for each group, with the columns that hold something."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rdfia.analyse import groups
from rdfia.analyse.published import Published
from rdfia.analyse.results import FINISHED, LEFT_OUT, NOT_RUN, Card, ChapterResult, RunResult, Study
from rdfia.report.engine.context import Context
from rdfia.report.engine.evidence import evidence
from rdfia.report.engine.registry import Rows
from rdfia.report.engine.table import Column, Table
from rdfia.report.tables.chapter import runs
from tests.report import making

FIRST = {"0": 70.0, "1": 71.0, "2": 72.0}
BETTER = {"0": 80.0, "1": 81.5, "2": 82.0}


def run(name: str, group: str = "", reference: str = "baseline", test: Mapping[str, float] = BETTER) -> RunResult:
    """A run that ended well."""
    return RunResult("cnn", name, name, reference, name, Card("four"), status=FINISHED, test=test, group=group)


CHAPTER = ChapterResult(
    "cnn",
    "four",
    (
        run("baseline", test=FIRST),
        run("slow", "learning rate"),
        run("fast", "learning rate", "slow"),
        run("wide", "hidden units", "slow"),
    ),
)


def made(chapter: ChapterResult = CHAPTER, printed: Sequence[Published] = ()) -> list[Table]:
    """Return the tables of the chapter's runs."""
    study = Study(Path(), "full", (chapter,), {})
    return making.tables(runs, Context(study, tuple(printed), chapter))


def cells(table: Table, name: str) -> list[str]:
    """The cells of a column as a reader sees them."""
    place = [column.name for column in table.columns].index(name)
    return [table.columns[place].text(row[place]) for row in table.rows]


def test_few_runs_are_one_table_that_says_what_holds_together() -> None:
    (table,) = made()
    assert (table.name, cells(table, "run")) == ("cnn", ["baseline", "slow", "fast", "wide"])
    assert "for the comparisons of a group: 2 in learning rate, 1 in hidden units." in table.caption
    assert table.caption.startswith("Runs of the chapter cnn: ")


def test_many_runs_are_a_table_for_each_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "CROWDED", 3)
    alone, rates, units = made()
    assert [table.name for table in (alone, rates, units)] == ["cnn", "cnn_learning_rate", "cnn_hidden_units"]
    assert cells(alone, "run") == ["baseline"]
    assert "in no group" in alone.caption
    assert cells(rates, "run") == ["baseline", "slow", "fast"]
    assert "The intervals of 2 effects hold together at 95 %." in rates.caption
    assert "Shown to compare with, from outside the group: baseline." in rates.caption
    assert "The interval of the one effect holds at 95 %." in units.caption


def test_the_caption_has_the_power_of_the_images_and_so_has_the_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "CROWDED", 1)
    sizes = [
        replace(run(f"images_{size}", "train images", test={"0": 100 - error, "1": 100 - error}), delta=("sample",),
            config={"sample": size})
        for size, error in ((100, 80.0), (400, 40.0), (1600, 20.0))
    ]  # fmt: skip
    chapter = ChapterResult("cnn", "four", (run("baseline", test=FIRST), *sizes))
    alone, images = made(chapter)
    said = "the number of train images to the power -0.50"
    assert said in images.caption
    assert "to the power" not in alone.caption
    study = Study(Path(), "full", (chapter,), {})
    assert evidence("cnn/train images", study, images).endswith(
        "; the error goes as images to the power -0.50 (2 equal seeds)"
    )
    assert "to the power" not in evidence("cnn", study, alone)


def test_a_run_from_outside_the_group_has_its_effect_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "CROWDED", 3)
    units = made()[2]
    other, own = zip(cells(units, "run"), cells(units, "effect"), cells(units, "against"), strict=True)
    assert other == ("slow", "–", "–")
    assert own[0] == "wide"
    assert own[1] == "+0.00 (3 equal seeds)"
    assert own[2] == "slow"


def test_every_run_of_a_crowded_chapter_has_its_row() -> None:
    many = [run(f"run_{place}", f"group {place % 4}") for place in range(90)]
    tables = made(ChapterResult("cnn", "four", (run("baseline", test=FIRST), *many)))
    rows = [name for table in tables for name in cells(table, "run")]
    assert {row for row in rows if row != "baseline"} == {each.name for each in many}
    assert len(rows) == 90 + len(tables)  # the reference stands in each
    assert [len(table.rows) for table in tables] == [1, 24, 24, 23, 23]


@pytest.mark.parametrize(("count", "tables"), [(groups.CROWDED, 1), (groups.CROWDED + 1, 2)])
def test_a_chapter_is_crowded_above_a_number_of_runs(count: int, tables: int) -> None:
    many = tuple(run(f"run_{place}", "even" if place % 2 else "odd") for place in range(count))
    assert len(made(ChapterResult("cnn", "four", many))) == tables


def test_columns_that_hold_nothing_are_left_out() -> None:
    names = {column.name for column in made()[0].columns}
    assert not names & {"published", "verdict on the published", "validation", "train minus test", "weights"}
    printed = dict.fromkeys(Published.__dataclass_fields__, "") | {"run": "cnn/slow", "value": "70"}
    (table,) = made(printed=[Published(**printed)])
    assert "published" in [column.name for column in table.columns]


def test_a_column_says_how_runs_ended_where_one_did_not_end_well() -> None:
    runs = (run("baseline", test=FIRST), run("slow", test=FIRST))
    (well,) = made(ChapterResult("cnn", "four", runs))
    (not_run,) = made(ChapterResult("cnn", "four", (runs[0], replace(runs[1], status=NOT_RUN, test={}))))
    assert "status" not in [column.name for column in well.columns]
    assert cells(not_run, "status") == ["finished", "not run"]


def test_trimming_keeps_zeros_and_the_names_of_rows() -> None:
    columns = tuple(Column(name) for name in ("name", "zero", "none", "empty", "some"))
    found = Rows(columns, (("", 0, None, "", None), (None, 0, None, "", "x"))).trimmed()
    assert [column.name for column in found.columns] == ["name", "zero", "some"]
    assert found.rows == [["", 0, None], [None, 0, "x"]]


def test_runs_that_the_profile_leaves_out_are_named_and_have_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    first, slow, fast, wide = CHAPTER.runs
    without = [replace(each, status=LEFT_OUT, test={}) for each in (fast, wide)]
    (table,) = made(replace(CHAPTER, runs=(first, slow, *without)))
    assert cells(table, "run") == ["baseline", "slow"]
    assert "status" not in [column.name for column in table.columns]
    assert "The profile full leaves out fast and wide." in table.caption
    monkeypatch.setattr(groups, "CROWDED", 3)
    _, rates, units = made(replace(CHAPTER, runs=(first, slow, *without)))
    assert cells(rates, "run") == ["baseline", "slow"]
    assert rates.caption.endswith("The profile full leaves out fast.")
    assert units.rows == ()  # the reference alone says nothing
    assert units.caption == "The profile full leaves out all runs of the group hidden units: wide."
