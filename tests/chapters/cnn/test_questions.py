"""The tables on the written questions of convolutions, and the paragraphs of the chapter that quote their numbers."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rdfia.analyse.results import ChapterResult
from rdfia.chapters.cnn.questions import (
    convolution_formulas,
    convolution_layers,
    own_statistics,
    robust_centres,
)
from rdfia.data.circles import Circles
from rdfia.report.engine import text
from rdfia.report.engine.table import Table
from rdfia.theory.answer import Answer
from rdfia.theory.convolution import Convolution
from rdfia.theory.robust_scaling import RobustScaling
from rdfia.theory.split_statistics import SplitStatistics
from tests.chapters.answers import answered
from tests.report.making import tables

CIRCLES = Circles().sample(4, torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def answer() -> Answer:
    return Convolution(heights=(6,), widths=(7,)).answer(CIRCLES)


@pytest.fixture
def layers(answer: Answer, tmp_path: Path) -> Table:
    return tables(convolution_layers, answered(tmp_path, convolution=answer))[0]


def test_without_an_answer_there_is_no_table_and_no_paragraph(tmp_path: Path) -> None:
    context = answered(tmp_path)
    assert tables(convolution_formulas, context) == tables(convolution_layers, context) == []
    assert "In numbers" not in text.chapter_text(replace(context, subject=ChapterResult("cnn", "cifar10", ())))


def test_every_formula_has_a_row_and_a_wrong_one_its_first_case(answer: Answer, tmp_path: Path) -> None:
    (table,) = tables(convolution_formulas, answered(tmp_path, convolution=answer))
    assert table.name == "theory_sizes"
    rows = {row[1]: row for row in table.rows}
    assert len(rows) == len(answer.facts["formulas"])
    cases = answer.facts["cases"]
    assert rows["k²·z"][2:] == ("R2022, R2023a and R2024", cases, "")
    assert rows["k²"][2:] == ("R2026", cases // 3, "x = 6, y = 7, z = 3, k = 1, p = 0, s = 1: 1 for 3")
    assert f"over {cases} sizes" in table.caption


def test_layers_have_weights_and_fields_and_the_sums_come_last(layers: Table) -> None:
    assert layers.name == "theory_convolution"
    rows = {row[0]: row[1:] for row in layers.rows}
    assert rows["conv2"] == ("64 × 16 × 16", 51_264, 524_288, 1_600, 14, 14, 14)
    assert rows["fc5"] == ("10", 10_010, 10_000, 10_000, None, None, None)
    assert rows["in all"][1:4] == (1_191_170, 1_822_832, 1_038_000)
    assert rows["for each train image"][1] == pytest.approx(23.8234)
    assert "5, 10, 54, 108, 544 and 1088" in layers.caption
    assert "231,170" in layers.caption


def test_robust_scaling_as_printed_stands_beside_the_right_one(tmp_path: Path) -> None:
    answer = RobustScaling(images=20).answer(CIRCLES)
    (table,) = tables(robust_centres, answered(tmp_path, robust_scaling=answer))
    assert table.name == "theory_robust_scaling"
    assert [row[:2] for row in table.rows] == [("(X − Q1)/(Q3 − Q1)", "R2023a"), ("(X − median)/(Q3 − Q1)", "")]
    assert [round(share / 25) for *_, share in table.rows] == [1, 2]
    assert "on 20 painted images" in table.caption


def test_a_split_of_its_own_statistics_has_a_row_for_its_size(tmp_path: Path) -> None:
    answer = SplitStatistics(train=60, images=(10, 30)).answer(CIRCLES)
    (table,) = tables(own_statistics, answered(tmp_path, split_statistics=answer))
    assert table.name == "theory_split_statistics"
    assert [row[:2] for row in table.rows] == [(10, 3), (30, 1)]
    assert table.caption.startswith(
        "Standardised by its own mean and deviation, a split of 30 images has its pixels 0."
    )


def test_the_chapter_quotes_the_counts(answer: Answer, tmp_path: Path) -> None:
    context = replace(answered(tmp_path, convolution=answer), subject=ChapterResult("cnn", "cifar10", ()))
    words = text.chapter_text(context)
    assert "1,035,010 of 1,191,170 weights, 86.9 %" in words
    assert "the network 119 times as many; with the dictionary it has 138,010, and the network 8.6 times" in words
    assert "1 × 1 from 32 × 32, 1 × 2 from 39 × 40" in words
