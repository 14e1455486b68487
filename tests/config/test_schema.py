"""Configuration: one merge rule, YAML 1.2 numbers, and errors of one line that name the key."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rdfia import chapters, config, declared, study
from rdfia.config import ConfigError, merge

trees = st.recursive(
    st.integers() | st.text(max_size=3) | st.booleans(),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def params() -> dict[str, Any]:
    return config.load()


def changed(params: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """A copy of the parameters with the dotted key set."""
    copied: dict[str, Any] = copy.deepcopy(params)
    *path, last = key.split(".")
    node = copied
    for step in path:
        node = node.setdefault(step, {})
    node[last] = value
    return copied


@given(st.dictionaries(st.sampled_from("abc"), trees, max_size=3))
def test_merging_nothing_changes_nothing(tree: dict[str, Any]) -> None:
    assert merge(tree, {}) == tree
    assert merge({}, tree) == tree


@given(trees, trees)
def test_the_second_wins_where_both_speak(base: Any, delta: Any) -> None:
    assert merge(merge(base, delta), delta) == merge(base, delta)


def test_another_name_replaces_the_whole_class() -> None:
    assert merge({"name": "zca", "epsilon": 1}, {"name": "none"}) == {"name": "none"}
    assert merge({"name": "zca", "epsilon": 1}, "none") == {"name": "none"}
    assert merge({"name": "zca", "epsilon": 1}, {"epsilon": 2}) == {"name": "zca", "epsilon": 2}
    assert merge("zca", {"epsilon": 2}) == {"name": "zca", "epsilon": 2}


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "0.001", "1.0e-3", ".001"])
def test_numbers_are_those_of_yaml_1_2(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.yaml").write_text(f"rate: {text}\n")
    assert config.read(tmp_path / "p.yaml") == {"rate": 0.001}


def test_words_and_whole_numbers_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("a: 12\nb: e3\nc: 1.2.3\nd: true\n")
    assert config.read(tmp_path / "p.yaml") == {"a": 12, "b": "e3", "c": "1.2.3", "d": True}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("cnn.runs.zca.normalise.epsilonn", 1.0, "unknown key; allowed: name, epsilon"),
        ("cnn.runs.zca.normalise.epsilon", -1.0, "found -1.0, allowed: greater than 0"),
        ("cnn.runs.zca.normalise.epsilon", "much", "found 'much', allowed: number"),
        ("cnn.runs.zca.normalise.name", "zzca", "found 'zzca', allowed: none, standardise, mean_image, zca"),
        ("cnn.runs.zca.epoch", 3, "unknown key; allowed: title, group, reference, model,"),
        ("cnn.base.epochs", 0, "found 0, allowed: greater than or equal to 1"),
        ("cnn.base.epochs", True, "found True, allowed: integer"),
        ("cnn.base.model.channels", [32, 0], "found 0, allowed: greater than or equal to 1"),
        ("cnn.base.model.batch_norm", 1, "found 1, allowed: boolean"),
        ("profiles.quick.cnn.seeds", 2.5, "found 2.5, allowed: integer"),
        ("cnn.runs.zca.reference", "nobody", "found 'nobody', allowed: baseline, standardise"),
    ],
)
def test_what_cannot_be_used_is_one_line_with_its_key(params: dict[str, Any], key: str, value: Any, said: str) -> None:
    bad = changed({**params, "profile": "quick"}, key, value)
    if key == "cnn.base.epochs":
        del bad["profiles"]["quick"]["cnn"]["epochs"]
    if key == "cnn.base.model.channels":
        del bad["profiles"]["quick"]["cnn"]["model"]
    with pytest.raises(ConfigError) as error:
        chapters.resolve(bad, "cnn", "zca")
    message = str(error.value)
    where = f"{key}.1" if key.endswith("channels") else key
    assert message.startswith(f"params.yaml: {where}: ")
    assert said in message
    assert "\n" not in message


def test_a_missing_key_an_unknown_profile_and_run(params: dict[str, Any]) -> None:
    without = copy.deepcopy(params)
    del without["mlp"]["base"]["optimiser"]["learning_rate"]
    with pytest.raises(ConfigError, match=r"mlp\..*optimiser\.learning_rate: missing"):
        chapters.resolve(without, "mlp", "autograd")
    with pytest.raises(ConfigError, match=r"profile: found 'huge', allowed: quick, mnist, laptop, paper"):
        chapters.resolve({**params, "profile": "huge"}, "mlp", "autograd")
    with pytest.raises(ConfigError, match=r"cnn\.runs\.nobody: no such key; allowed: baseline"):
        chapters.resolve(params, "cnn", "nobody")
    with pytest.raises(ConfigError, match="found 'rnn', allowed: mlp, mlp_mnist, svm, svm_mnist, cnn, cnn_mnist, vit"):
        chapters.kind("rnn")


def test_a_name_that_dvc_cannot_carry_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"cnn\.runs\.a\.b: .*allowed: a-z, 0-9 and _"):
        chapters.resolve(changed(params, "cnn.runs", {"a.b": {}}), "cnn", "a.b")


def test_files_that_are_no_parameters(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        config.read(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(ConfigError, match="allowed: a mapping of keys"):
        config.read(tmp_path / "list.yaml")
    (tmp_path / "broken.yaml").write_text("a: [1\n")
    with pytest.raises(ConfigError, match="not YAML"):
        config.read(tmp_path / "broken.yaml")


def test_configurations_are_frozen(params: dict[str, Any]) -> None:
    run = chapters.resolve(params, "cnn", "zca")
    with pytest.raises(ValueError, match="frozen"):
        run.epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("cnn.runz", {}, r"cnn\.runz: unknown key; allowed: a chapter's dataset, base, runs"),
        ("profils", {"quick": {}}, r"profils\.quick: unknown key; allowed: a chapter's dataset"),
        ("seeds", 3, r"seeds: found 3, allowed: a chapter's dataset"),
        (
            "profiles.quick.cn",
            {},
            r"profiles\.quick\.cn: unknown key; allowed: data, mlp, mlp_mnist,",
        ),
        (
            "profiles.quick.data.cifar",
            {},
            r"profiles\.quick\.data\.cifar: unknown key; allowed: circles, rings, mnist, cifar10",
        ),
        ("profiles.quick", 3, r"profiles\.quick: found 3, allowed: data, mlp"),
    ],
)
def test_the_outline_of_the_file_is_checked(
    params: dict[str, Any], tmp_path: Path, key: str, value: Any, said: str
) -> None:
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(changed(params, key, value), sort_keys=False))
    with pytest.raises(ConfigError, match=said):
        config.load(tmp_path / "params.yaml")


def test_declarations_name_what_a_stage_depends_on() -> None:
    params = config.load()
    found = study.declarations(params)
    assert set(found) == {*declared.chapters(params), "study"}
    assert found["cnn"].splitlines() == ["cifar10", *params["cnn"]["runs"]]
    params["cnn"]["runs"]["zca"] = {**params["cnn"]["runs"]["zca"], "title": "another"}
    again = study.declarations(params)
    assert {name for name in found if found[name] != again[name]} == {"study"}
    assert study.declarations(params | {"profile": "laptop"})["study"] != again["study"]


def test_a_profile_leaves_out_runs_that_stay_declared(params: dict[str, Any]) -> None:
    without = changed(params, "profiles.quick.cnn.leave_out", ["zca", "pca"])
    assert declared.left_out(without, "cnn") == ("zca", "pca")
    assert set(declared.trained(without, "cnn")) == set(params["cnn"]["runs"]) - {"zca", "pca"}
    assert ("cnn", "zca") in declared.runs(without)
    assert chapters.resolve(without, "cnn", "crop") == chapters.resolve(params, "cnn", "crop")
    assert "zca" not in study.declarations(without)["cnn"].split()
    assert "left out" in study.validate(without)
    assert declared.trained(changed(params, "profiles.quick.cnn.leave_out", "all"), "cnn") == []
    assert declared.trained(without | {"profile": "paper"}, "cnn") == list(params["cnn"]["runs"])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("cnn.leave_out", ["nobody"], r"cnn\.leave_out: found 'nobody', allowed: all, or a list of baseline, standard"),
        ("cnn.leave_out", "zca", r"cnn\.leave_out: found 'zca', allowed: all, or a list of"),
        (
            "masked.leave_out",
            ["masked"],
            r"vit_timm\.runs\.masked\.model\.start: found masked/masked, allowed: ",
        ),
    ],
)
def test_what_cannot_be_left_out_is_one_line(params: dict[str, Any], key: str, value: Any, said: str) -> None:
    bad = changed(params, f"profiles.quick.{key}", value)
    with pytest.raises(ConfigError, match=said):
        study.validate(bad)
