"""The runs that the parameters declare: what each is made of, and what cannot be declared."""

import copy
from typing import Any

import pytest

from rdfia import chapters
from rdfia.config import Config, ConfigError, load
from rdfia.study import runs
from rdfia.study.validate import validate
from tests.study.sample import PARAMS, changed


@pytest.fixture(scope="module")
def study() -> dict[str, Any]:
    """The study's own parameters."""
    return {**load(), "profile": "quick"}


def resolved(run: str, params: dict[str, Any] = PARAMS) -> dict[str, Any]:
    """The settings of a run of the sample."""
    return runs.resolve(params, "cnn", run).model_dump(mode="json")


def test_a_run_is_base_profile_ancestors_and_own_lines_in_this_order() -> None:
    assert list(runs.layers(PARAMS, "cnn", "youngest")) == [
        "cnn.base", "profiles.quick.cnn", "cnn.runs.oldest", "cnn.runs.middle", "cnn.runs.youngest"
    ]  # fmt: skip
    assert runs.lineage(PARAMS, "cnn", "youngest") == ["oldest", "middle", "youngest"]
    settings = resolved("youngest")
    assert settings["epochs"] == 2  # of the profile, over the base's 20
    assert settings["batch_size"] == 8  # of the run itself, over the oldest's 64 and the middle's 32
    assert settings["normalise"] == {"name": "zca", "epsilon": 0.5, "rescale": "none", "own": True}
    assert settings["optimiser"]["learning_rate"] == 0.1


def test_where_a_run_stands_is_no_setting() -> None:
    place = runs.place(PARAMS, "cnn", "youngest")
    assert (place.title, place.group, place.origin, place.several) == ("the third", "family", "middle", True)
    for key, value in (("title", "another"), ("group", "g"), ("several", False)):
        assert resolved("youngest", changed(f"cnn.runs.youngest.{key}", value)) == resolved("youngest")


def test_a_run_is_measured_against_the_one_that_it_is_from_else_the_first() -> None:
    references = {run: runs.reference(PARAMS, "cnn", run) for run in runs.runs(PARAMS, "cnn")}
    assert references == {
        "first": "first", "empty": "first", "oldest": "first", "middle": "oldest", "youngest": "middle", "pca": "middle"
    }  # fmt: skip


def test_a_run_without_lines_is_its_base() -> None:
    assert runs.own(PARAMS, "cnn", "empty") == {}
    assert resolved("empty") == resolved("first")


def test_origins_name_the_layer_of_every_setting() -> None:
    homes = {key: home for key, _, home in runs.origins(PARAMS, "cnn", "youngest")}
    assert homes["optimiser.learning_rate"] == homes["optimiser.name"] == "cnn.base"
    assert homes["epochs"] == homes["seeds"] == homes["model.channels"] == "profiles.quick.cnn"
    assert homes["normalise.name"] == "cnn.runs.oldest"  # as the short form
    assert homes["normalise.epsilon"] == "cnn.runs.middle"
    assert homes["normalise.own"] == homes["batch_size"] == homes["augment"] == "cnn.runs.youngest"
    assert homes["normalise.rescale"] == homes["model.dropout"] == homes["patience"] == runs.DEFAULT
    oldest = {key: home for key, _, home in runs.origins(PARAMS, "cnn", "oldest")}
    assert (oldest["normalise.name"], oldest["normalise.epsilon"]) == ("cnn.runs.oldest", runs.DEFAULT)


def test_a_setting_of_a_class_that_is_replaced_is_a_default_again() -> None:
    """The middle run writes an epsilon for ZCA; that of PCA is its own."""
    found = {key: (value, home) for key, value, home in runs.origins(PARAMS, "cnn", "pca")}
    assert found["normalise.name"] == ("pca", "cnn.runs.pca")
    assert found["normalise.epsilon"][1] == runs.DEFAULT


@pytest.mark.parametrize("profile", ["quick", "paper"])
def test_origins_are_right_for_every_run_of_the_study(study: dict[str, Any], profile: str) -> None:
    """A layer that is named says this value; what is a default has the default of its class."""
    params = {**study, "profile": profile}
    for chapter, run in runs.trained_runs(params):
        layers, settings = runs.layers(params, chapter, run), runs.resolve(params, chapter, run)
        for key, value, home in runs.origins(params, chapter, run):
            above, _, last = key.rpartition(".")
            holder = walk(settings, above) if above else settings
            if home == runs.DEFAULT:
                assert isinstance(holder, Config)
                default = type(holder).model_fields[last].get_default(call_default_factory=True)
                assert getattr(holder, last) == default, (chapter, run, key)
            elif not isinstance(value, list):  # whose items have short forms and defaults of their own
                own = walk(layers[home], key)
                assert value == (walk(layers[home], above) if own is None and last == "name" else own), (run, key)


