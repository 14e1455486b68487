"""The stage `declare`: a run that will be trained is checked against its data first; one with its result is not."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from rdfia.chapters import checks
from rdfia.config import ConfigError, load
from rdfia.files import write_json
from rdfia.record import layout
from rdfia.record.run import METRICS
from rdfia.study import declaration
from rdfia.study.definitions import Sources
from stages import declare
from tests.chapters.test_checks import card
from tests.study.sample import PARAMS, changed


def written(folder: Path, params: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the stages before it wrote: declarations and the card of the data."""
    monkeypatch.chdir(folder)
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    read, sources = load(), Sources(Path())
    found = [asdict(declaration.declare(read, "cnn", run, sources)) for run in params["cnn"]["runs"]]
    write_json(found, layout.declared("quick") / "chapters" / "cnn.json")
    write_json({**card(3, 32, 32), "sha256": "1"}, layout.card("quick", "images"))


def test_a_run_that_cannot_be_trained_ends_the_stage_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, changed("cnn.runs.youngest.augment", [{"name": "crop", "size": 40}]), monkeypatch)
    with pytest.raises(ConfigError, match=r"cnn\.runs\.youngest\.augment\.crop\.size: found 40, allowed: at most 32"):
        declare.main("cnn")
    assert not Path("declared/quick/runs").exists()


def test_a_run_with_its_result_is_not_checked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, PARAMS, monkeypatch)
    looked = list[str]()
    monkeypatch.setattr(checks, "trainable", lambda run, card, layers: looked.append(list(layers)[-1]))
    declare.main("cnn")
    every = [f"cnn.runs.{run}" for run in PARAMS["cnn"]["runs"]]
    assert looked == every
    one = declaration.declare(load(), "cnn", "oldest", Sources(Path()))
    record = {"config": one.settings, "code_sha256": one.code_sha256, "data": {"sha256": "1"}, "status": "finished"}
    write_json(record, layout.trained("quick", "cnn", "oldest") / METRICS)
    looked.clear()
    declare.main("cnn")
    assert looked == [key for key in every if key != "cnn.runs.oldest"]
