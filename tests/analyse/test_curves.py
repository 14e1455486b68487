"""Bands over seeds, and the curves of a group."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rdfia.analyse.curves import Band, band, curves
from rdfia.analyse.groups import groups
from rdfia.record.run import RunRecord
from tests.report import large


def test_bands_run_over_the_seeds_that_reached_an_epoch() -> None:
    rows = [(0, 0, 1.0), (1, 0, 3.0), (0, 1, 5.0), (1, 1, None), (1, 2, float("nan"))]
    records = [dict(zip(("seed", "epoch", "loss"), row, strict=True)) for row in rows]
    assert np.array_equal(band(records, "loss"), [[0, 1], [1, 5], [2, 5], [3, 5]])


@pytest.mark.parametrize("count", [0, 1, 7, 50, 400])
def test_thinning_keeps_both_ends(count: int) -> None:
    line = np.arange(count, dtype=np.float64)
    thinned = Band(line, line, line, line).thinned(50, scale=2.0)
    assert all(np.array_equal(part, 2 * thinned.epochs) for part in thinned[1:])
    assert len(thinned.epochs) == min(count, 50)
    assert thinned.epochs.tolist()[:1] + thinned.epochs.tolist()[-1:] == ([0.0, count - 1.0] if count else [])


def test_ends_and_gaps_are_means_over_the_seeds_of_the_last_epoch(tmp_path: Path) -> None:
    study = large.study(tmp_path, "optimiser", "range test")
    chain, optimiser, search = groups(study.chapters[0])
    assert curves(search, "accuracy") == []
    for group in (chain, optimiser):
        accuracies = curves(group, "accuracy")
        assert [curve.label for curve in accuracies] == list(group.labels)
        for curve in accuracies:
            last = [record for record in curve.run.history if record["epoch"] == large.EPOCHS]
            frozen, held = (100 * np.mean([r[f"{d}_accuracy"] for r in last]) for d in ("frozen", "validation"))
            assert curve.end == pytest.approx(held)
            assert curve.gap == pytest.approx(frozen - held)
    first = next(record for record in chain.runs[0].history if record["epoch"] == 0)
    assert curves(chain, "loss")[0].start == first["frozen_loss"]


def test_a_group_without_histories_has_no_curves(tmp_path: Path) -> None:
    whole = large.study(tmp_path, "nothing")
    chapter = whole.chapters[0]
    bare = replace(chapter, runs=tuple(replace(run, record=RunRecord(Path())) for run in chapter.runs))
    assert curves(groups(chapter)[0], "loss") != []
    assert curves(groups(bare)[0], "loss") == []
