"""The figure of what is painted: its rows, its numbers, and that it is left out where nothing was painted."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rdfia.analyse.results import Card, ChapterResult, RunResult
from rdfia.chapters.masked.figures import MEAN, PAINTED, explained, reconstructions
from tests.report.making import context, drawings, plots, titles


def kinds(noise: float, channels: int = 1, seed: int = 0) -> npt.NDArray[np.float16]:
    """Return four images of 8 × 8 pixels with their right half hidden, painted with noise, or as zeros."""
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(4, channels, 8, 8))
    seen, painted, mean = images.copy(), images.copy(), images.copy()
    seen[..., 4:] = np.nan
    painted[..., 4:] += noise * rng.normal(size=(4, channels, 8, 4))
    mean[..., 4:] = 0
    return np.stack([images, seen, painted, mean]).astype(np.float16)


def chapter(*names: str) -> ChapterResult:
    runs = tuple(RunResult("masked", name, name.replace("_", " "), names[0], "", Card("mnist")) for name in names)
    return ChapterResult("masked", "mnist", runs)


def test_nothing_is_drawn_where_nothing_was_painted(tmp_path: Path) -> None:
    probes = {"masked/trace": np.zeros(3), "other/pictures": kinds(0.1)}
    assert list(reconstructions(context(tmp_path, chapter("masked"), probes))) == []


def test_every_run_has_its_rows(tmp_path: Path) -> None:
    probes = {"base/pictures": kinds(0.5), "half_hidden/pictures": kinds(0.1)}
    given = context(tmp_path, chapter("base", "half_hidden"), probes)
    (plot,), (drawing,) = plots(reconstructions, given), drawings(reconstructions, given)
    assert drawing.name == "masked_reconstructions"
    assert "base and half_hidden" in drawing.alt
    assert titles(plot) == [
        "the images",
        "base: what the encoder sees, 50 %",
        "base: with the hidden patches painted",
        "half hidden: what the encoder sees, 50 %",
        "half hidden: with the hidden patches painted",
    ]


def test_no_more_runs_than_fit(tmp_path: Path) -> None:
    names = [f"run_{number}" for number in range(6)]
    probes = {f"{name}/pictures": kinds(0.1) for name in names}
    (plot,) = reconstructions(context(tmp_path, chapter(*names), probes))
    assert [row[0] for row in plot.numbers.rows] == names[:4]


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_the_share_explained_is_one_less_the_noise(noise: float) -> None:
    large = np.concatenate([kinds(noise, 3, seed) for seed in range(20)], 1).astype(np.float64)
    assert explained(large, PAINTED) == pytest.approx(1 - noise**2, abs=0.06)
    assert explained(large, MEAN) == pytest.approx(0, abs=0.01)


def test_the_caption_has_the_shares_explained(tmp_path: Path) -> None:
    probes = {"base/pictures": kinds(0.0), "rough/pictures": kinds(0.5)}
    given = context(tmp_path, chapter("base", "rough"), probes)
    (plot,), (drawing,) = plots(reconstructions, given), drawings(reconstructions, given)
    assert plot.numbers.rows[0] == ("base", 50.0, pytest.approx(100), pytest.approx(0, abs=1))
    assert drawing.caption.startswith("4 validation images")
    assert drawing.caption.endswith(f"100 % in base (0 %) and {plot.numbers.rows[1][2]:.0f} % in rough (0 %).")


def test_pictures_in_colour_are_drawn_twice_alike(tmp_path: Path) -> None:
    given = context(tmp_path, chapter("base"), {"base/pictures": kinds(0.2, 3)})
    assert drawings(reconstructions, given) == drawings(reconstructions, given)
