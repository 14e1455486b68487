"""Shuffled patches in a table."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from rdfia.analyse.metrics import Estimate
from rdfia.report import permutation
from tests.report import patched


def test_the_difference_is_taken_seed_by_seed(tmp_path: Path) -> None:
    study = patched.study(tmp_path)
    path = study.folder() / "probes" / "vit.safetensors"
    path.parent.mkdir(parents=True)
    save_file(patched.probes(study.chapters[0]), path)
    (table,) = permutation.tables(study)
    rows = {row[0]: row for row in table.rows}
    assert list(rows) == ["small", "e64_p4_b6", "no_positions", "mean_pool", "no_residual"]
    kept, lost = rows["no_positions"][-1], rows["small"][-1]
    assert isinstance(kept, Estimate)
    assert isinstance(lost, Estimate)
    assert (kept.mean, kept.low, kept.high) == (0, 0, 0)
    run = study.chapters[0].runs[0]
    assert lost.mean == pytest.approx(-0.6 * np.mean(list(run.validation.values())), abs=1e-3)
    assert lost.low is not None
    assert lost.high is not None
    assert lost.high - lost.low < 1  # as the seeds fall together
    assert "29 runs with positions" in table.caption
    assert "1 run without positions by +0.00 points" in table.caption
    assert "would give 10.0 %" in table.caption


def test_the_caption_tells_losses_apart_by_the_size_of_patches(tmp_path: Path) -> None:
    chapter = patched.study(tmp_path).chapters[0]
    probes = patched.probes(chapter)
    for name, kept in (("e16_p14_b2", 0.99), ("e64_p14_b6", 0.98)):
        run = chapter.run(name)
        assert run is not None
        probes[f"{name}/shuffled"] = kept * np.asarray(list(run.validation.values())) / 100
    runs = tuple(run for run in chapter.runs if run.name in ("small", "e16_p14_b2", "e64_p14_b6", "no_positions"))
    table = permutation.permutation(replace(chapter, runs=runs), probes)
    assert table is not None
    lost = {run.name: f"{permutation.loss(run, probes).mean:+.2f}" for run in runs}
    seven, fourteen = lost["small"], f"{lost['e64_p14_b6']} to {lost['e16_p14_b2']}"
    assert f"Those with patches of 7 pixels by {seven} points and 14 pixels by {fourteen} points: " in table.caption
    few = permutation.permutation(replace(chapter, runs=runs[:1]), probes)
    assert few is not None
    assert "Those with patches" not in few.caption


def test_windows_know_places_without_positions(tmp_path: Path) -> None:
    chapter = patched.study(tmp_path).chapters[0]
    model = chapter.runs[-3].config["model"] | {"attention": {"name": "windowed", "size": 2}}
    assert chapter.runs[-3].name == "no_positions"
    window = replace(chapter.runs[-3], config={"model": model})
    table = permutation.permutation(replace(chapter, runs=(*chapter.runs[:-3], window)), patched.probes(chapter))
    assert table is not None
    assert "whose order says nothing" not in table.caption
    plain = permutation.permutation(chapter, patched.probes(chapter))
    assert plain is not None
    assert "whose order says nothing" in plain.caption


def test_no_files_no_table_and_a_missing_seed_no_row(tmp_path: Path) -> None:
    study = patched.study(tmp_path)
    assert permutation.tables(study) == []
    probes = patched.probes(study.chapters[0])
    probes["small/shuffled"] = probes["small/shuffled"][:2]
    table = permutation.permutation(study.chapters[0], probes)
    assert table is not None
    assert "small" not in [row[0] for row in table.rows]
