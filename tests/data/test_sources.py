"""Sources: every tag, the short form, the errors, the prepared splits and their card, and the published datasets."""

import gzip
import hashlib
import pickle
import struct
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter

from rdfia.config import ConfigError, parse
from rdfia.data import torchvision_sets
from rdfia.data.circles import Circles
from rdfia.data.digits import Digits
from rdfia.data.objects import Objects
from rdfia.data.sources import Dataset, Source, dataset_layers, luma, resize, resolve_dataset
from rdfia.data.torchvision_sets import Cifar10, Mnist
from tests.processes import Touch

WHERE = ["data.d"]
CLASSES = get_args(get_args(Source)[0])
CARD = {"name", "source", "label", "stands_for", "kind", "classes", "shape", "counts", "sha256", "provenance"}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_source_is_selected_by_its_name(kind: Any) -> None:
    name = kind.model_fields["name"].default
    result = TypeAdapter(Source).validate_python({"name": name, **({"path": "x"} if name == "folders" else {})})
    assert type(result) is kind
    assert isinstance(result.label, str)
    assert result.stands_for == {"circles": "circles", "mnist": "mnist", "cifar10": "cifar10"}.get(name)


def test_the_union_has_six_sources() -> None:
    names = {kind.model_fields["name"].default for kind in CLASSES}
    assert names == {"circles", "digits", "objects", "mnist", "cifar10", "folders"}


def test_the_short_form_is_the_long_form() -> None:
    forms = ("circles", {"name": "circles"})
    short, long = (parse(Dataset, {"source": form, "validation": 5}, where=WHERE) for form in forms)
    assert short == long == Dataset(source=Circles(), validation=5)


@pytest.mark.parametrize("source", ["squares", {"name": "squares"}])
def test_an_unknown_source_is_an_error_that_lists_the_known(source: object) -> None:
    with pytest.raises(ConfigError, match=r"data\.d\.source\.name: found 'squares', allowed: circles, digits, objects"):
        parse(Dataset, {"source": source, "validation": 5}, where=WHERE)


def test_an_unknown_key_of_a_source_is_an_error_that_names_it() -> None:
    with pytest.raises(ConfigError, match=r"data\.d\.source\.hazy: unknown key; allowed: .*clutter"):
        parse(Dataset, {"source": {"name": "objects", "hazy": 1}, "validation": 5}, where=WHERE)


def test_prepared_splits_and_their_card(tmp_path: Path) -> None:
    splits, card = Dataset(source=Objects(train=60, test=20), validation=20).prepare("cifar10", tmp_path)
    assert {name: len(split) for name, split in splits.items()} == {"train": 40, "validation": 20, "test": 20}
    assert torch.bincount(splits["validation"].y).tolist() == [2] * 10
    assert set(card) == CARD
    assert card["name"] == "cifar10"
    assert (card["source"], card["kind"], card["shape"], card["stands_for"]) == ("objects", "images", [3, 32, 32], None)
    assert card["counts"] == {"train": 40, "validation": 20, "test": 20}
    assert list(tmp_path.iterdir()) == []


def test_the_card_of_points(tmp_path: Path) -> None:
    _, card = Dataset(source=Circles(), validation=200).prepare("circles", tmp_path)
    assert (card["kind"], card["shape"], card["stands_for"]) == ("points", [2], "circles")
    assert card["counts"] == {"train": 200, "validation": 200, "test": 200}


def test_the_same_settings_give_the_same_hash_and_another_seed_another(tmp_path: Path) -> None:
    sets = [Dataset(source=Circles(), validation=200, seed=seed) for seed in (0, 0, 1)]
    hashes = [d.prepare("circles", tmp_path)[1]["sha256"] for d in sets]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_validation_split_that_is_too_large_is_an_error_that_names_its_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"params.yaml: data\.circles\.validation: found 400, allowed: 1 to 398"):
        Dataset(source=Circles(), validation=400).prepare("circles", tmp_path)


@pytest.mark.parametrize(
    ("own", "over", "said"),
    [
        ({"validation": 400}, {}, "data.points.validation: found 400, allowed: 1 to "),
        ({}, {"validation": 400}, "profiles.quick.data.points.validation: found 400, allowed: 1 to "),
        ({}, {"grey": True}, "profiles.quick.data.points.grey: found True, allowed: none for points"),
    ],
)
def test_the_error_names_the_layer_that_writes_the_setting(
    own: dict[str, Any], over: dict[str, Any], said: str, tmp_path: Path
) -> None:
    data = {"points": {"source": "circles", "validation": 5, **own}}
    params = {"profile": "quick", "profiles": {"quick": {"data": {"points": over}}}, "data": data}
    with pytest.raises(ConfigError) as raised:
        resolve_dataset(params, "points").prepare("points", tmp_path, dataset_layers(params, "points"))
    assert str(raised.value).startswith(f"params.yaml: {said}")


def _without_network(*_: object, **__: object) -> None:
    raise OSError("<urlopen error [Errno -3] Temporary failure in name resolution>")


