"""Evaluation: right where it can be counted by hand, refusing weights that are not those of the metrics."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from rdfia import places
from rdfia.analyse.evaluate import best, evaluate
from rdfia.analyse.probe import arrays, points, probe
from rdfia.chapters import kind, predictor
from rdfia.config import ConfigError
from rdfia.data.normalise import ZCA, evaluation_statistics, fit_all
from rdfia.data.store import Split
from rdfia.files import find_json
from rdfia.train.descent import train_run
from rdfia.train.result import Outcome, write
from rdfia.train.run import Data

SIZES = {"mlp": (2,), "cnn": (1, 8, 8), "vit": (1, 8, 8)}
MODELS: dict[str, dict[str, Any]] = {
    "mlp": {"name": "mlp"},
    "cnn": {"name": "cnn", "channels": (4,), "kernel_size": 3, "hidden": 8},
    "vit": {"name": "vit", "embed": 8, "heads": 2, "patch_size": 4},
}


def examples(chapter: str, count: int = 40) -> Split:
    """Two classes, told apart by the sign or brightness of their values."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(count) % 2
    x = torch.rand(count, *SIZES[chapter], generator=generator) + y.view(-1, *[1] * len(SIZES[chapter])) * 0.8
    return Split(x if chapter == "mlp" else (x * 140).to(torch.uint8), y)


def trained(chapter: str, rate: float = 0.5, **more: Any) -> tuple[dict[str, Any], Path, Split]:
    """A run of two seeds in the working folder."""
    split = examples(chapter)
    kinds = "points" if chapter == "mlp" else "images"
    card = {"name": "d", "kind": kinds, "classes": ["a", "b"], "shape": list(SIZES[chapter]), "sha256": "0"}
    data = Data(card, fit_all(split.x), (split.x, split.y), (split.x, split.y))
    optimiser = {"name": "sgd", "learning_rate": rate}
    settings = {"model": MODELS[chapter], "optimiser": optimiser, "epochs": 3, "batch_size": 8, "seeds": 2}
    run = kind(chapter).model_validate(settings | {"normalise": "standardise"} | more)
    outcome = Outcome()
    for seed, report in train_run(run, data, 1):
        outcome.add(seed, report)
    write(outcome, "quick", chapter, "r", run, data)
    metrics = find_json(places.run("quick", chapter, "r") / "metrics.json")
    return metrics, places.weights("quick", chapter, "r"), split


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("chapter", list(MODELS))
def test_accuracy_and_confusion_are_those_of_the_saved_networks(chapter: str) -> None:
    metrics, weights, split = trained(chapter)
    found = evaluate(metrics, weights, split)
    counts = torch.zeros(2, 2, dtype=torch.int64)
    for seed in (0, 1):
        answers = predictor(metrics, weights, seed)(split.x).argmax(1)
        assert found["seeds"][str(seed)]["accuracy"] == pytest.approx((answers == split.y).double().mean().item())
        for truth, answer in zip(split.y.tolist(), answers.tolist(), strict=True):
            counts[truth, answer] += 1
    assert found["confusion"] == counts.tolist()
    assert found["seeds"]["0"]["accuracy"] == pytest.approx(metrics["seeds"]["0"]["validation_accuracy"])


def test_seeds_that_diverged_are_left_out() -> None:
    metrics, weights, split = trained("cnn", rate=1e30)
    assert metrics["status"] == "diverged"
    assert evaluate(metrics, weights, split)["seeds"] == {}


def test_the_test_split_may_be_whitened_with_its_own_statistics_by_mistake() -> None:
    metrics, weights, split = trained("cnn", normalise={"name": "zca", "own": True})
    other = Split(255 - split.x[::2], split.y[::2])  # of another mean
    zca = ZCA(own=True)
    model = predictor(metrics, weights, 0)
    rightly = F.cross_entropy(model(other.x), other.y).item()
    model.normalise = zca.build(evaluation_statistics(zca, {}, other.x))
    mistaken = F.cross_entropy(model(other.x), other.y).item()
    assert evaluate(metrics, weights, other)["seeds"]["0"]["loss"] == pytest.approx(mistaken, rel=1e-4)
    assert abs(mistaken - rightly) > 0.01
    honest = {**metrics, "config": metrics["config"] | {"normalise": {"name": "zca"}}}
    assert evaluate(honest, weights, other)["seeds"]["0"]["loss"] == pytest.approx(rightly, rel=1e-4)


def test_weights_that_are_missing_or_others_are_refused() -> None:
    metrics, weights, split = trained("cnn")
    with pytest.raises(ConfigError, match="not the weights of the metrics of cnn/r"):
        evaluate({**metrics, "weights_sha256": "0"}, weights, split)
    weights.unlink()
    with pytest.raises(ConfigError, match=r"r\.safetensors: no such file; `dvc pull`"):
        evaluate(metrics, weights, split)


def test_boundaries_are_the_networks_own_probabilities() -> None:
    metrics, weights, split = trained("mlp")
    model = predictor(metrics, weights, 0)
    drawn = probe(model, split)
    corner = model(torch.tensor([[-2.0, 2.0]])).softmax(1)[0, 1]  # x = -2, y = 2: last row, first column
    torch.testing.assert_close(drawn["boundary"][-1, 0], corner)
    assert points(split)[:, :2].equal(split.x)
    assert points(split)[:, 2].tolist() == split.y.tolist()


def test_a_strip_shows_the_network_as_it_was() -> None:
    metrics, weights, split = trained("mlp", snapshots=(0, 2, 3))
    drawn = arrays(metrics, weights, split, split)
    assert drawn["epochs"].tolist() == [0, 2]  # the third is the end, which `boundary` shows
    for plane, epoch in zip(drawn["strip"], (0, 2), strict=True):
        model = predictor(metrics, weights, 0, epoch)
        corner = model(torch.tensor([[2.0, -2.0]])).softmax(1)[0, 1]  # the first row, the last column
        assert plane[0, -1].item() == pytest.approx(corner.item(), abs=1e-3)
    assert not torch.equal(drawn["strip"][0], drawn["strip"][1])
    assert "epochs" not in arrays(*trained("mlp"), split)


def test_the_worst_mistakes_are_the_surest_ones() -> None:
    metrics, weights, split = trained("cnn", rate=1e-6)  # hardly trained: it errs
    model = predictor(metrics, weights, 0)
    drawn = arrays(metrics, weights, split, split, split)
    shares = model(split.x).softmax(1)
    wrong = shares.argmax(1) != split.y
    assert 1 <= len(drawn["prediction"]) == min(16, int(wrong.sum()))
    assert (drawn["prediction"][:, 0] != drawn["prediction"][:, 1]).all()
    assert drawn["prediction"][0, 2].item() == pytest.approx(shares[wrong].max().item())
    assert drawn["prediction"][:, 2].diff().le(1e-6).all()
    assert "mistakes" not in arrays(metrics, weights, split, split)


def test_the_best_is_chosen_on_validation_among_runs_that_ended() -> None:
    def run(*accuracies: float, status: str = "finished") -> dict[str, Any]:
        return {"seeds": {str(n): {"status": status, "validation_accuracy": a} for n, a in enumerate(accuracies)}}

    runs = {"a": run(0.5, 0.7), "b": run(0.9, 0.4), "c": run(0.99, status="diverged")}
    assert best(runs) == "b"
    assert best({"c": runs["c"]}) is None


def test_filters_are_the_networks_own() -> None:
    metrics, weights, split = trained("cnn")
    model = predictor(metrics, weights, 0)
    assert torch.equal(probe(model, split)["filters"], model.network.features[0].weight)  # type: ignore[index, union-attr]
