"""What DVC's users expect, on the real pipeline at its smallest, in a repository of its own.

One project is made once and used by all tests; each leaves it with the committed parameters and code.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rdfia.analyse.results import FINISHED, NOT_RUN
from rdfia.report.engine.assemble import CLOSING
from rdfia.sweep import holders, lock
from tests.processes import slow
from tests.project import COUNT, LEFT_OUT, RUNS, TRAINED, WHOLE, Project, new


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A new project, run once from nothing to the report."""
    made = new(tmp_path_factory.mktemp("project"))
    made.first = made.ran("dvc", "repro")  # type: ignore[attr-defined]
    made("git", "add", ".")
    made("git", "commit", "-qm", "results")
    yield made
    shutil.rmtree(made.root, ignore_errors=True)


@pytest.fixture
def project(made: Project) -> Iterator[Project]:
    """The project with the committed parameters and code; results may be those of an earlier test."""
    yield made
    made("git", "checkout", "-q", "--", "params.yaml", "dvc.yaml", "rdfia")


@pytest.fixture
def settled(project: Project) -> Project:
    """The project with the results of its committed parameters, from DVC's cache."""
    assert trained(project.ran("dvc", "repro")) == []
    return project


def trained(stages: list[str]) -> list[str]:
    """Those of the stages that train."""
    return [stage for stage in stages if stage.startswith(TRAINED)]


def results(root: Path) -> dict[str, bytes]:
    """What training writes, but for the times."""
    files = [*root.glob("runs/tiny/*/*/*")]
    return {str(path.relative_to(root)): path.read_bytes() for path in files if path.name != "timing.json"}


