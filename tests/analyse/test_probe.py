"""What is taken from a transformer for its drawings, and that shuffled patches say what it knows of places."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from safetensors.torch import save_file
from torch import Generator

from rdfia.analyse.probe import IMAGES, TURNS, arrays, probe, shuffled, steps
from rdfia.chapters import run_class
from rdfia.data.store import Split
from rdfia.models.attention import rollout
from rdfia.models.vit import VisionTransformer, ViT
from rdfia.record.predictor import predictor
from rdfia.train.classifier import Classifier
from rdfia.train.run import Data
from tests.analyse.test_evaluate import trained
from tests.train.sample import written

SHAPE = (1, 8, 16)  # patches of 4: 2 rows and 4 columns


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(**settings: Any) -> tuple[Classifier, VisionTransformer, Split]:
    """An untrained network with clear positions, and images."""
    model = ViT(embed=8, heads=2, patch_size=4, blocks=3, **settings)
    network = cast(VisionTransformer, model.build(SHAPE, 2, Generator().manual_seed(0)))
    for weight in network.parameters():
        weight.data += 0.3 * torch.randn(weight.shape, generator=Generator().manual_seed(1))
    x = torch.randint(0, 255, (40, *SHAPE), generator=Generator().manual_seed(2), dtype=torch.uint8)
    classifier = Classifier(torch.nn.Identity(), (), network).eval()
    return classifier, network, Split(x, classifier(x).argmax(1))  # it is right about all of them


def test_the_arrays_of_a_transformer_are_its_own() -> None:
    model, network, split = made()
    found = probe(model, split)
    maps = network.attention_maps(model.preprocess(split.x[:IMAGES]))
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        "inputs": (6, *SHAPE),
        "attention": (6, 2, 2, 4),
        "depth": (6, 3, 2, 4),
        "patches": (8, 1, 4, 4),
        "rollout": (6, 2, 4),
        "positions": (8, 8),
    }
    torch.testing.assert_close(found["attention"][1, 1].flatten().float(), maps[-1][1, 1, 0, 1:], atol=1e-3, rtol=0)
    torch.testing.assert_close(found["depth"][:, -1], found["attention"].mean(1), atol=1e-3, rtol=0)
    torch.testing.assert_close(found["rollout"].flatten(1).float(), rollout(maps)[:, 0, 1:], atol=1e-3, rtol=0)
    assert network.positions is not None
    cosine = torch.cosine_similarity(network.positions[0, 1], network.positions[0, 4], dim=0)
    assert found["positions"][0, 3].item() == pytest.approx(cosine.item(), abs=1e-3)
    assert all(value.dtype == torch.float16 for name, value in found.items() if name != "inputs")


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"pool": "mean"}, set()),
        ({"norm": "post"}, set()),
        ({"positions": "sinusoidal"}, set()),
        ({"positions": "none"}, {"positions"}),
        ({"residual": False}, {"rollout"}),
        ({"residual": False, "norm": "post"}, {"rollout"}),
        ({"attention": {"name": "windowed", "size": 2}}, set()),
        ({"attention": {"name": "linear"}}, set()),
    ],
)
def test_only_what_fits_the_network_is_taken(settings: dict[str, Any], missing: set[str]) -> None:
    model, _, split = made(**settings)
    found = probe(model, split)
    assert {"attention", "depth", "rollout", "positions", "patches", "inputs"} - set(found) == missing
    assert found["attention"].shape[2:] == (2, 4)
    assert found.get("positions", torch.zeros(8, 8)).shape == (8, 8)
    sums = found["depth"].float().sum((2, 3))
    assert ((sums > 0) & (sums < 1.01)).all()


def test_without_positions_the_order_of_patches_says_nothing() -> None:
    for settings in ({"positions": "none"}, {"positions": "none", "pool": "mean"}):
        model, _, split = made(**settings)
        assert shuffled(model, split, 0) == 1
    model, _, split = made()
    assert 0 < shuffled(model, split, 0) < 1
    assert shuffled(model, split, 0) == shuffled(model, split, 0)
    assert len({shuffled(model, split, seed) for seed in range(6)}) > 1


def test_a_run_that_is_not_shown_keeps_its_shuffled_accuracies_alone() -> None:
    record, split = trained("vit")
    found = arrays(record, split, split, shown=False)
    assert set(found) == {"shuffled"}
    assert found["shuffled"].tolist() == pytest.approx(
        [shuffled(predictor(record, seed), split, seed) for seed in (0, 1)]
    )
    assert {"attention", "rollout", "depth", "shuffled"} <= set(arrays(record, split, split))
    assert "shuffled" not in arrays(*trained("cnn"), split)
    assert "filters" in arrays(*trained("cnn"), split, shown=False)


@pytest.mark.parametrize("more", [{}, {"balanced": False}, {"balanced": True}])
def test_the_points_of_a_machine_are_those_that_it_was_fitted_on(tmp_path: Path, more: dict[str, Any]) -> None:
    """A record that says nothing of balance was made without it."""
    y = (torch.arange(60) < 40).long()
    x = torch.randn(60, 2, generator=Generator().manual_seed(0)) + y[:, None]
    card = {"name": "d", "kind": "points", "classes": ["a", "b"], "shape": [2], "sha256": "0"}
    settings = {"model": {"name": "svm", "kernel": "rbf"}, "C": (1.0,), "sample": 24, "seeds": 1}
    run = run_class("svm").model_validate(settings | more)
    record = written(tmp_path / "tiny", Data(card, {}, (x, y), (x, y)), run, "svm")
    kept = {name: value for name, value in record.settings.items() if name != "balanced" or more}
    record = replace(record, metrics={**record.metrics, "config": kept})
    found = arrays(record, Split(x, y), Split(x, y))
    drawn = {tuple(point) for point in found["points"][:, :2].tolist()}
    assert {tuple(point) for point in found["support"].tolist()} <= drawn
    assert (found["points"][:, 2].sum() == 12) == more.get("balanced", False)


def test_the_steps_of_seeds_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    made = {f"steps/{seed}": torch.full((2, 12 - seed), float(seed)) for seed in range(12)}
    save_file(made | {"seed0/weight": torch.zeros(1)}, tmp_path / "weights.safetensors")
    trace = steps(tmp_path / "weights.safetensors")["trace"]
    assert trace.shape == (12, 2, 12)
    assert trace[:, 0, 0].tolist() == list(range(12))
    assert trace.isfinite().sum((1, 2)).tolist() == [2 * (12 - seed) for seed in range(12)]


def test_turned_digits_are_counted_by_class() -> None:
    record, split = trained("cnn")
    model = predictor(record, 0)
    counts = probe(model, split)["turned"]
    assert counts.shape == (len(TURNS), 2, 2)
    assert torch.equal(counts.sum(2), split.y.bincount(minlength=2).expand(len(TURNS), 2))
    for count, axes in zip(counts, TURNS.values(), strict=True):
        right = (model(split.x.flip(axes)).argmax(1) == split.y).sum()
        assert int(count.trace()) == int(right)
