"""Results are what the parameters declare, read from the files of the schema."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest

from rdfia.analyse.metrics import Estimate, Noise, difference, resolve, shared
from rdfia.analyse.read_study import read_study
from rdfia.analyse.results import Study, distinct
from rdfia.config import ConfigError
from rdfia.files import write_json
from rdfia.study.declaration import declarations
from tests.report import sample


def test_runs_follow_the_parameters(study: Study) -> None:
    expected = [f"{chapter}/{run}" for chapter in ("mlp", "cnn") for run in sample.params()[chapter]["runs"]]
    assert [run.key for run in study.runs] == expected


def test_a_declared_run_without_files_is_not_run(study: Study) -> None:
    run = study.run("cnn/planned")
    assert run is not None
    assert (run.status, run.test_accuracy, run.parameters) == ("not run", None, None)


def test_a_removed_run_is_not_seen(tmp_path: Path) -> None:
    params = sample.write(tmp_path)
    del params["cnn"]["runs"]["unstable"]
    assert read_study(params, tmp_path).run("cnn/unstable") is None


def test_accuracies_are_percentages_of_the_seeds_that_ended(study: Study) -> None:
    run = study.run("cnn/unstable")
    assert run is not None
    assert (run.status, run.diverged, run.declared, len(run.test)) == ("diverged", 2, 3, 1)
    assert 20 < run.test["0"] < 40


def test_effects_stand_against_their_reference(study: Study) -> None:
    cnn = study.chapters[1]
    standardise, crop, unstable = (cnn.run(name) for name in ("standardise", "crop_flip", "unstable"))
    assert standardise is not None
    assert crop is not None
    assert unstable is not None
    assert (standardise.reference, crop.reference) == ("baseline", "standardise")
    effect = cnn.effect(crop)
    assert effect is not None
    assert effect.mean == pytest.approx(sum(crop.test.values()) / 3 - sum(standardise.test.values()) / 3)
    assert cnn.effect(unstable) is None
    assert cnn.effect(cnn.runs[0]) is None


def test_a_run_that_comes_to_the_same_has_no_interval_and_is_counted_once(study: Study) -> None:
    cnn = study.chapters[1]
    base, standardise, crop = (run for run in cnn.runs if run.name in ("baseline", "standardise", "crop_flip"))
    copy = replace(standardise, test=base.test, validation=base.validation, train=base.train)
    noise = {"test": Noise(1.0, 4.0)}
    runs = tuple(replace(run, noise=noise) for run in (base, copy, crop))
    chapter = replace(cnn, runs=runs)
    effect = chapter.effect(runs[1])
    assert effect == Estimate(0.0, None, None, 3)
    assert resolve(effect) == "the same"
    assert chapter.effect(runs[2]) == runs[2].beyond(runs[1], shared(chapter.comparisons(runs[2])))
    assert distinct(runs) == [runs[0], runs[2]]


def test_the_best_run_is_chosen_by_validation(study: Study) -> None:
    assert [chapter.best.name for chapter in study.chapters if chapter.best] == ["autograd", "crop_flip"]


def test_history_has_a_record_for_each_seed_and_epoch(study: Study) -> None:
    records = study.runs[0].history
    assert len(records) == sample.SEEDS * 9
    assert records[0]["train_loss"] is None
    assert records[0]["frozen_loss"] is not None
    planned = study.run("cnn/planned")
    assert planned is not None
    assert planned.history == []


def test_an_unknown_reference_is_named(tmp_path: Path) -> None:
    params = sample.write(tmp_path)
    params["mlp"]["runs"]["wide"] = {"from": "nothing"}
    with pytest.raises(ConfigError, match=r"mlp.runs.wide\.from: found 'nothing', allowed: autograd, wide"):
        read_study(params, tmp_path)


def test_a_run_that_began_from_other_weights_is_not_of_today(tmp_path: Path) -> None:
    params = sample.write(tmp_path)
    start = {"name": "run", "chapter": "cnn", "run": "baseline"}
    base = {**params["cnn"]["base"], "model": {"name": "timm", "start": start}}
    params["vit_timm"] = {"dataset": "cifar10", "base": base, "runs": {"finetuned": {}}}
    (declared,) = [one for one in declarations(params) if one.chapter == "vit_timm"]
    before = json.loads((tmp_path / "reports/full/runs/cnn/baseline/metrics.json").read_text("utf-8"))
    for sha256, stale in ((before["weights_sha256"], ()), ("other", ("vit_timm/finetuned (data)",))):
        settings = copy.deepcopy(dict(declared.settings or {}))
        settings["model"]["start"]["sha256"] = sha256
        record = {"chapter": "vit_timm", "config": settings, "code_sha256": declared.code_sha256}
        write_json({**record, "data": before["data"]}, tmp_path / "reports/full/runs/vit_timm/finetuned/metrics.json")
        assert read_study(params, tmp_path).stale == stale


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    params = sample.write(tmp_path)
    (tmp_path / "reports/full/test/cnn.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"cnn\.json: found no JSON"):
        read_study(params, tmp_path)


def test_effects_of_a_group_share_their_level_and_a_search_is_none(study: Study) -> None:
    runs = [replace(run, group="all") for run in study.chapters[1].runs]
    cnn = replace(study.chapters[1], runs=tuple(runs))
    standardise = cnn.run("standardise")
    assert standardise is not None
    m = cnn.comparisons(standardise)
    assert m == sum(cnn.effect(run) is not None for run in cnn.runs) > 1
    alone = difference(list(standardise.test.values()), list(cnn.runs[0].test.values()))
    shared, wide = cnn.effect(standardise), alone.high
    assert shared is not None
    assert shared.high is not None
    assert wide is not None
    assert shared.mean == alone.mean
    assert shared.high - shared.mean > wide - alone.mean
    searching = replace(standardise, config={"schedule": {"name": "range_test"}})
    cnn = replace(cnn, runs=(cnn.runs[0], searching))
    assert cnn.effect(searching) is None
    assert cnn.comparisons(searching) == 0
    assert cnn.best is cnn.runs[0]


def test_intervals_stay_within_what_an_accuracy_can_be(study: Study) -> None:
    cnn = study.chapters[1]
    low = replace(cnn.runs[0], test={"0": 1.0, "1": 9.0}, noise={})
    high = replace(cnn.runs[1], test={"0": 91.0, "1": 99.0}, noise={})
    found = [low.test_accuracy, high.test_accuracy, replace(cnn, runs=(low, high)).effect(high)]
    half = 12.7062 * 4  # t(1) · s / √2 with s = 8 / √2; of the difference t(2) · √2 · 4
    ends = [(0, 5 + half), (95 - half, 100), (90 - 4.30265 * 32**0.5, 100)]
    assert [(each.low, each.high) for each in found if each] == [pytest.approx(pair, abs=1e-3) for pair in ends]
