"""The parameter file: YAML 1.2 numbers, keys that are words and stand once, and its outline."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from rdfia import config
from rdfia.config import ConfigError

SMALL: dict[str, Any] = {
    "profile": "quick",
    "profiles": {"quick": {"data": {"points": {}}, "mlp": {"seeds": 2}}},
    "data": {"points": {"source": "circles"}},
    "theory": {"losses": {}},
    "mlp": {"dataset": "points", "base": {"epochs": 2}, "runs": {"first": None}},
}


def loaded(folder: Path, params: Any) -> dict[str, Any]:
    """What is read of these parameters."""
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    return config.load(folder / "params.yaml")


def changed(key: str, value: Any) -> dict[str, Any]:
    """The small parameters with the dotted key set."""
    copy: dict[str, Any] = yaml.safe_load(yaml.safe_dump(SMALL))
    node = copy
    *path, last = key.split("/")
    for step in path:
        node = node.setdefault(step, {})
    node[last] = value
    return copy


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "0.001", "1.0e-3", ".001"])
def test_numbers_are_those_of_yaml_1_2(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.yaml").write_text(f"rate: {text}\n")
    assert config.read(tmp_path / "p.yaml") == {"rate": 0.001}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("012", 12), ("-07", -7), ("0o17", 15), ("0x1F", 31), ("+3", 3), ("08", 8), ("0", 0), ("007.5", 7.5)],
        *[("1:30", "1:30"), ("1:30.5", "1:30.5"), ("190:20:30", "190:20:30"), ("0o8", "0o8"), ("+.INF", math.inf)],
        *[("yes", "yes"), ("No", "No"), ("on", "on"), ("OFF", "OFF"), ("y", "y"), ("TRUE", True), ("False", False)],
        *[
            ("2.", 2.0),
            ("-1.5E+3", -1500.0),
            ("1e3", 1000.0),
            ("~", None),
            ("", None),
            ("nil", "nil"),
            ("tRue", "tRue"),
        ],
    ],
)
def test_a_value_is_what_dvc_reads(tmp_path: Path, text: str, value: Any) -> None:
    (tmp_path / "p.yaml").write_text(f"a: {text}\n")
    found = config.read(tmp_path / "p.yaml")["a"]
    assert (type(found), found) == (type(value), value)
    shown = YAML(typ="safe").load(f"a: {text}\n")["a"]  # as DVC does
    assert (type(found), found) == (type(shown), shown)


@given(st.text("0123456789abefox.:+-", min_size=1, max_size=6))
def test_no_number_is_another_one_for_dvc(text: str) -> None:
    try:
        shown = YAML(typ="safe").load(f"[{text}]")
    except Exception:  # no YAML, or a sign without digits
        return
    (found,), (other,) = config.parse_yaml(f"[{text}]", "text"), shown
    if isinstance(found, int | float) and isinstance(other, int | float):
        assert (type(found), found) == (type(other), other)


def test_words_and_whole_numbers_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("a: 12\nb: e3\nc: 1.2.3\nd: true\n")
    assert config.read(tmp_path / "p.yaml") == {"a": 12, "b": "e3", "c": "1.2.3", "d": True}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- 1\n", r"found \[1\], allowed: a mapping of keys"),
        ("", "found None, allowed: a mapping of keys"),
        ("a: [1\n", "not YAML"),
        ("a: 1\nb: 2\na: 3\n", "not YAML: the key 'a' stands twice .*line 3"),
        ("cnn:\n  runs:\n    zca: {}\n    zca: {title: again}\n", "not YAML: the key 'zca' stands twice .*line 4"),
        ("a: {1: x}\n", "not YAML: found the key 1, allowed: a word .*line 1"),
        ("true: x\n", "not YAML: found the key True, allowed: a word"),
        ("? [a, b]\n: x\n", "not YAML: found the key .*, allowed: a word"),
        ("a: !!int abc\n", "not YAML: found a value that is no int"),
        ("a: !!int ''\n", "not YAML: found a value that is no int"),
        ("a: !!float abc\n", "not YAML: found a value that is no float"),
        ("a: !!bool maybe\n", "not YAML: found a value that is no bool"),
        (f"a: {'9' * 5000}\n", "not YAML: found a value that is no int, allowed: one of at most 4000 digits"),
        (f"a: {'[' * 3000}{']' * 3000}\n", "not YAML: found a value 21 deep, allowed: at most 20"),
        ("a: !!timestamp 2020-13-45\n", "not YAML: found the tag 'timestamp', allowed: null, bool, int"),
        ("a: !!python/object/apply:os.getcwd []\n", "not YAML: found the tag 'python/object/apply:os.getcwd'"),
        ("a: !!binary abc\n", "not YAML: found the tag 'binary'"),
        ("a: &b [*b]\n", "not YAML: found an alias, allowed: values that are written out"),
        ("!!map [1]\n", "not YAML: expected a mapping node"),
        ('a: "\\ud800"\n', r"not YAML: found '\\ud800', allowed: signs that can be printed, on one line"),
        ('a: "b\\nc"\n', r"not YAML: found 'b\\nc', allowed: signs that can be printed, on one line"),
    ],
)
def test_a_file_that_holds_no_parameters_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(ConfigError, match=said) as error:
        config.load(tmp_path / "params.yaml")
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(ConfigError, match=r"not YAML: byte 3 is no UTF-8, allowed: text in UTF-8$"):
        config.load(tmp_path / "params.yaml")
    with pytest.raises(ConfigError, match=r"found what cannot be read \(.*directory\), allowed: a file$"):
        config.load(tmp_path)


def test_a_date_is_the_word_that_it_looks_like(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("a: 2020-13-45\nb: 2020-01-01\n")
    assert config.read(tmp_path / "p.yaml") == {"a": "2020-13-45", "b": "2020-01-01"}


def test_a_file_that_is_not_there_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: no such file; run from the project's root"):
        config.read(tmp_path / "none.yaml")


def test_what_is_right_is_read_as_it_is(tmp_path: Path) -> None:
    assert loaded(tmp_path, SMALL) == SMALL


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("mlp/runz", {}, r"mlp\.runz: unknown key; allowed: a chapter's kind, one_stage, dataset, base, runs$"),
        ("profils", {"quick": {}}, r"profils\.quick: unknown key; allowed: a chapter's kind"),
        ("seeds", 3, r"seeds: found 3, allowed: a chapter's kind"),
        ("profiles/quick/ml", {}, r"profiles\.quick\.ml: unknown key; allowed: data, mlp$"),
        ("profiles/quick/data/circle", {}, r"profiles\.quick\.data\.circle: unknown key; allowed: points$"),
        ("profiles/quick", 3, r"profiles\.quick: found 3, allowed: data, mlp$"),
        ("profiles", 3, r"profiles: found 3, allowed: a mapping of keys"),
        ("profiles/quick/mlp", 3, r"profiles\.quick\.mlp: found 3, allowed: a mapping of keys$"),
        ("profiles/quick/mlp/leave_out", ["a b"], r"'profiles\.quick\.mlp\.leave_out\.a b': found a name with other"),
        ("profiles/quick/mlp/only", [3], r"'profiles\.quick\.mlp\.only\.3': found a name with other signs"),
        ("profiles/quick/data/points", 3, r"profiles\.quick\.data\.points: found 3, allowed: a mapping of keys$"),
        ("profiles/big", {"from": "huge"}, r"profiles\.big\.from: found 'huge', allowed: quick$"),
        ("profiles/big", {"from": "big"}, r"profiles\.big\.from: found 'big', allowed: quick$"),
        ("profiles/big", {"from": 3}, r"profiles\.big\.from: found 3, allowed: quick$"),
        ("profiles", {"a": {"from": "b"}, "b": "text"}, r"profiles\.b: found 'text', allowed: data, mlp$"),
        ("profil", "quick", r"profil: found 'quick', allowed: .* \(did you mean profile or profiles\?\)$"),
        ("profiles/quick", {"from": "quick"}, r"profiles\.quick\.from: found 'quick', allowed: nothing$"),
        ("profiles/raw", {}, r"profiles\.raw: found the name of a folder, allowed: any but raw, bench$"),
        ("data", [], r"data: found \[\], allowed: a mapping of keys"),
        ("mlp/runs", {}, r"mlp\.runs: found \{\}, allowed: one run or more$"),
        ("mlp", {"base": {}}, r"mlp\.runs: found None, allowed: one run or more$"),
        ("mlp/runs/first", 3, r"mlp\.runs\.first: found 3, allowed: a mapping of keys$"),
        ("report", {"runs": {"a": {}}}, r"report: found the name of a stage, allowed: any but check, prepare"),
        ("item", {"runs": {"a": {}}}, r"item: found the name of a stage"),
        ("declare_mlp", {"runs": {"a": {}}}, r"declare_mlp: found the name of a stage"),
    ],
)
def test_the_outline_of_the_file_is_checked(tmp_path: Path, key: str, value: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, changed(key, value))


@pytest.mark.parametrize("name", ["a.b", "my-profile", "../../evil", "Upper", "", "a" * 65, "größe"])
@pytest.mark.parametrize("where", ["profiles", "data", "mlp/runs", ""])
def test_a_name_that_could_be_no_folder_is_refused_before_anything_else(tmp_path: Path, where: str, name: str) -> None:
    """What stands at the name is wrong too, and the profile is unknown: the name comes first."""
    params = changed("profile", "huge")
    node = params
    for step in where.split("/") if where else ():
        node = node[step]
    node[name] = 3 if where else {"runs": {}}
    with pytest.raises(ConfigError, match="found a name with other signs, allowed: 1 to 64 of a-z, 0-9 and _") as error:
        loaded(tmp_path, params)
    key = ".".join([*where.split("/"), name]) if where else name
    assert str(error.value).startswith(f"{tmp_path}/params.yaml: {config.shorten(key)}: ")


@pytest.mark.parametrize("name", ["a", "zca_0001", "a" * 64])
def test_other_names_are_allowed(tmp_path: Path, name: str) -> None:
    assert loaded(tmp_path, changed(f"mlp/runs/{name}", {}))["mlp"]["runs"][name] == {}


def test_a_section_or_a_profile_that_is_not_there() -> None:
    assert config.section(SMALL, "mlp", "base") == {"epochs": 2}
    with pytest.raises(ConfigError, match=r"params\.yaml: mlp\.bas: no such key; allowed: dataset, base, runs"):
        config.section(SMALL, "mlp", "bas")
    with pytest.raises(ConfigError, match=r"params\.yaml: mlp\.dataset: found 'points', allowed: a mapping of keys"):
        config.section(SMALL, "mlp", "dataset")
    assert config.profile(SMALL) == "quick"
    with pytest.raises(ConfigError, match=r"params\.yaml: profile: found 'huge', allowed: quick$"):
        config.profile({**SMALL, "profile": "huge"})
