"""Evaluation: right where it can be counted by hand, refusing weights that are not those of the metrics."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from rdfia.analyse.evaluate import evaluate, networks
from rdfia.analyse.evaluate_chapter import Evaluation, evaluate_chapter
from rdfia.analyse.probe import arrays, points, probe, snapshots
from rdfia.chapters import run_class
from rdfia.config import ConfigError
from rdfia.data.normalise import ZCA, evaluation_statistics, fit_all
from rdfia.data.store import Split
from rdfia.record.layout import trained as folder_of
from rdfia.record.outcome import Outcome, write
from rdfia.record.predictor import predictor
from rdfia.record.run import RunRecord
from rdfia.study.train_run import events
from rdfia.train.classifier import Classifier
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


def trained(chapter: str, rate: float = 0.5, **more: Any) -> tuple[RunRecord, Split]:
    """A run of two seeds in the working folder."""
    split = examples(chapter)
    kinds = "points" if chapter == "mlp" else "images"
    card = {"name": "d", "kind": kinds, "classes": ["a", "b"], "shape": list(SIZES[chapter]), "sha256": "0"}
    data = Data(card, fit_all(split.x), (split.x, split.y), (split.x, split.y))
    optimiser = {"name": "sgd", "learning_rate": rate}
    settings = {"model": MODELS[chapter], "optimiser": optimiser, "epochs": 3, "batch_size": 8, "seeds": 2}
    run = run_class(chapter).model_validate(settings | {"normalise": "standardise"} | more)
    outcome = Outcome()
    for seed, report in events(run, data, 1):
        outcome.add(seed, report)
    folder, head = folder_of("quick", chapter, "r"), {"chapter": chapter, "run": "r", "kind": chapter}
    write(outcome, folder, {**head, "code_sha256": "c"}, run, data)
    return RunRecord.read(folder), split


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("chapter", list(MODELS))
def test_accuracy_and_confusion_are_those_of_the_saved_networks(chapter: str) -> None:
    record, split = trained(chapter)
    found = evaluate(record, split)
    counts = torch.zeros(2, 2, dtype=torch.int64)
    for seed in (0, 1):
        answers = predictor(record, seed)(split.x).argmax(1)
        assert found["seeds"][str(seed)]["accuracy"] == pytest.approx((answers == split.y).double().mean().item())
        for truth, answer in zip(split.y.tolist(), answers.tolist(), strict=True):
            counts[truth, answer] += 1
        bits = np.unpackbits(found["right"][str(seed)].numpy(), count=int(found["right"]["images"]))
        assert bits.tolist() == (answers == split.y).int().tolist()
    assert found["confusion"] == counts.tolist()
    assert found["seeds"]["0"]["accuracy"] == pytest.approx(record.seeds["0"]["validation_accuracy"])


def test_a_run_is_evaluated_again_where_it_is_not_kept_which_images_were_right() -> None:
    record, split = trained("cnn")
    records, splits = {"r": record}, (split, split, split)
    first = evaluate_chapter(records, splits, "code", Evaluation({}, {}, {}), 1)
    again = evaluate_chapter(records, splits, "code", first, 1)
    lost = evaluate_chapter(records, splits, "code", replace(first, right={}), 1)
    assert again.answers["r"] is first.answers["r"]
    assert lost.answers["r"] is not first.answers["r"]
    for other in (again, lost):
        assert other.answers == first.answers
        assert all(torch.equal(bits, other.right["r"][seed]) for seed, bits in first.right["r"].items())
    assert list(first.right["r"]) == ["images", "0", "1"]


def test_a_run_is_evaluated_again_where_its_settings_change_and_its_weights_do_not() -> None:
    record, split = trained("cnn", normalise={"name": "zca"})
    other = Split(255 - split.x[::2], split.y[::2])  # of another mean
    first = evaluate_chapter({"r": record}, (split, split, other), "code", Evaluation({}, {}, {}), 1)
    config = {**record.settings, "normalise": {**record.settings["normalise"], "own": True}}
    mistaken = replace(record, metrics={**record.metrics, "config": config})
    again = evaluate_chapter({"r": mistaken}, (split, split, other), "code", first, 1)
    assert again.answers["r"]["seeds"] == evaluate(mistaken, other)["seeds"] != first.answers["r"]["seeds"]


def test_seeds_that_diverged_are_left_out() -> None:
    record, split = trained("cnn", rate=1e30)
    assert record.status == "diverged"
    found = evaluate(record, split)
    assert found["seeds"] == {}
    assert list(found["right"]) == ["images"]


def test_the_test_split_may_be_whitened_with_its_own_statistics_by_mistake() -> None:
    record, split = trained("cnn", normalise={"name": "zca", "own": True})
    other = Split(255 - split.x[::2], split.y[::2])  # of another mean
    zca = ZCA(own=True)
    model = predictor(record, 0)
    rightly = F.cross_entropy(model(other.x), other.y).item()
    model.normalise = zca.build(evaluation_statistics(zca, {}, other.x))
    mistaken = F.cross_entropy(model(other.x), other.y).item()
    assert evaluate(record, other)["seeds"]["0"]["loss"] == pytest.approx(mistaken, rel=1e-4)
    assert abs(mistaken - rightly) > 0.01
    honest = replace(record, metrics={**record.metrics, "config": {**record.settings, "normalise": {"name": "zca"}}})
    assert evaluate(honest, other)["seeds"]["0"]["loss"] == pytest.approx(rightly, rel=1e-4)


def test_a_network_is_built_once_a_seed_and_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    record, split = trained("vit", normalise={"name": "zca", "own": True})
    built = networks(record)
    normalisers = [model.normalise for model in built.values()]
    answers, drawn = evaluate(record, split), arrays(record, split, split, split)
    seeds = list[int]()

    def counted(record: RunRecord, seed: int) -> Classifier:
        seeds.append(seed)
        return built[seed]

    monkeypatch.setattr("rdfia.analyse.evaluate.predictor", counted)
    found = evaluate_chapter({"r": record}, (split, split, split), "code", Evaluation({}, {}, {}), 1)
    assert seeds == [0, 1]
    assert {"mistakes", "shuffled", "attention"} <= set(drawn)
    right = answers.pop("right")
    assert {name: found.answers["r"][name] for name in answers} == answers
    assert all(torch.equal(found.right["r"][seed], bits) for seed, bits in right.items())
    assert {name.split("/")[1]: part.tolist() for name, part in found.drawn.items()} == {
        n: p.tolist() for n, p in drawn.items()
    }
    evaluate(record, split, built)
    assert [model.normalise for model in built.values()][1] is normalisers[1]


def test_weights_that_are_missing_or_others_are_refused() -> None:
    record, split = trained("cnn")
    with pytest.raises(ConfigError, match="not the weights of the metrics of cnn/r"):
        evaluate(replace(record, metrics={**record.metrics, "weights_sha256": "0"}), split)
    record.weights.unlink()
    with pytest.raises(ConfigError, match=r"r/weights\.safetensors: no such file; `dvc pull`"):
        evaluate(record, split)


def test_boundaries_are_the_networks_own_probabilities() -> None:
    record, split = trained("mlp")
    model = predictor(record, 0)
    drawn = probe(model, split)
    corner = model(torch.tensor([[-2.0, 2.0]])).softmax(1)[0, 1]  # x = -2, y = 2: last row, first column
    torch.testing.assert_close(drawn["boundary"][-1, 0], corner)
    assert points(split)[:, :2].equal(split.x)
    assert points(split)[:, 2].tolist() == split.y.tolist()


def test_a_strip_shows_the_network_as_it_was() -> None:
    record, split = trained("mlp", snapshots=(0, 2, 3))
    drawn = arrays(record, split, split)
    assert drawn["epochs"].tolist() == [0, 2]  # the third is the end, which `boundary` shows
    for plane, epoch in zip(drawn["strip"], (0, 2), strict=True):
        model = predictor(record, 0, epoch)
        corner = model(torch.tensor([[2.0, -2.0]])).softmax(1)[0, 1]  # the first row, the last column
        assert plane[0, -1].item() == pytest.approx(corner.item(), abs=1e-3)
    assert not torch.equal(drawn["strip"][0], drawn["strip"][1])
    assert "epochs" not in arrays(*trained("mlp"), split)


def test_a_strip_ends_where_training_did() -> None:
    """Early stopping takes the weights of an earlier epoch: a snapshot after it is not on the way there."""
    record, split = trained("mlp", rate=5.0, snapshots=(0, 1, 4, 8), patience=2, epochs=9)
    assert (record.seeds["0"]["epoch"], record.history[-1]["seed"]) == (3, 1)
    assert [snapshots(record.weights, seed) for seed in (0, 1)] == [[0, 1, 4], [0, 1]]
    drawn = arrays(record, split, split)
    assert (drawn["epochs"].tolist(), len(drawn["strip"])) == ([0, 1], 2)


def test_the_worst_mistakes_are_the_surest_ones() -> None:
    record, split = trained("cnn", rate=1e-6)  # hardly trained: it errs
    model = predictor(record, 0)
    drawn = arrays(record, split, split, split)
    shares = model(split.x).softmax(1)
    wrong = shares.argmax(1) != split.y
    assert 1 <= len(drawn["prediction"]) == min(16, int(wrong.sum()))
    assert (drawn["prediction"][:, 0] != drawn["prediction"][:, 1]).all()
    assert drawn["prediction"][0, 2].item() == pytest.approx(shares[wrong].max().item())
    assert drawn["prediction"][:, 2].diff().le(1e-6).all()
    assert "mistakes" not in arrays(record, split, split)


def test_filters_are_the_networks_own() -> None:
    record, split = trained("cnn")
    model = predictor(record, 0)
    assert torch.equal(probe(model, split)["filters"], model.network.features[0].weight)  # type: ignore[index, union-attr]