def walk(node: Any, key: str) -> Any:
    """The value at a dotted key of settings or of a mapping, None if there is none."""
    for step in key.split("."):
        node = node.get(step) if isinstance(node, dict) else getattr(node, step, None)
    return node


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("cnn.runs.oldest.from", "oldest", r"cnn\.runs\.oldest\.from: found 'oldest', which goes in a circle \(oldest"),
        (
            "cnn.runs.oldest.from",
            "youngest",
            r"cnn\.runs\.oldest\.from: found 'youngest', which goes in a circle",
        ),
        ("cnn.runs.middle.from", "nobody", r"cnn\.runs\.middle\.from: found 'nobody', allowed: first, empty, oldest"),
        ("cnn.runs.middle.from", 3, r"cnn\.runs\.middle\.from: found 3, allowed: string"),
        ("cnn.runs.youngest.several", "yes", r"cnn\.runs\.youngest\.several: found 'yes', allowed: boolean"),
        ("cnn.runs.youngest.group", "../../evil", r"cnn\.runs\.youngest\.group: found '\.\./\.\./evil', allowed: "),
        ("cnn.runs.youngest.group", "a/b", r"cnn\.runs\.youngest\.group: found 'a/b', allowed: "),
        ("cnn.runs.youngest.group", "g" * 65, r"cnn\.runs\.youngest\.group: found 'ggg.*, allowed: "),
        ("cnn.runs.youngest.title", 3, r"cnn\.runs\.youngest\.title: found 3, allowed: string"),
        ("cnn.runs.youngest", 3, r"cnn\.runs\.youngest: found 3, allowed: a mapping of keys"),
    ],
)
def test_a_place_that_cannot_be_is_one_line_with_its_key(key: str, value: Any, said: str) -> None:
    params = changed(key, value)
    with pytest.raises(ConfigError, match=rf"^params\.yaml: {said}") as error:
        runs.lineage(params, "cnn", "youngest")
    assert "\n" not in str(error.value)


def test_a_circle_is_named_from_run_to_run() -> None:
    circle = changed("cnn.runs.oldest.from", "youngest")
    with pytest.raises(ConfigError, match=r"\(youngest from middle from oldest from youngest\); allowed: another run"):
        runs.lineage(circle, "cnn", "youngest")
    beside = changed("cnn.runs.oldest.from", "middle")
    with pytest.raises(ConfigError, match=r"oldest\.from: found 'middle', .* \(middle from oldest from middle\)"):
        runs.lineage(beside, "cnn", "youngest")


def test_an_unknown_run_among_a_hundred_names_says_which_resemble_it(study: dict[str, Any]) -> None:
    assert len(runs.runs(study, "cnn")) > 100
    for missing, close in (("batch_nrom", "batch_norm"), ("zca_00l", "zca_001")):
        with pytest.raises(ConfigError, match=rf"cnn\.runs\.{missing}: no such run; .* \(did you mean .*{close}"):
            runs.resolve(study, "cnn", missing)
    with pytest.raises(ConfigError, match=r"cnn\.runs\.crop\.from: found 'standardize', .*did you mean standardise"):
        runs.resolve(changed("cnn.runs.crop.from", "standardize", study), "cnn", "crop")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("cnn.runs.zca.normalise.epsilonn", 1.0, "unknown key (did you mean epsilon?); allowed: name, epsilon"),
        ("cnn.runs.zca.normalise.epsilon", -1.0, "found -1.0, allowed: greater than 0"),
        ("cnn.runs.zca.normalise.epsilon", "much", "found 'much', allowed: number"),
        ("cnn.runs.zca.normalise.name", "zzca", "found 'zzca', allowed: none, standardise, mean_image, zca"),
        ("cnn.runs.zca.epoch", 3, "unknown key (did you mean epochs?); allowed: model,"),
        ("cnn.runs.zca.reference", "baseline", "unknown key; allowed: model,"),
        ("cnn.runs.zca.titel", "ZCA", "unknown key (did you mean title?); allowed: model,"),
        ("profiles.quick.cnn.onlly", ["zca"], "unknown key (did you mean only?); allowed: model,"),
        ("cnn.base.only", ["zca"], "unknown key; allowed: model,"),
        ("cnn.runs.zca.model", 3, "found 3, allowed: a mapping of keys"),
        ("cnn.runs.zca.normalise", 3, "found 3, allowed: none, standardise, mean_image, zca"),
        ("cnn.runs.zca.model.channels", [], "found [], allowed: at least 1 item"),
        ("cnn.base.epochs", 0, "found 0, allowed: greater than or equal to 1"),
        ("cnn.base.epochs", True, "found True, allowed: integer"),
        ("cnn.base.model.channels", [32, 0], "found 0, allowed: greater than or equal to 1"),
        ("cnn.base.model.batch_norm", 1, "found 1, allowed: boolean"),
        ("profiles.quick.cnn.seeds", 2.5, "found 2.5, allowed: integer"),
    ],
)
def test_what_cannot_be_used_is_one_line_with_its_key(study: dict[str, Any], key: str, value: Any, said: str) -> None:
    bad = changed(key, value, study)
    with pytest.raises(ConfigError) as error:
        runs.resolve(bad, "cnn", "zca")
    message = str(error.value)
    where = f"{key}.1" if key.endswith("channels") and value else key
    assert message.startswith(f"params.yaml: {where}: ")
    assert said in message
    assert "\n" not in message


