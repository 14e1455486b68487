"""What one run changes of another, as keys and in words."""

from typing import Any

import pytest

from rdfia.analyse.changes import ASIDE, brief, changed_keys, changes, deep_equal, get_path, phrase
from rdfia.chapters.cnn.run import ChapterRun
from rdfia.config import merge

SETTINGS: dict[str, Any] = {
    "epochs": 20,
    "optimiser": {"name": "sgd", "learning_rate": 0.1},
    "model": {"batch_norm": 1},
    "schedule": None,
    "augment": ["crop"],
}


@pytest.mark.parametrize(
    ("own", "words", "keys"),
    [
        ({}, "the base as it is", ()),
        ({"epochs": 20}, "the base as it is", ()),
        ({"epochs": 2}, "epochs 2", ("epochs",)),
        ({"optimiser": {"learning_rate": 0.5}}, "optimiser: learning rate 0.5", ("optimiser.learning_rate",)),
        ({"optimiser": {"name": "adam", "learning_rate": 0.1}}, "optimiser adam (learning rate 0.1)", ("optimiser",)),
        ({"model": {"batch_norm": True}}, "model: batch norm on", ("model.batch_norm",)),
        ({"schedule": "cosine"}, "schedule cosine", ("schedule",)),
        ({"augment": []}, "augment none", ("augment",)),
        ({"snapshots": [1], "record_every": 2}, "the base as it is", ()),
        (
            {"model": {"batch_norm": 0, "dropout": 0.5}, "epochs": 2},
            "epochs 2; model: batch norm 0, dropout 0.5",
            ("epochs", "model.batch_norm", "model.dropout"),
        ),
    ],
)
def test_settings_that_differ_as_keys_and_in_words(own: dict[str, Any], words: str, keys: tuple[str, ...]) -> None:
    run = merge(SETTINGS, own)
    assert changes(run, SETTINGS) == words
    assert changed_keys(run, SETTINGS) == keys


def test_a_setting_that_only_the_reference_has_is_changed() -> None:
    without = {key: value for key, value in SETTINGS.items() if key != "schedule"}
    assert changed_keys(without, merge(SETTINGS, {"schedule": "cosine"})) == ("schedule",)


def test_only_what_stands_aside_at_the_top_changes_nothing() -> None:
    assert ASIDE == ("record_every", "snapshots")
    assert changed_keys({"model": {"snapshots": 1}}, {"model": {"snapshots": 2}}) == ("model.snapshots",)


def test_the_words_leave_defaults_out_and_the_keys_do_not() -> None:
    optimiser = {"name": "sgd", "learning_rate": 0.1}
    base = {"model": {"name": "cnn"}, "optimiser": optimiser, "epochs": 2, "batch_size": 8, "seeds": 1}
    reference, run = (ChapterRun.model_validate(merge(base, own)) for own in ({}, {"augment": [{"name": "crop"}]}))
    short = brief(run)
    assert short["augment"] == [{"name": "crop"}]
    assert short["model"] == {"name": "cnn"}
    whole, other = (each.model_dump(mode="json") for each in (run, reference))
    assert whole["augment"] == [{"name": "crop", "size": 28, "padding": 0}]
    assert changes(whole, other, short) == "augment crop"
    assert changes(whole, other) == "augment crop (size 28, padding 0)"
    assert changed_keys(whole, other) == ("augment",)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (["crop", {"name": "flip", "p": 0.5}], "crop + flip (p 0.5)"),
        ([], "none"),
        (None, "none"),
        (False, "off"),
        ({"warm_up": 3}, "warm up 3"),
    ],
)
def test_phrases(value: object, words: str) -> None:
    assert phrase(value) == words


@pytest.mark.parametrize(
    ("key", "value"), [("epochs", 20), ("optimiser.name", "sgd"), ("optimiser.none", None), ("epochs.none", None)]
)
def test_values_by_their_dotted_key(key: str, value: object) -> None:
    assert get_path(SETTINGS, key) == value


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({"a": 1, "b": [1]}, {"b": [1], "a": 1}, True),
        ((1, 2), [1, 2], True),
        (1, True, False),
        ([1, 2], [2, 1], False),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": None}}, False),
    ],
)
def test_equality_at_every_depth(first: object, second: object, same: bool) -> None:
    assert deep_equal(first, second) == same
