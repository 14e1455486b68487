"""Results of another shape than those that are written: one line with the file, the key and what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rdfia.analyse.read_study import read_study
from rdfia.config import ConfigError
from rdfia.files import ANEW
from rdfia.record import shape
from rdfia.record.run import RunRecord
from tests.project import ROOT
from tests.report import sample

RUN = "runs/cnn/baseline"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("study")
    sample.write(root)
    return root


@pytest.mark.parametrize(
    ("name", "key", "value", "said"),
    [
        (f"{RUN}/metrics.json", "seeds", [1], "seeds: found [1], allowed: a mapping of keys"),
        (f"{RUN}/metrics.json", "seeds.0", None, "seeds.0: found None, allowed: a mapping of keys"),
        (f"{RUN}/metrics.json", "seeds.x", {}, "seeds.x: found 'x', allowed: the number of a seed"),
        (
            f"{RUN}/metrics.json",
            "seeds.0.validation_accuracy",
            "x",
            "seeds.0.validation_accuracy: found 'x', allowed: number",
        ),
        (
            f"{RUN}/metrics.json",
            "seeds.0.validation_accuracy",
            70.5,
            "seeds.0.validation_accuracy: found 70.5, allowed: 0 to 1",
        ),
        (f"{RUN}/metrics.json", "config", [1], "config: found [1], allowed: a mapping of keys"),
        (f"{RUN}/metrics.json", "data", [1], "data: found [1], allowed: a mapping of keys"),
        (f"{RUN}/metrics.json", "data.classes", 3, "data.classes: found 3, allowed: list"),
        (f"{RUN}/metrics.json", "kind", "nope", "kind: found 'nope', allowed: cnn, masked, mlp, svm"),
        (f"{RUN}/timing.json", "started", "soon", "started: found 'soon', allowed: a time"),
        (f"{RUN}/timing.json", "seconds", "1", "seconds: found '1', allowed: number"),
        ("test/cnn.json", "baseline", None, "baseline: found None, allowed: a mapping of keys"),
        ("test/cnn.json", "baseline.seeds", None, "baseline.seeds: found None, allowed: a mapping of keys"),
        ("test/cnn.json", "baseline.seeds.0.accuracy", "x", "baseline.seeds.0.accuracy: found 'x', allowed: number"),
        ("test/cnn.json", "baseline.seeds.0.accuracy", 95.5, "baseline.seeds.0.accuracy: found 95.5, allowed: 0 to 1"),
        ("test/cnn.json", "baseline.seeds.0.accuracy", -0.1, "baseline.seeds.0.accuracy: found -0.1, allowed: "),
        ("test/cnn.json", "baseline.seeds.7", {"accuracy": 0.5}, "baseline.seeds: found '7', allowed: the seeds that "),
        ("data/cifar10.json", "classes", 3, "classes: found 3, allowed: list"),
        ("data/cifar10.json", "counts", {"test": "x"}, "counts.test: found 'x', allowed: "),
    ],
)
def test_what_cannot_be_used_is_one_line_with_the_file_and_the_key(
    name: str, key: str, value: Any, said: str, results: Path
) -> None:
    path = results / "reports/full" / name
    before = path.read_text("utf-8")
    *above, last = key.split(".")
    content = node = json.loads(before)
    for step in above:
        node = node[step]
    node[last] = value
    path.write_text(json.dumps(content), "utf-8")
    try:
        with pytest.raises(ConfigError) as raised:
            read_study(sample.params(), results)
    finally:
        path.write_text(before, "utf-8")
    assert str(raised.value).startswith(f"{path}: {said}")
    assert str(raised.value).endswith(f"; {ANEW}")
    assert "\n" not in str(raised.value)


def test_a_record_without_its_kind_is_one_line(results: Path) -> None:
    path = results / "reports/full" / RUN / "metrics.json"
    before = path.read_text("utf-8")
    kept = {key: value for key, value in json.loads(before).items() if key not in ("kind", "chapter")}
    path.write_text(json.dumps(kept), "utf-8")
    try:
        with pytest.raises(ConfigError, match=r"metrics\.json: kind: found None, allowed: cnn, "):
            read_study(sample.params(), results)
    finally:
        path.write_text(before, "utf-8")


def test_a_card_to_train_on_has_all_that_training_needs(tmp_path: Path) -> None:
    card = sample.card("cifar10", None)
    for key in ("kind", "classes", "shape", "counts", "sha256"):
        path = tmp_path / "card.json"
        path.write_text(json.dumps({name: value for name, value in card.items() if name != key}), "utf-8")
        with pytest.raises(ConfigError, match=rf"card\.json: {key}: missing"):
            shape.read(path, shape.Prepared, "")


@pytest.mark.parametrize(
    ("names", "read"),
    [
        ("runs/*/*/metrics.json", lambda path: RunRecord.read(path.parent)),
        ("test/*.json", shape.find_answers),
        ("data/*.json", lambda path: shape.find(path, shape.Prepared)),
    ],
)
def test_every_result_that_is_in_git_has_its_shape(names: str, read: Callable[[Path], object]) -> None:
    found = list(ROOT.glob(f"reports/*/{names}"))
    assert found
    for path in found:
        read(path)