def test_a_missing_key_an_unknown_profile_kind_and_data_set(study: dict[str, Any]) -> None:
    without = copy.deepcopy(study)
    del without["mlp"]["base"]["optimiser"]["learning_rate"]
    with pytest.raises(ConfigError, match=r"mlp\.runs\.autograd\.optimiser\.learning_rate: missing"):
        runs.resolve(without, "mlp", "autograd")
    with pytest.raises(ConfigError, match=r"profile: found 'huge', allowed: quick, mnist, laptop, jpeg"):
        runs.resolve({**study, "profile": "huge"}, "mlp", "autograd")
    kinds = "cnn, masked, mlp, svm, vit, vit_timm"
    with pytest.raises(ConfigError, match=rf"cnn_mnist\.kind: found 'rnn', allowed: {kinds}$"):
        chapters.kind(changed("cnn_mnist.kind", "rnn", study), "cnn_mnist")
    with pytest.raises(ConfigError, match=rf"rnn\.kind: found 'rnn', allowed: {kinds}; or make the folder rdfia/chap"):
        chapters.kind(study | {"rnn": {"runs": {}}}, "rnn")
    with pytest.raises(ConfigError, match=r"cnn\.dataset: found 'cifar', allowed: circles, rings, mnist, cifar10"):
        chapters.dataset(changed("cnn.dataset", "cifar", study), "cnn")
    with pytest.raises(ConfigError, match="chapter: found 'rnn', allowed: mlp, mlp_mnist, svm"):
        runs.allowed(study, ["rnn"])
    assert runs.allowed(study, []) == runs.chapters(study) == list(dict.fromkeys(runs.chapters(study)))


def test_names_choose_chapters_and_runs_in_their_order_and_each_once(study: dict[str, Any]) -> None:
    assert list(runs.wanted(study, [])) == runs.chapters(study)
    assert runs.wanted(study, ["cnn"])["cnn"] == runs.runs(study, "cnn")
    assert runs.wanted(study, ["vit/small", "cnn/zca", "cnn/pca", "cnn/zca"]) == {
        "vit": ["small"],
        "cnn": ["zca", "pca"],
    }
    assert len(runs.wanted(study, ["cnn/zca", "cnn"])["cnn"]) == len(runs.runs(study, "cnn"))
    for name, said in [
        ("rnn/zca", "chapter: found 'rnn', allowed: mlp, "),
        ("cnn/zcaa", "params.yaml: cnn.runs.zcaa: no such run; allowed: .*did you mean zca"),
        ("cnn/", "params.yaml: cnn.runs.: no such run"),
        ("cnn/muon", "run: found cnn/muon, which quick leaves out, allowed: one of 30 names"),
    ]:
        with pytest.raises(ConfigError, match=said):
            runs.wanted(study, [name])


def test_a_profile_leaves_out_runs_that_stay_declared() -> None:
    every = runs.runs(PARAMS, "cnn")
    assert (runs.left_out(PARAMS, "cnn"), runs.trained(PARAMS, "cnn")) == ((), every)
    without = changed("profiles.quick.cnn.leave_out", ["middle", "first"])
    assert runs.left_out(without, "cnn") == ("first", "middle")  # in the order of the file
    assert runs.trained(without, "cnn") == ["empty", "oldest", "youngest", "pca"]
    assert runs.trained_runs(without) == [("cnn", run) for run in runs.trained(without, "cnn")]
    assert runs.runs(without, "cnn") == every
    assert resolved("youngest", without) == resolved("youngest")  # whose ancestor is left out
    assert runs.trained(without | {"profile": "other"}, "cnn") == every