@pytest.mark.parametrize(("source", "way_out"), [(Mnist(), "source: digits"), (Cifar10(), "source: objects")])
def test_no_network_is_a_one_line_error_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Mnist | Cifar10, way_out: str
) -> None:
    monkeypatch.setattr("urllib.request.urlopen", _without_network)
    with pytest.raises(ConfigError, match=way_out) as caught:
        source.load(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def _idx(values: torch.Tensor) -> bytes:
    """The file format of MNIST: two zero bytes, the type (8: uint8), the rank, the sizes, the values."""
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return gzip.compress(head + values.to(torch.uint8).numpy().tobytes())


def _few_digits(digits: torch.Tensor) -> list[torch.Tensor]:
    """Return three train and two test images with their labels, in the order of MNIST's files."""
    return [digits, torch.tensor([7, 0, 9]), digits.flip(0)[:2], torch.tensor([1, 2])]


@pytest.mark.parametrize("length", [0, 10, 1000, None], ids=["empty", "cut header", "cut", "well formed"])
def test_files_that_are_not_mnists_originals_are_refused(tmp_path: Path, length: int | None) -> None:
    folder, digits = tmp_path / "MNIST" / "raw", torch.arange(3 * 28 * 28).view(3, 28, 28) % 256
    folder.mkdir(parents=True)
    for name, values in zip(torchvision_sets.MNIST_SHA256, _few_digits(digits), strict=True):
        (folder / name).write_bytes(gzip.decompress(_idx(values))[:length])
    with pytest.raises(ConfigError, match=r"train-images-idx3-ubyte: found SHA-256 .*, allowed: MNIST's .*; delete it"):
        Mnist().load(tmp_path)


def test_mnist_is_read_from_its_four_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import MNIST

    monkeypatch.setattr("urllib.request.urlopen", _without_network)
    folder, digits = tmp_path / "MNIST" / "raw", torch.arange(3 * 28 * 28).view(3, 28, 28) % 256
    folder.mkdir(parents=True)
    resources = []
    for (name, _), values in zip(MNIST.resources, _few_digits(digits), strict=True):
        (folder / name).write_bytes(_idx(values))
        resources.append((name, hashlib.md5((folder / name).read_bytes()).hexdigest()))
    monkeypatch.setattr(MNIST, "resources", resources)
    monkeypatch.setattr(torchvision_sets, "MNIST_SHA256", {})
    raw = Mnist().load(tmp_path)
    assert torch.equal(raw.train.x, digits.unsqueeze(1).to(torch.uint8))
    assert raw.train.y.tolist() == [7, 0, 9]
    assert raw.test.x.shape == (2, 1, 28, 28)


def test_nothing_is_downloaded_without_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(request: Any, **_: object) -> None:
        asked.append(request.full_url)
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    for source in (Mnist(), Cifar10()):
        with pytest.raises(ConfigError):
            source.load(tmp_path)
    assert {address.split("/")[2] for address in asked} == {"ossci-datasets.s3.amazonaws.com", "www.cs.toronto.edu"}
    assert all(address.startswith("https://") for address in asked)


def test_cifars_files_are_pickles_and_are_read_only_if_they_are_the_originals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib.request.urlopen", _without_network)
    folder, touched = tmp_path / "cifar-10-batches-py", tmp_path / "touched"
    folder.mkdir()
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta"):
        (folder / name).write_bytes(pickle.dumps(Touch(str(touched))))
    pickle.loads(pickle.dumps(Touch(str(touched))))  # whoever reads one of them runs it
    touched.unlink()
    with pytest.raises(ConfigError, match="CIFAR10: could not be read or downloaded"):
        Cifar10().load(tmp_path)
    assert not touched.exists()


def _noise(channels: int, side: int) -> torch.Tensor:
    return torch.randint(256, (5, channels, side, side), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def _in_pillow(images: torch.Tensor, change: Any) -> torch.Tensor:
    from PIL import Image

    changed = [change(Image.fromarray(image.permute(1, 2, 0).squeeze(-1).numpy())) for image in images]
    return torch.stack([torch.from_numpy(np.array(image)).reshape(1, *reversed(image.size)) for image in changed])


def test_grey_equals_pillow() -> None:
    colours = _noise(3, 64)
    assert torch.equal(luma(colours), _in_pillow(colours, lambda image: image.convert("L")))


@pytest.mark.parametrize(("side", "size"), [(32, 28), (64, 28), (20, 28)])
def test_resizing_equals_pillow_up_to_rounding(side: int, size: int) -> None:
    from PIL import Image

    grey = _noise(1, side)
    ours, theirs = resize(grey, size), _in_pillow(grey, lambda image: image.resize((size, size), Image.BILINEAR))
    assert ours.shape == (5, 1, size, size)
    assert (ours.int() - theirs.int()).abs().max() <= 1  # Pillow rounds between rows and columns as well
    assert (ours == theirs).float().mean() > 0.75


def test_a_transformed_data_set_is_labelled_and_stands_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = Objects(train=60, test=20).load(tmp_path)
    monkeypatch.setattr(Cifar10, "load", lambda self, root: raw)
    plain = {"source": "cifar10", "validation": 10}
    prepared = [
        parse(Dataset, plain, more, where=["data.c", "data.c"]).prepare("c", tmp_path)
        for more in ({}, {"size": 32}, {"grey": True, "size": 28})
    ]
    (_, as_is), (_, same), (splits, changed) = prepared
    assert as_is == same
    assert as_is["stands_for"] == "cifar10"
    assert (changed["stands_for"], changed["shape"]) == (None, [1, 28, 28])
    assert changed["label"] == "CIFAR-10, grey, 28×28 pixels"
    expected = resize(luma(prepared[0][0]["test"].x), 28)
    assert torch.equal(splits["test"].x, expected)
    assert torch.equal(splits["train"].y, prepared[0][0]["train"].y)


def test_grey_digits_are_digits(tmp_path: Path) -> None:
    digits = [Dataset(source=Digits(), validation=100, grey=grey).prepare("d", tmp_path)[1] for grey in (False, True)]
    assert digits[0] == digits[1]


@pytest.mark.parametrize(("key", "value"), [("grey", True), ("size", 28)])
def test_points_cannot_be_grey_or_resized(tmp_path: Path, key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"params\.yaml: data\.p\.{key}: found {value}, allowed: none for points"):
        parse(Dataset, {"source": "circles", "validation": 5, key: value}, where=["data.p"]).prepare("p", tmp_path)
