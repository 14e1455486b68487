"""The figure of what is painted: its rows, its numbers, and that it is left out where nothing was painted."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.image import imread

from rdfia.analyse.results import Card, ChapterResult, RunResult
from rdfia.report import reconstructions
from rdfia.report.engine.drawing import Drawing, style


def kinds(noise: float, channels: int = 1, seed: int = 0) -> npt.NDArray[np.float16]:
    """Four images of 8 × 8 pixels with their right half hidden, painted with noise of that deviation, or as zeros."""
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


def drawn(result: ChapterResult, probes: reconstructions.Arrays) -> list[Drawing]:
    with style():
        return reconstructions.draw(result, probes)


def height(drawing: Drawing) -> int:
    return int(imread(io.BytesIO(drawing.png)).shape[0])


def test_nothing_is_drawn_where_nothing_was_painted() -> None:
    assert drawn(chapter("masked"), {"masked/trace": np.zeros(3), "other/pictures": kinds(0.1)}) == []


def test_every_run_has_its_rows() -> None:
    probes = {"base/pictures": kinds(0.5), "half_hidden/pictures": kinds(0.1)}
    (one,), (two,) = drawn(chapter("base"), probes), drawn(chapter("base", "half_hidden"), probes)
    assert one.name == two.name == "masked_reconstructions"
    assert 1.5 < height(two) / height(one) < 1.8  # five rows to three
    text = two.svg.decode()
    for words in ("the images", "base: what the encoder sees, 50 %", "half hidden: with the hidden patches painted"):
        assert words in text
    assert len(two.alt) >= 20
    assert "base and half_hidden" in two.alt


def test_no_more_runs_than_fit() -> None:
    names = [f"run_{number}" for number in range(6)]
    (drawing,) = drawn(chapter(*names), {f"{name}/pictures": kinds(0.1) for name in names})
    assert "run_3" in drawing.alt
    assert "run_4" not in drawing.alt


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_the_share_explained_is_one_less_the_noise(noise: float) -> None:
    large = np.concatenate([kinds(noise, 3, seed) for seed in range(20)], 1).astype(np.float64)
    assert reconstructions.explained(large, reconstructions.PAINTED) == pytest.approx(1 - noise**2, abs=0.06)
    assert reconstructions.explained(large, reconstructions.MEAN) == pytest.approx(0, abs=0.01)


def test_the_caption_takes_its_numbers_from_the_pictures() -> None:
    (exact,) = drawn(chapter("base"), {"base/pictures": kinds(0.0)})
    assert exact.caption.startswith("4 validation images")
    assert exact.caption.endswith("100 % in base (0 %).")
    (rough,) = drawn(chapter("base"), {"base/pictures": kinds(3.0)})
    assert "100 % in base" not in rough.caption


def test_pictures_in_colour_are_drawn_twice_alike() -> None:
    first, second = (drawn(chapter("base"), {"base/pictures": kinds(0.2, 3)})[0] for _ in range(2))
    assert first.svg == second.svg
    assert first.png == second.png
