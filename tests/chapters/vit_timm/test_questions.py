"""The table of what timm's network sees."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rdfia.analyse import published
from rdfia.chapters.vit_timm.questions import PUBLISHED, one_patch
from rdfia.data.circles import Circles
from rdfia.report.engine.context import Context
from rdfia.report.engine.table import Table
from rdfia.theory.answer import Answer
from rdfia.theory.one_patch import OnePatch
from tests.chapters.answers import answered
from tests.report.making import tables


@pytest.fixture(scope="module")
def answer() -> Answer:
    circles = Circles().sample(4, torch.Generator().manual_seed(0))
    return OnePatch(embed=6, depth=1, images=2).answer(circles)


def context(root: Path, answer: Answer) -> Context:
    return replace(answered(root, one_patch=answer), printed=tuple(published.read()))


@pytest.fixture
def shown(answer: Answer, tmp_path: Path) -> Table:
    return tables(one_patch, context(tmp_path, answer))[0]


def test_without_an_answer_there_is_no_table(tmp_path: Path) -> None:
    assert tables(one_patch, answered(tmp_path)) == []


def test_the_rows_are_the_ways(shown: Table, answer: Answer) -> None:
    assert shown.name == "one_patch"
    assert [row[0] for row in shown.rows] == [way["way"] for way in answer.facts["ways"]]
    assert shown.rows[0][1:6] == ("img_size=28", 1, 256, 100 * 256 / 784, "0")


def test_the_caption_carries_the_error_and_the_published_figures(shown: Table, answer: Answer) -> None:
    first, second = [figure for figure in published.read() if figure.experiment in PUBLISHED]
    both = [f"{figure.value} % ({figure.report}, {figure.settings})" for figure in (first, second)]
    assert f"Published on MNIST: {both[0]} and {both[1]}. If nothing" in shown.caption
    assert f"“{answer.facts['error']}”" in shown.caption
    assert "img_size alone makes one patch and sees 256 of 784 pixels" in shown.caption
    assert shown.caption.endswith("from 33 % of the pixels.")


def test_a_table_in_which_every_way_sees_all_says_so(answer: Answer, tmp_path: Path) -> None:
    whole = Answer({**answer.facts, "ways": answer.facts["ways"][1:]})
    assert "Every way sees all pixels." in tables(one_patch, context(tmp_path, whole))[0].caption