def test_a_profile_is_the_one_that_it_is_from_with_its_own_lines() -> None:
    params = changed("profiles.quick.cnn.leave_out", ["middle"])
    params["profiles"] |= {"larger": {"from": "quick", "cnn": {"epochs": 5}}, "whole": {"from": "larger"}}
    params["profiles"]["whole"]["cnn"] = {"leave_out": [], "model": {"hidden": 7}}
    larger, whole = ({**params, "profile": name} for name in ("larger", "whole"))
    assert list(runs.layers(whole, "cnn", "first")) == [
        "cnn.base", "profiles.quick.cnn", "profiles.larger.cnn", "profiles.whole.cnn", "cnn.runs.first"
    ]  # fmt: skip
    assert runs.left_out(larger, "cnn") == ("middle",)
    assert runs.left_out(whole, "cnn") == ()
    settings = resolved("first", whole)
    assert (settings["epochs"], settings["seeds"]) == (5, 1)
    assert (settings["model"]["hidden"], settings["model"]["channels"]) == (7, [4])
    homes = {key: home for key, _, home in runs.origins(whole, "cnn", "first")}
    assert (homes["epochs"], homes["seeds"]) == ("profiles.larger.cnn", "profiles.quick.cnn")


def test_a_profile_trains_all_none_or_only_some() -> None:
    every = runs.runs(PARAMS, "cnn")
    assert runs.trained(changed("profiles.quick.cnn.leave_out", "all"), "cnn") == []
    assert runs.trained(changed("profiles.quick.cnn.only", "all"), "cnn") == every
    assert runs.trained(changed("profiles.quick.cnn.only", ["pca", "first"]), "cnn") == ["first", "pca"]
    assert runs.trained(changed("profiles.quick.cnn.only", []), "cnn") == []
    both = changed("profiles.quick.cnn.leave_out", ["pca"], changed("profiles.quick.cnn.only", ["pca", "first"]))
    assert runs.trained(both, "cnn") == ["first"]


@pytest.mark.parametrize("key", ["leave_out", "only"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["first", "nobody"], "found 'nobody', allowed: all, or a list of first, empty, oldest"),
        ("pca", "found 'pca', allowed: a list, as [pca]"),
        ("pcb", "found 'pcb', allowed: all, or a list of first"),
        (None, "found None, allowed: all, or a list of first"),
        ({"pca": 1}, "found {'pca': 1}, allowed: all, or a list of first"),
    ],
)
def test_a_profile_names_runs_that_exist(key: str, value: Any, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        runs.trained(changed(f"profiles.quick.cnn.{key}", value), "cnn")
    assert str(error.value).startswith(f"params.yaml: profiles.quick.cnn.{key}: {said}")


def test_what_a_profile_says_of_a_chapter_is_a_mapping() -> None:
    with pytest.raises(ConfigError, match=r"profiles\.quick\.cnn: found 3, allowed: a mapping of keys"):
        runs.trained(changed("profiles.quick.cnn", 3), "cnn")


def test_the_study_is_valid_in_every_profile(study: dict[str, Any]) -> None:
    for profile in study["profiles"]:
        params = {**study, "profile": profile}
        count, out = len(runs.trained_runs(params)), sum(len(runs.left_out(params, c)) for c in runs.chapters(params))
        more = f" ({out} more left out)" if out else ""
        sets = len(study["data"])
        assert validate(params).startswith(f"params.yaml: profile {profile}, {sets} data sets, {count} runs{more}, ")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "profiles.quick.masked.leave_out",
            ["masked"],
            r"vit_timm\.runs\.masked\.model\.start: found masked/masked, all",
        ),
        (
            "vit_timm.runs.masked.model.start.chapter",
            "vit_timm",
            r"vit_timm\.runs\.masked\.model\.start: found vit_timm/",
        ),
        (
            "vit_timm.runs.masked.model.start.run",
            "nobody",
            r"vit_timm\.runs\.masked\.model\.start: found masked/nobody",
        ),
        ("cnn.dataset", "cifar", r"cnn\.dataset: found 'cifar'"),
        ("data.cifar10.validation", -1, r"data\.cifar10\.validation"),
        ("data.cifar10.validation", 3_000_000, r"data\.cifar10\.validation: found 3000000, allowed: fewer than \d+, "),
        (
            "profiles.quick.data.mnist",
            {"source": "mnist", "validation": 60_000},
            r"data\.mnist\.validation: found 60000, allowed: fewer than 60000, the examples that mnist has",
        ),
        ("vit_timm.runs.imagenet.from", "imagenet", r"vit_timm\.runs\.imagenet\.from: .* circle"),  # left out
        ("theory.nobody", {}, r"theory\.nobody: unknown question"),
    ],
)
def test_what_cannot_be_trained_is_one_line(study: dict[str, Any], key: str, value: Any, said: str) -> None:
    bad = changed(key, value, study)
    if key.startswith("data"):
        del bad["profiles"]["quick"]["data"]["cifar10"]["validation"]
    with pytest.raises(ConfigError, match=rf"^params\.yaml: {said}") as error:
        validate(bad)
    assert "\n" not in str(error.value)
