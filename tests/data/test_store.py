"""Splits: the stratified validation split, the hash, and the files."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rdfia.config import ConfigError
from rdfia.data.store import (
    Split,
    content_hash,
    load_split,
    save_split,
    split_validation,
    stratified_mask,
)
from rdfia.files import find_json, write_atomically, write_json

labels = st.lists(st.integers(0, 3), min_size=5, max_size=60).map(torch.tensor)


def _split(y: torch.Tensor) -> Split:
    return Split(torch.arange(len(y), dtype=torch.float32).view(-1, 1).repeat(1, 2), y)


@given(labels, st.data())
def test_the_stratified_mask_selects_the_last_of_each_class_in_proportion(y: torch.Tensor, data: st.DataObject) -> None:
    classes, sizes = torch.unique(y, return_counts=True)
    count = data.draw(st.integers(0, len(y) - len(classes)))
    mask = stratified_mask(y, count)
    assert int(mask.sum()) == count
    for label, size in zip(classes, sizes, strict=True):
        chosen = mask[y == label]
        assert chosen.tolist() == sorted(chosen.tolist())
        assert not chosen[0]
        assert int(chosen.sum()) <= count * size / len(y) + len(classes)


def test_equal_classes_give_equal_shares() -> None:
    y = torch.arange(500) % 10
    assert torch.bincount(y[stratified_mask(y, 50)]).tolist() == [5] * 10


@given(labels, st.integers(0, 3))
def test_the_validation_split_loses_and_repeats_nothing(y: torch.Tensor, seed: int) -> None:
    count = (len(y) - len(y.unique())) // 2
    train, validation = split_validation(_split(y), count, torch.Generator().manual_seed(seed))
    values = torch.cat((train.x, validation.x))[:, 0].sort().values
    assert torch.equal(values, torch.arange(len(y), dtype=torch.float32))
    assert torch.equal(torch.cat((train.y, validation.y)), y[torch.cat((train.x, validation.x))[:, 0].long()])


def test_train_is_shuffled_by_the_generator() -> None:
    y = torch.zeros(50, dtype=torch.int64)
    orders = [split_validation(_split(y), 5, torch.Generator().manual_seed(s))[0].x[:, 0].tolist() for s in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != sorted(orders[0])


def test_no_original_is_in_train_and_validation() -> None:
    y = torch.zeros(12, dtype=torch.int64)
    groups = torch.arange(12) // 3
    train, validation = split_validation(_split(y), 4, torch.Generator().manual_seed(0), groups)
    assert set(groups[validation.x[:, 0].long()].tolist()) == {2, 3}
    assert set(groups[train.x[:, 0].long()].tolist()) == {0, 1}


@pytest.mark.parametrize("count", [-1, 8, 100])
def test_an_impossible_size_is_an_error_that_names_the_key_and_the_largest(count: int) -> None:
    with pytest.raises(ConfigError, match=f"validation: found {count}, allowed: 1 to 7"):
        stratified_mask(torch.arange(10) % 3, count)


def test_of_one_example_a_class_none_can_be_spared() -> None:
    with pytest.raises(ConfigError, match="validation: found 1, allowed: none, so that"):
        stratified_mask(torch.arange(3), 1)


def test_the_hash_depends_on_content_shape_type_names_and_classes() -> None:
    def image(value: int) -> Split:
        return Split(torch.full((2, 1, 2, 2), value, dtype=torch.uint8), torch.tensor([0, 1]))

    base = content_hash({"train": image(1), "test": image(2)}, ["a", "b"])
    assert base == content_hash({"test": image(2), "train": image(1)}, ["a", "b"])
    flat = Split(image(1).x.view(2, 1, 1, 4), image(1).y)
    signed = Split(image(1).x.to(torch.int8), image(1).y)
    variants = [
        content_hash({"train": image(3), "test": image(2)}, ["a", "b"]),
        content_hash({"train": flat, "test": image(2)}, ["a", "b"]),
        content_hash({"train": signed, "test": image(2)}, ["a", "b"]),
        content_hash({"validation": image(1), "test": image(2)}, ["a", "b"]),
        content_hash({"train": image(1), "test": image(2)}, ["b", "a"]),
    ]
    assert len({base, *variants}) == 6


def test_a_split_survives_saving_and_loading_and_leaves_no_other_file(tmp_path: Path) -> None:
    split = Split(torch.arange(24, dtype=torch.uint8).view(3, 2, 2, 2).flip(3), torch.tensor([2, 0, 1]))
    path = tmp_path / "quick" / "train.safetensors"
    save_split(split, path)
    again = load_split(path)
    assert torch.equal(again.x, split.x)
    assert torch.equal(again.y, split.y)
    assert again.x.dtype == torch.uint8
    assert [p.name for p in path.parent.iterdir()] == ["train.safetensors"]


def test_a_missing_split_is_an_error_that_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="dvc repro prepare"):
        load_split(tmp_path / "train.safetensors")


def test_an_interrupted_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    write_json({"b": 1, "a": [0.5]}, path)

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, fail)
    assert find_json(path) == {"b": 1, "a": [0.5]}
    assert [p.name for p in tmp_path.iterdir()] == ["card.json"]


def test_json_keeps_the_order_of_keys_and_refuses_nan(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    write_json({"b": "é", "a": 1}, path)
    assert path.read_text(encoding="utf-8") == '{\n  "b": "é",\n  "a": 1\n}\n'
    with pytest.raises(ValueError, match="JSON"):
        write_json({"a": float("nan")}, path)
    assert json.loads(path.read_text(encoding="utf-8"))["a"] == 1
