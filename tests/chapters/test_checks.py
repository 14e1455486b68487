"""What the card of the data shows of a run: shapes, memory, augmentations; nothing is allocated for it."""

from typing import Any

import pytest
import torch
from torch import Generator

from rdfia.chapters import run_class
from rdfia.chapters.checks import trainable
from rdfia.config import ConfigError
from rdfia.train import shapes
from rdfia.train.classifier import example_input, network

SGD = {"name": "sgd", "learning_rate": 0.1}
DESCENT = {"optimiser": SGD, "epochs": 1, "batch_size": 16, "seeds": 1}
TINY = {
    "name": "timm",
    "model": "vit_tiny_patch16_224",
    "img_size": 28,
    "patch_size": 7,
    "embed": 8,
    "depth": 1,
    "heads": 2,
}
MODELS: dict[str, dict[str, Any]] = {
    "mlp": {"name": "mlp"},
    "cnn": {"name": "cnn"},
    "vit": {"name": "vit"},
    "vit_timm": TINY,
    "masked": TINY,
    "svm": {"name": "svm"},
}


def card(*shape: int, **counts: int) -> dict[str, Any]:
    """A card of ten classes."""
    kind = "images" if len(shape) == 3 else "points"
    counted = {"train": 1000, "validation": 100, "test": 100} | counts
    return {"kind": kind, "shape": list(shape), "classes": [str(label) for label in range(10)], "counts": counted}


def run(chapter: str, **settings: Any) -> Any:
    """A run of a chapter with these settings over small ones."""
    base = {"C": [1.0], "seeds": 1} if chapter == "svm" else DESCENT
    model = MODELS[chapter] | settings.pop("model", {})
    return run_class(chapter).model_validate(base | {"model": model} | settings)


@pytest.mark.parametrize("chapter", MODELS)
@pytest.mark.parametrize("implementation", ["by_hand", "nn"])
def test_the_weights_of_a_network_without_numbers_are_those_that_are_built(
    chapter: str, implementation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = run(chapter, **({"model": {"implementation": implementation}} if chapter == "mlp" else {}))
    counted = list[int]()
    monkeypatch.setattr(shapes, "check_memory", lambda run, card, weights, values, kept: counted.append(weights))
    trainable(chosen, card(1, 28, 28), {"a.runs.b": {}})
    whole = chosen.around(network(chosen, card(1, 28, 28), Generator()), Generator())
    assert counted == [sum(weight.numel() for weight in whole.parameters())]


@pytest.mark.parametrize(
    ("chapter", "settings", "described", "said"),
    [
        ("cnn", {}, card(2), r"model\.name: found cnn on points, allowed: mlp, svm"),
        ("vit", {}, card(2), r"model\.name: found vit on points, allowed: mlp, svm"),
        ("vit_timm", {}, card(2), r"model\.name: found timm on points, allowed: mlp, svm"),
        ("cnn", {}, card(3, 4, 4), r"model\.channels: found 3, allowed: 1 to 2 on 4×4"),
        (
            "cnn",
            {"model": {"kernel_size": 4}},
            card(3, 28, 28),
            r"on these data \(.*\[1, 1024\] X \[576, 1000\]",
        ),
        (
            "cnn",
            {"model": {"hidden": 10**9}},
            card(3, 32, 32),
            r"weights, which take .* GiB in training by batches of 16, allowed: the ",
        ),
        ("mlp", {"model": {"hidden": 10**9}}, card(784), r"model: found 795,000,000,010 weights"),
        ("vit", {"model": {"embed": 10**9, "heads": 1}}, card(1, 28, 28), r"model: found .* \(Storage size|weights"),
        ("vit_timm", {"model": {"embed": 10**9, "heads": 1}}, card(1, 28, 28), r"model: found"),
        ("masked", {"decoder": {"embed": 4 * 10**8}}, card(1, 28, 28), r"model: found"),
        ("masked", {"mask": 0.001}, card(1, 28, 28), r"mask: found 0\.001, which hides 0 of 16"),
        (
            "cnn",
            {"batch_size": 10**8},
            card(3, 32, 32, train=10**8),
            r"training by batches of 100,000,000, allowed",
        ),
        ("svm", {"sample": 10**6}, card(2, train=10**6), r"which take 7,450\.6 GiB in training"),
        ("svm", {"sample": 2000}, card(2), r"sample: found 2000, allowed: 1 to 1000, the train examples there are"),
        (
            "cnn",
            {"augment": [{"name": "crop", "size": 40}]},
            card(3, 32, 32),
            r"crop\.size: found 40, allowed: at most 32",
        ),
        ("cnn", {"augment": [{"name": "blur", "kernel_size": 9}]}, card(3, 4, 4), r"model\.channels"),
        (
            *("cnn", {"augment": [{"name": "blur", "kernel_size": 9}], "model": {"channels": [4]}}, card(3, 4, 4)),
            r"augment\.blur\.kernel_size: found 9, allowed: at most 7",
        ),
        ("cnn", {"normalise": "patch_zca"}, card(3, 2, 2), r"normalise\.kernel_size: found 3, allowed: at most 2"),
        ("cnn", {}, card(3, 32, 32, validation=0), r"validation: found 0 examples, allowed: at least 1"),
    ],
)
def test_what_cannot_be_trained_is_one_line_with_the_key_of_the_run(
    chapter: str, settings: dict[str, Any], described: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        trainable(run(chapter, **settings), described, {"a.runs.b": {}})
    assert str(error.value).startswith("params.yaml: a.runs.b.")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("where", ["a.base", "profiles.quick.a", "a.runs.b"])
def test_the_error_names_the_layer_that_writes_the_setting(where: str) -> None:
    layers = {home: {"sample": 2000} if home == where else {} for home in ("a.base", "profiles.quick.a", "a.runs.b")}
    with pytest.raises(ConfigError, match=rf"^params\.yaml: {where}\.sample: found 2000, allowed: 1 to 1000"):
        trainable(run("svm", sample=2000), card(2), layers)


def test_what_a_network_keeps_to_go_back_is_counted_by_hand() -> None:
    chosen = run("mlp", model={"implementation": "nn", "hidden": 50})
    built, example = network(chosen, card(784), Generator()), example_input(chosen, card(784))
    assert shapes.activations(built, example) == 4 * (784 + 50)  # what the layers read; the second reads tanh's result


@pytest.mark.parametrize("chapter", ["cnn", "vit", "vit_timm"])
def test_without_numbers_as_much_is_kept_as_with_them(chapter: str) -> None:
    chosen, described = run(chapter), card(1, 28, 28)
    real = shapes.activations(network(chosen, described, Generator()), example_input(chosen, described))
    with torch.device("meta"), shapes.Shapes(), torch.no_grad():
        empty = network(chosen, described, Generator("cpu"))
        counted = shapes.activations(empty, example_input(chosen, described))
    assert counted == pytest.approx(real, rel=0.3)  # without numbers PyTorch takes another kernel of attention
    assert counted > 4 * 28 * 28