def beside(root: Path) -> dict[str, bytes]:
    """What is prepared, declared and evaluated."""
    places = ("data/tiny", "declared/tiny", "reports/tiny/data", "reports/tiny/test", "reports/tiny/probes")
    files = [file for place in places for file in (root / place).rglob("*") if file.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_one_command_runs_every_stage_to_the_report(project: Project) -> None:
    runs = [f"{chapter}@tiny-{run}" for chapter, names in RUNS.items() for run in names if chapter not in WHOLE]
    runs += [f"{chapter}@tiny" for chapter in WHOLE]
    prepared = [f"prepare@tiny-{name}" for name in ("circles", "rings", "mnist", "cifar10", "cifar10_grey")]
    chapters = [f"{stage}{chapter}" for chapter in RUNS for stage in ("evaluate@tiny-", "declare_")]
    chapters = [name if "@" in name else f"{name}@tiny" for name in chapters]
    stages = {"check@tiny", *prepared, *runs, *chapters, "theory@tiny", "report@tiny", "track@tiny"}
    assert set(project.first) == stages  # type: ignore[attr-defined]
    assert set(project.summary()["runs"]) == {f"{c}/{r}" for c, names in RUNS.items() for r in names}
    assert len(project.published()) == COUNT - 1
    assert {key for key, run in project.summary()["runs"].items() if run["status"] != "finished"} == {LEFT_OUT}
    assert LEFT_OUT.split("/")[1] not in json.loads((project.root / "reports/tiny/test/vit_timm.json").read_text())


def test_a_second_time_nothing_runs_and_git_is_clean(project: Project) -> None:
    assert project.ran("dvc", "repro") == []
    assert project("git", "status", "--porcelain") == ""


def test_what_no_run_uses_makes_no_run_stale(project: Project) -> None:
    augmentation = (
        "class Solarise(RandomAugmentation):\n"
        '    """y = 1 - x where x is above `threshold`."""\n\n'
        '    space: ClassVar[Space] = "pixels"\n'
        '    name: Literal["solarise"] = "solarise"\n'
        "    threshold: float = 0.5\n\n"
        "    def sample(self, shape: Sequence[int], generator: Generator) -> Tensor:\n"
        "        return torch.rand(shape[0], 1, 1, 1, generator=generator)\n\n"
        "    def apply(self, images: Tensor, parameters: Tensor) -> Tensor:\n"
        "        return torch.where(images > self.threshold + 0 * parameters, 1 - images, images)\n\n\n"
    )
    optimiser = '\n\nclass Signum(SGD):\n    name: Literal["signum"] = "signum"  # type: ignore[assignment]\n\n\n'
    augment, colours, optimise = "rdfia/data/augment.py", "rdfia/data/colours.py", "rdfia/train/optimise.py"
    with project.edited(
        (colours, "class Noise", augmentation + "class Noise"),
        (augment, "import Blur, Jitter, Noise", "import Blur, Jitter, Noise, Solarise"),
        (augment, "        Crop\n", "        Crop\n        | Solarise\n"),
        (optimise, "class Adagrad", optimiser.lstrip() + "class Adagrad"),
        (optimise, "SGD | TorchSGD", "SGD | Signum | TorchSGD"),
        (optimise, "self.rho", "(0 + self.rho)"),  # of Adadelta, which no run of this study uses
        ("rdfia/models/cnn.py", '"""', '"""Edited. '),
        ("rdfia/train/fit.py", "import torch\n", "import torch  # a comment\n"),
    ):
        assert project.stale() == set()
        project.edit(sun={"from": "baseline", "augment": ["solarise"]})
        assert project.stale() == {"cnn@tiny-sun"}
        project("python", "-m", "rdfia", "sweep", "cnn")
        assert "finished" in (project.root / "runs/tiny/cnn/sun/metrics.json").read_text()


def test_a_change_makes_those_stale_that_use_it_at_any_depth(project: Project) -> None:
    with project.edited(
        ("rdfia/models/cnn.py", "class ConvNet(nn.Module):", "class ConvNet(nn.Module):\n    extra = 1\n"),
        ("rdfia/train/margin.py", "FEATURES_BATCH = 500", "FEATURES_BATCH = 499"),
        ("rdfia/models/attention.py", "\n\n\nclass ", "\n\n\nUNUSED = 1\n\n\nclass "),
    ):
        cnn = {"cnn@tiny-baseline", "cnn@tiny-zca", "cnn_mnist@tiny-baseline"}
        assert project.stale() == cnn | {"svm@tiny", "svm_mnist@tiny", "bow@tiny"}


@slow
def test_replay_keeps_results_that_a_change_of_code_does_not_change(settled: Project) -> None:
    before = results(settled.root)
    same = ("rdfia/models/cnn.py", "class ConvNet(nn.Module):", "class ConvNet(nn.Module):\n    renamed = True\n")
    other = (
        "rdfia/models/layers.py",
        "def initialise(",
        "def initialise(*_: object, **__: object) -> None:\n    return\n\n\ndef unused(",
    )
    with settled.edited(same):
        said = settled("python", "-m", "rdfia", "replay", "cnn", "cnn_mnist")
        assert "cnn/zca: 4 recorded epochs agree, largest difference 0" in said
        assert "3 of 3 stale runs agree" in said
        assert trained(settled.ran("dvc", "repro")) == []
        page = (settled.root / "reports/tiny/pages/cnn.html").read_text()
        assert "a replay of the first epochs gave the same figures: cnn/baseline, cnn/zca" in page
        for name, content in results(settled.root).items():
            if not name.endswith("metrics.json"):
                assert content == before[name]
        replayed = json.loads((settled.root / "runs/tiny/cnn/zca/metrics.json").read_text())["replayed"]
        assert (replayed["epochs"], replayed["largest_difference"], replayed["tolerance"]) == (1, 0.0, 0.0)
    with settled.edited(other):
        said = settled("python", "-m", "rdfia", "replay", "cnn", fails=True)
        assert "cnn/zca: stays stale: differs by" in said
        assert "0 of 2 stale runs agree" in said
    settled.edit(zca={"normalise": {"name": "zca", "epsilon": 0.2}})
    assert "cnn/zca: stays stale: settings and code changed" in settled(
        "python", "-m", "rdfia", "replay", "cnn", fails=True
    )


def test_an_experiment_with_one_parameter_trains_that_run_alone(project: Project) -> None:
    ran = project.ran("dvc", "exp", "run", "-n", "wide", "-S", "cnn.runs.zca.normalise.epsilon=0.5")
    assert trained(ran) == ["cnn@tiny-zca"]
    assert not [stage for stage in ran if stage.startswith("prepare")]
    tags = project.published()
    assert "wide" in {run.get("rdfia.experiment") for run in tags}
    ran = project.ran("dvc", "exp", "run", "-n", "new", "-S", "+cnn.runs.centred={normalise: mean_image}")
    assert trained(ran) == ["cnn@tiny-centred"]  # the run before is restored from the cache
    assert "cnn/centred" in project.summary()["runs"]
    lines = project("python", "-m", "rdfia", "experiments").splitlines()
    (wide,) = [line for line in lines if line.startswith("| wide")]  # the workspace has the settings of the other
    assert "cnn.runs.zca.normalise.epsilon" in wide
    assert "→ 0.5" in wide
    assert "centred" not in wide.split("|")[2]


@slow
def test_an_experiment_elsewhere_reaches_the_same_store_and_is_shown(project: Project) -> None:
    zca = "cnn.runs.zca.normalise.epsilon=0.7"
    project("dvc", "exp", "run", "--temp", "--copy-paths", "dvc.lock", "-n", "apart", "-S", zca)
    assert "apart" in {run.get("rdfia.experiment") for run in project.published()}
    head = project("dvc", "exp", "show", "--only-changed", "--csv").splitlines()[0].split(",")
    assert {"cnn.runs.zca.normalise.epsilon", "cnn.zca"} <= set(head)
    assert not [name for name in head if "weight_decay" in name]
    lines = project("python", "-m", "rdfia", "experiments").splitlines()
    (apart,) = [line for line in lines if line.startswith("| apart")]
    assert "cnn.runs.zca.normalise.epsilon" in apart
    assert "0.7" in apart


def test_an_experiment_is_applied(project: Project) -> None:
    project("dvc", "exp", "run", "-n", "chosen", "-S", "cnn.runs.zca.normalise.epsilon=0.9")
    project("git", "checkout", "-q", "params.yaml")
    project("dvc", "repro")
    project("dvc", "exp", "apply", "chosen")
    assert project.params()["cnn"]["runs"]["zca"]["normalise"]["epsilon"] == 0.9
    assert trained(project.ran("dvc", "repro")) == []


def test_a_run_restored_from_the_cache_is_published_again(settled: Project) -> None:
    (settled.root / "mlflow.db").unlink()
    shutil.rmtree(settled.root / "runs")
    assert trained(settled.ran("dvc", "repro")) == []
    settled("python", "-m", "rdfia", "track")
    assert len(settled.published()) == COUNT - 1
    settled("python", "-m", "rdfia", "track")
    assert len(settled.published()) == COUNT - 1


def test_a_run_of_a_small_chapter_is_one_line_too(settled: Project) -> None:
    params = settled.params()
    params["mlp"]["runs"] = {"by_hand": {}, "wider": {"model": {"hidden": 3}}}
    settled.write_params(params)
    before = (settled.root / "runs/tiny/mlp/by_hand/metrics.json").read_bytes()
    assert trained(settled.ran("dvc", "repro")) == ["mlp@tiny"]
    assert "mlp/wider" in settled.summary()["runs"]
    for folder in ("runs/tiny/mlp", "reports/tiny/runs/mlp"):
        assert {path.name for path in (settled.root / folder).iterdir()} == {"by_hand", "wider"}  # the other is gone
    assert (settled.root / "runs/tiny/mlp/by_hand/metrics.json").read_bytes() == before
    settled("git", "checkout", "-q", "params.yaml")
    assert trained(settled.ran("dvc", "repro")) == []  # the old results come back untrained
    assert (settled.root / "reports/tiny/runs/mlp/lr_01/metrics.json").exists()


def test_one_changed_run_is_trained_and_evaluated_alone_and_vanishes_with_its_line(settled: Project) -> None:
    settled.edit(fleeting={"normalise": "min_max"})  # no better: the best run's mistakes are drawn, and it stays best
    said = settled("dvc", "repro")
    assert "evaluated 1 of 3 runs, 2 were known" in said
    assert "cnn/fleeting" in settled.summary()["runs"]
    settled.edit(fleeting=None)
    said = settled("dvc", "repro")
    assert "evaluated 0 of 2 runs" in said
    assert "cnn/fleeting" not in settled.summary()["runs"]
    pages = [*(settled.root / "reports/tiny").rglob("*.html")]
    ran = COUNT - 1  # but for the one that is left out
    assert len(pages) == 1 + len(RUNS) + len(CLOSING) + ran  # the overview, the chapters, what follows them, the runs
    assert not [page for page in pages if "fleeting" in page.read_text()]
    folder = settled.root / "runs/tiny/cnn/fleeting"
    assert folder.exists()
    assert "removed runs/tiny/cnn/fleeting" in settled("python", "-m", "rdfia", "prune")
    assert not folder.exists()
    assert (settled.root / "runs/tiny/cnn/zca/metrics.json").exists()


@slow
def test_a_chapter_is_parameters_or_a_folder(project: Project) -> None:
    params = project.params()
    params["cnn_again"] = {**params["cnn_mnist"], "runs": {"small": {"title": "another start"}}}
    params["plain"] = {**params["cnn_mnist"], "runs": {"first": {}}}
    del params["plain"]["kind"]
    for profile in params["profiles"].values():
        profile |= {"cnn_again": profile.get("cnn_mnist", {}), "plain": profile.get("cnn_mnist", {})}
    project.write_params(params)
    assert "make the folder rdfia/chapters/plain" in project("python", "-m", "rdfia", "check", fails=True)
    folder = project.root / "rdfia/chapters/plain"
    folder.mkdir()
    try:
        (folder / "__init__.py").write_text('"""A chapter of a test."""\n')
        (folder / "run.py").write_text("from rdfia.chapters.cnn.run import ChapterRun as ChapterRun\n")
        (folder / "text.md").write_text("A plain chapter\n\nIts first run is {{ runs.first.name }}.\n\n[table plain]\n")
        assert "`rdfia pipeline` writes it anew" in project("dvc", "repro", fails=True)
        project("python", "-m", "rdfia", "pipeline")
        assert trained_by_name(project.ran("dvc", "repro")) == {"cnn_again@tiny-small", "plain@tiny-first"}
        assert {"cnn_again/small", "plain/first"} <= set(project.summary()["runs"])
        assert "Its first run is first." in (project.root / "reports/tiny/pages/plain.html").read_text()
        assert {"cnn_again", "plain"} <= {run["rdfia.chapter"] for run in project.published()}
    finally:
        shutil.rmtree(folder)


def trained_by_name(stages: list[str]) -> set[str]:
    """The stages that train, of chapters that a test made too."""
    aside = ("check", "prepare", "declare_", "evaluate", "theory", "report", "track")
    return {stage for stage in stages if not stage.startswith(aside)}


def models(project: Project) -> dict[tuple[str, str], str]:
    """What became of each published run's model."""
    return {(run["rdfia.chapter"], run["rdfia.run"]): run["rdfia.model"] for run in project.published()}


@slow
def test_a_clone_without_data_renders_the_report(settled: Project, tmp_path: Path) -> None:
    settled("git", "add", ".")
    if settled("git", "status", "--porcelain"):
        settled("git", "commit", "-qm", "more results")
    subprocess.run(["git", "clone", "-q", str(settled.root), str(tmp_path / "clone")], check=True)
    clone = Project(tmp_path / "clone")
    assert not (clone.root / "runs").exists()
    assert not (clone.root / "data").exists()
    ran = clone.ran("dvc", "repro", "--allow-missing")
    declared = {f"declare_{chapter}@tiny" for chapter in RUNS}
    assert set(ran) - declared == {"check@tiny", "report@tiny", "track@tiny"}
    here, there = models(settled), models(clone)
    assert {run for run, model in here.items() if not model.startswith("none: ")} == {
        run for run, model in there.items() if model == "missing: weights are not on this machine"
    }
    assert {name for name, _ in there} == set(RUNS)
    assert clone.summary() == settled.summary()


@slow
def test_a_sweep_writes_the_same_bytes_and_leaves_nothing_but_the_report(settled: Project) -> None:
    root = settled.root
    settled("python", "-m", "rdfia", "prune")  # of what other tests trained
    before, made = results(root), beside(root)
    assert len(before) == 3 * COUNT
    (root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    for folder in ("runs/tiny", "data/tiny", "declared/tiny", "reports/tiny", ".dvc/cache"):
        shutil.rmtree(root / folder)
    said = settled("python", "-m", "rdfia", "sweep", "-j", "2")
    assert results(root) == before
    again = beside(root)
    assert {name: made.get(name) for name in again} == again
    assert all("cnn_again" in name for name in set(made) - set(again))  # a chapter of another test
    later = len(RUNS["vit_timm"])  # which begin from runs of other chapters
    assert f"[{COUNT - later:>3}/{COUNT - later}]" in said
    assert f"[{later - 1:>3}/{later - 1}]" in said
    assert "runs that the profile tiny leaves out: 1" in said
    assert settled.ran("dvc", "repro") == ["theory@tiny", "report@tiny", "track@tiny"]
    assert "no run is stale" in settled("python", "-m", "rdfia", "sweep")


def test_a_sweep_takes_results_of_today_as_they_are_and_restores_what_the_cache_holds(settled: Project) -> None:
    """What a sweep had trained when it was killed is not trained again, though DVC knows nothing of it."""
    shutil.rmtree(settled.root / "runs/tiny/cnn/zca")
    (settled.root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    said = settled("python", "-m", "rdfia", "sweep", "-j", "2", "cnn", "mlp")
    assert "2 stages have results of today's declaration already" in said
    assert "1 stages restored from DVC's cache" in said
    assert "[  1/" not in said


@pytest.mark.parametrize("name", ["weights.safetensors", "metrics.json", "history.csv"])
def test_a_sweep_restores_what_a_crash_has_cut(settled: Project, name: str) -> None:
    path = settled.root / "runs/tiny/cnn/zca" / name
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:40])
    said = settled("python", "-m", "rdfia", "sweep", "-j", "2", "cnn/zca")
    assert "1 stages restored from DVC's cache" in said
    assert path.read_bytes() == content


def test_a_sweep_trains_what_a_change_makes_stale_and_takes_it_from_the_cache_when_it_is_undone(
    settled: Project,
) -> None:
    settled.edit(zca={"normalise": {"name": "zca", "epsilon": 0.4}})
    said = settled("python", "-m", "rdfia", "sweep", "-j", "2", "cnn")
    assert "cnn/zca" in said
    assert "[  1/1]" in said
    assert "restored" not in said
    settled("git", "checkout", "-q", "--", "params.yaml")
    said = settled("python", "-m", "rdfia", "sweep", "-j", "2", "cnn")
    assert "1 stages restored from DVC's cache" in said
    assert "[  1/1]" not in said


def test_a_sweep_trains_the_runs_that_are_named_and_evaluates_what_is_there(settled: Project) -> None:
    def sweep(*names: str, fails: bool = False) -> str:
        return settled("python", "-m", "rdfia", "sweep", "-j", "2", *names, fails=fails)

    answers = settled.root / "reports/tiny/test/cnn.json"
    before = json.loads(answers.read_text())
    settled.edit(east={"normalise": "min_max"}, west={"normalise": "max_abs"})  # not better than the best run
    shutil.rmtree(settled.root / "runs/tiny/cnn/zca")  # of which the record is there
    said = sweep("cnn/east")
    assert "[  1/1] cnn/east" in said
    assert "cnn: evaluated 1 of 2 runs, 1 were known, 2 are not trained yet" in said
    after = json.loads(answers.read_text())
    assert list(after) == ["baseline", "zca", "east"]
    assert {name: after[name] for name in before} == before
    settled("python", "-m", "stages.report")
    found = {key: run["status"] for key, run in settled.summary()["runs"].items() if key.startswith("cnn/")}
    assert found == {"cnn/baseline": FINISHED, "cnn/zca": FINISHED, "cnn/east": FINISHED, "cnn/west": NOT_RUN}
    said = sweep("cnn")
    assert "[  1/1] cnn/west" in said
    assert "1 stages restored from DVC's cache" in said  # cnn/zca
    assert settled.ran("dvc", "repro") == ["report@tiny", "track@tiny"]
    assert "cnn.runs.north: no such run; allowed: " in sweep("cnn/north", fails=True)
    refused = "run: found vit_timm/imagenet, which tiny leaves out, allowed: patch_7, masked"
    assert refused in sweep("vit_timm/imagenet", fails=True)


def test_what_cannot_be_trained_on_its_data_is_refused_before_anything_is_lost(project: Project) -> None:
    before = results(project.root)
    project.edit(huge={"model": {"channels": [4] * 9}}, centred={"normalise": "mean_image"})
    said = project("python", "-m", "rdfia", "sweep", "-j", "2", "cnn", fails=True)
    assert "cnn.runs.huge.model.channels: found 9, allowed: 1 to " in said
    assert results(project.root) == before
    assert "allowed: mlp, " in project("python", "-m", "rdfia", "sweep", "rnn", fails=True)
    assert "allowed: 1 or more" in project("python", "-m", "rdfia", "sweep", "-j", "0", fails=True)


def test_a_report_on_changed_parameters_shows_what_was_trained_and_says_so(settled: Project) -> None:
    settled.edit(zca={"normalise": {"name": "zca", "epsilon": 0.25}})
    settled("python", "-m", "stages.report")
    page = (settled.root / "reports/tiny/pages/cnn.html").read_text()
    assert "recorded under another declaration (settings or code) than today's: cnn/zca (settings)" in page
    table = (settled.root / "reports/tiny/tables/cnn.csv").read_text()
    assert "0.25" not in table
    assert "zca" in table


def test_a_quick_look_writes_nothing(project: Project) -> None:
    before, state = results(project.root), project("git", "status", "--porcelain")
    said = project("python", "-m", "rdfia", "try", "cnn", "zca", "normalise.epsilon=0.5")
    assert "cnn/zca as recorded: validation accuracy" in said
    assert "cnn/zca with normalise.epsilon=0.5: validation accuracy" in said
    assert results(project.root) == before
    assert project("git", "status", "--porcelain") == state
    assert "allowed: " in project("python", "-m", "rdfia", "try", "cnn", "zca", "normalise.epsilonn=0.5", fails=True)


def test_a_chapter_that_a_profile_leaves_out_is_evaluated_as_one_without_runs(settled: Project) -> None:
    params = settled.params()
    params["profiles"]["tiny"]["bow"] |= {"leave_out": "all"}
    settled.write_params(params)
    shutil.rmtree(settled.root / "reports/tiny/runs/bow")  # as where it was never trained
    assert "bow: evaluated 0 of 0 runs" in settled("dvc", "repro", "evaluate@tiny-bow")
    assert json.loads((settled.root / "reports/tiny/test/bow.json").read_text()) == {}


def test_a_quick_look_says_what_is_recorded_of_the_same_settings(project: Project) -> None:
    recorded, tried = project("python", "-m", "rdfia", "try", "svm", "rbf").splitlines()
    assert recorded.split(": ", 1)[1] == tried.split(": ", 1)[1]
    said = project("python", "-m", "rdfia", "try", "svm", "rbf", "C.size=3", fails=True)
    assert said.splitlines() == [said.strip()]


def test_only_evaluation_reads_the_test_split(project: Project) -> None:
    splits = list((project.root / "data/tiny").glob("*/test.safetensors"))
    assert len(splits) == 5
    for split in splits:
        split.rename(split.with_suffix(".away"))
    project("python", "-m", "stages.train", "cnn", "zca")
    project("python", "-m", "stages.report")
    said = project("python", "-m", "stages.evaluate", "cnn", fails=True)
    for split in splits:
        split.with_suffix(".away").rename(split)
    assert said.strip().startswith("error: data/tiny/cifar10/test.safetensors: no such file")


def test_bad_parameters_end_in_one_line_and_lose_nothing(settled: Project) -> None:
    before = results(settled.root)
    settled.edit(zca={"normalise": {"name": "zzca"}})
    said = settled("python", "-m", "stages.train", "cnn", "zca", fails=True)
    piped = settled("dvc", "repro", fails=True)
    names = "none, standardise, mean_image, zca, pca, min_max, max_abs, robust, log, gcn, gcn_zca, patch_zca"
    line = f"error: params.yaml: cnn.runs.zca.normalise.name: found 'zzca', allowed: {names}"
    assert said.strip() == line
    assert line in piped
    assert "Running stage 'cnn" not in piped
    assert results(settled.root) == before


def test_a_failed_preparation_takes_no_card_away(project: Project) -> None:
    card = project.root / "reports/tiny/data/cifar10.json"
    before = card.read_bytes()
    params = project.params()
    params["profiles"]["tiny"]["data"]["cifar10"] = {"source": {"name": "folders", "path": "nowhere", "size": 8}}
    project.write_params(params)
    assert "nowhere" in project("dvc", "repro", "prepare@tiny-cifar10", fails=True)
    assert card.read_bytes() == before


@slow
def test_the_quick_profile_leaves_git_clean(project: Project) -> None:
    project("git", "add", ".")
    params = project.params()
    params["profile"] = "quick"
    project.write_params(params)
    project("git", "commit", "-qam", "quick")
    assert "prepare@quick-circles" in project.ran("dvc", "repro", "prepare@quick-circles")
    assert "prepare@quick-circles" in (project.root / "dvc.lock").read_text()
    assert project("git", "status", "--porcelain") == ""
    assert "quick-" not in project("git", "show", "HEAD:dvc.lock")


@slow
def test_eight_commands_at_once_each_end_or_say_who_is_at_work(settled: Project) -> None:
    settled.edit(zca={"normalise": {"name": "zca", "epsilon": 0.37}})
    python = (sys.executable, "-m")
    dvc = [("dvc", "exp", "run", "-n", "together"), *[("dvc", "repro")] * 3]
    commands = [*dvc, *[(*python, "rdfia", "sweep")] * 2, *[(*python, "stages.track")] * 2]
    begun = [settled.begin(*command) for command in commands]
    said = [process.communicate()[0] for process in begun]
    for command, process, printed in zip(commands, begun, said, strict=True):
        assert "Traceback" not in printed
        assert process.returncode == 0 or (command in dvc and any(words in printed for words in holders.BUSY)), printed
    assert lock.stages((settled.root / lock.LOCK).read_text()) is not None
    assert trained(settled.ran("dvc", "repro")) == []  # the sweeps waited, and trained what there was
    assert settled.ran("dvc", "repro") == []
    contents = [run["rdfia.content"] for run in settled.published()]
    assert len(contents) == len(set(contents))
