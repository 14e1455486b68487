"""Filters as images, each run on its own scale."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from rdfia.chapters.cnn.figures import filters
from tests.report import patched
from tests.report.making import context, drawings, plots, shown


def test_filters_are_stretched_to_their_range(tmp_path: Path) -> None:
    weights = {
        f"{name}/filters": np.random.default_rng(seed).normal(0, 1, (4, channels, 3, 3)).astype(np.float32)
        for seed, (name, channels) in enumerate({"small": 1, "mean_pool": 3}.items())
    }
    chapter = replace(patched.chapter(), name="cnn")
    given = context(tmp_path, chapter, weights)
    (plot,), (drawing,) = plots(filters, given), drawings(filters, given)
    assert drawing.alt == "First-layer filters of small and mean_pool."
    assert "4 first-layer filters (3 × 3)" in drawing.caption
    for panel, (name, kernels) in enumerate(zip(("small", "mean_pool"), weights.values(), strict=True)):
        ranges = [(low, high) for run, _, low, high in plot.numbers.rows if run == name]
        assert ranges == [(kernel.min(), kernel.max()) for kernel in kernels]
        low, high = kernels.min(), kernels.max()
        first = shown(plot, panel)[:3, :3, :3]  # rows, columns, channels
        expected = ((kernels[0] - low) / (high - low)).transpose(1, 2, 0)
        np.testing.assert_allclose(first / 255, np.broadcast_to(expected, (3, 3, 3)), atol=0.01)
