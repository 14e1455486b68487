"""Visual words: descriptors beside plain loops, words that are known, and a machine that is saved with them."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from rdfia.chapters import run_class
from rdfia.config import ConfigError
from rdfia.data.store import Split
from rdfia.models.svm import SVM, KernelMachine
from rdfia.models.words import VisualWords, Words
from rdfia.train.margin import fit_seed
from rdfia.train.run import Data, Trained

GENERATOR = Generator().manual_seed(5)
IMAGES = torch.rand(3, 3, 20, 16, generator=GENERATOR)


def stripes(angle: float, count: int) -> Tensor:
    """Images of waves that run along one direction, each from another place."""
    row, column = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    starts = torch.rand(count, 1, 1, generator=Generator().manual_seed(int(100 * angle))) * 7
    waves = (math.cos(angle) * column + math.sin(angle) * row + starts).sin()
    return (waves[:, None].expand(-1, 3, -1, -1) + 1) / 2


def test_descriptors_are_those_of_plain_loops() -> None:
    features = VisualWords(2, cell=2)
    cells = features.gradients.cells(IMAGES)
    assert cells.shape == (3, 8, 10, 8)
    expected = []
    for image in cells:
        for row in range(0, 10 - 3, 2):
            for column in range(0, 8 - 3, 2):
                v = image[:, row : row + 4, column : column + 4].flatten()
                v = (v / v.norm()).clamp(max=0.2)
                expected.append(v / v.norm())
    torch.testing.assert_close(features.descriptors(IMAGES).flatten(0, 1), torch.stack(expected))


def test_each_descriptor_is_its_nearest_word() -> None:
    features = VisualWords(7, cell=2)
    features.words.copy_(torch.rand(7, 128, generator=GENERATOR))
    found = features.descriptors(IMAGES)
    expected = torch.cdist(found, features.words).argmin(-1)
    assert torch.equal(features.nearest(found), expected)
    counts = torch.stack([row.bincount(minlength=7) for row in expected]) / expected.shape[1]
    torch.testing.assert_close(features(IMAGES), counts.sqrt())
    torch.testing.assert_close(features(IMAGES).norm(dim=1), torch.ones(3))


def test_words_gather_what_looks_alike_wherever_it_stands() -> None:
    features = VisualWords(2, cell=2)
    images = torch.cat([stripes(0.0, 20), stripes(math.pi / 2, 20)])
    features.fit(images, seed=0)
    shares = features(images) ** 2
    sides = shares.argmax(1)
    assert set(sides[:20].tolist()) != set(sides[20:].tolist())
    assert len(set(sides[:20].tolist())) == len(set(sides[20:].tolist())) == 1
    assert shares.max(1).values.min() > 0.9


def test_the_same_seed_makes_the_same_words_and_another_others() -> None:
    made = []
    for seed in (0, 0, 1):
        features = VisualWords(5, cell=2)
        features.fit(IMAGES, seed)
        made.append(features.words.clone())
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])


@pytest.mark.parametrize(
    ("settings", "shape", "said"),
    [
        ({}, (2,), r"model\.features: found words, allowed: pixels on examples of shape \(2,\)"),
        ({"cell": 9}, (3, 32, 32), r"model\.features\.cell: found 9, allowed: 1 to 8, for 4 × 4 cells"),
    ],
)
def test_what_has_no_descriptors_is_one_line(settings: dict[str, int], shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Words(**settings).build(shape)


def test_more_words_than_descriptors_are_one_line() -> None:
    with pytest.raises(ConfigError, match=r"model\.features\.words: found 100, allowed: 1 to 36, the descriptors"):
        VisualWords(100, cell=2).fit(IMAGES, 0)


def test_a_machine_on_words_is_fitted_and_comes_back_with_them() -> None:
    x = torch.cat([stripes(0.0, 30), stripes(math.pi / 4, 30), stripes(math.pi / 2, 30)])
    x, y = (255 * x).round().to(torch.uint8), torch.arange(3).repeat_interleave(30)
    card = {"kind": "images", "shape": [3, 32, 32], "classes": ["a", "b", "c"], "counts": {"train": 90}}
    parts = Split(x, y)
    data = Data(card, {}, (parts.x, parts.y), (parts.x[::3], parts.y[::3]))
    settings = {"model": {"kernel": "linear", "features": {"name": "words", "words": 6}}, "C": [10.0], "seeds": 1}
    run = run_class("svm").model_validate(settings)
    events = [event for _, event in fit_seed(run, data, 0)]  # type: ignore[arg-type]
    record, trained = events[0], events[-1]
    assert record.validation_accuracy == 1
    assert isinstance(trained, Trained)
    weights = {name: torch.from_numpy(value) for name, value in trained.weights.items()}
    assert weights["features.words"].shape == (6, 128)
    machine = SVM.model_validate(settings["model"]).build((3, 32, 32), 3, Generator())
    assert isinstance(machine, KernelMachine)
    machine.load_state_dict(weights)
    assert (machine(x.float() / 255).argmax(1) == y).all()
    assert F.mse_loss(machine.features.words, weights["features.words"]) == 0
