"""The table of what timm's network sees."""

from pathlib import Path

import pytest
import torch

from rdfia.analyse import published
from rdfia.data.circles import Circles
from rdfia.files import find_json, write_json
from rdfia.report.engine.table import Table
from rdfia.report.one_patch import PUBLISHED, tables
from rdfia.theory.one_patch import OnePatch


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("one_patch")
    circles = Circles()._draw(4, torch.Generator().manual_seed(0))
    write_json(OnePatch(embed=6, depth=1, images=2).answer(circles).facts, made / "one_patch.json")
    return made


@pytest.fixture(scope="module")
def table(folder: Path) -> Table:
    [found] = tables(folder)
    return found


def test_no_file_makes_no_table(tmp_path: Path) -> None:
    assert tables(tmp_path) == []


def test_the_rows_are_the_ways(table: Table, folder: Path) -> None:
    ways = find_json(folder / "one_patch.json")["ways"]
    assert table.name == "one_patch"
    assert [row[0] for row in table.rows] == [way["way"] for way in ways]
    assert table.rows[0][1:6] == ("img_size=28", 1, 256, 100 * 256 / 784, "0")


def test_the_caption_carries_the_error_and_the_published_figures(table: Table, folder: Path) -> None:
    facts = find_json(folder / "one_patch.json")
    figures = [figure for figure in published.read() if figure.experiment in PUBLISHED]
    assert len(figures) == len(PUBLISHED)
    assert all(f"{figure.value} % ({figure.report}" in table.caption for figure in figures)
    assert f"“{facts['error']}”" in table.caption
    assert "img_size alone makes one patch and sees 256 of 784 pixels" in table.caption
    assert table.caption.endswith(".")


def test_a_table_in_which_every_way_sees_all_says_so(folder: Path, tmp_path: Path) -> None:
    facts = find_json(folder / "one_patch.json")
    write_json({**facts, "ways": facts["ways"][1:]}, tmp_path / "one_patch.json")
    [table] = tables(tmp_path)
    assert "Every way sees all pixels." in table.caption
