"""What a run changes, in words."""

import pytest

from rdfia.analyse.changes import changes, departures, phrase

PARAMS = {
    "profile": "quick",
    "profiles": {"quick": {"cnn": {"epochs": 2}}},
    "cnn": {
        "base": {"epochs": 20, "optimiser": {"name": "sgd", "learning_rate": 0.1}, "model": {"batch_norm": 1}},
        "runs": {
            "baseline": {"title": "the start", "reference": "baseline"},
            "faster": {"optimiser": {"learning_rate": 0.5}},
            "other": {"optimiser": {"name": "adam", "learning_rate": 0.1}},
            "same_epochs": {"epochs": 2},
            "back": {"epochs": 20},
            "truth": {"model": {"batch_norm": True}},
        },
    },
}


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("baseline", "the base as it is"),
        ("faster", "optimiser: learning rate 0.5"),
        ("other", "optimiser adam (learning rate 0.1)"),
        ("same_epochs", "the base as it is"),
        ("back", "epochs 20"),
        ("truth", "model: batch norm on"),
    ],
)
def test_changes_are_told_against_base_and_profile(run: str, words: str) -> None:
    assert changes(PARAMS, "cnn", run) == words


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


def test_what_a_run_writes_otherwise_than_its_reference() -> None:
    reference = {"title": "r", "normalise": "standardise", "augment": ["crop"], "model": {"hidden": 3}}
    own = {"title": "o", "group": "g", "normalise": "standardise", "model": {"hidden": 3, "dropout": 0.5}, "epochs": 2}
    assert departures(own, reference) == ("model.dropout", "epochs", "augment")
    assert departures(reference, reference) == ()
