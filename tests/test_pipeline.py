"""What DVC's users expect, on the real pipeline at its smallest, in a repository of its own.

The tests run in the order of the file, as a user's day would: one project is made once and used by all.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.project import COUNT, LEFT_OUT, ROOT, RUNS, TRAINED, WHOLE, Project, shrink


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The project's files in a new repository, run once from nothing to the report."""
    made = Project(tmp_path_factory.mktemp("project"))
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file() and not name.startswith("reports/"):
            (made.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, made.root / name)
    (made.root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    path = made.root / "params.yaml"
    path.write_text(yaml.safe_dump(shrink(yaml.safe_load(path.read_text())), sort_keys=False))
    for words in (["init", "-q"], ["config", "filter.dvclock.clean", f"{sys.executable} rdfia/lockfilter.py"]):
        made("git", *words)
    made("git", "add", ".")
    made("git", "commit", "-qm", "start")
    made.first = made.ran("dvc", "repro")  # type: ignore[attr-defined]
    made("git", "add", ".")
    made("git", "commit", "-qm", "results")
    yield made
    shutil.rmtree(made.root, ignore_errors=True)


def test_one_command_runs_every_stage_to_the_report(project: Project) -> None:
    runs = [f"{chapter}@tiny-{run}" for chapter, names in RUNS.items() for run in names if chapter not in WHOLE]
    runs += [f"{chapter}@tiny" for chapter in WHOLE]
    prepared = [f"prepare@tiny-{name}" for name in ("circles", "rings", "mnist", "cifar10", "cifar10_grey")]
    evaluated = [f"evaluate@tiny-{chapter}" for chapter in RUNS]
    stages = {"code", "check", *prepared, *runs, *evaluated, "theory@tiny", "report@tiny", "track@tiny"}
    assert set(project.first) == stages  # type: ignore[attr-defined]
    assert set(project.summary()["runs"]) == {f"{c}/{r}" for c, names in RUNS.items() for r in names}
    assert len(project.published()) == COUNT - 1
    assert {key for key, run in project.summary()["runs"].items() if run["status"] != "finished"} == {LEFT_OUT}
    assert LEFT_OUT.split("/")[1] not in json.loads((project.root / "reports/tiny/test/vit_timm.json").read_text())


def test_a_second_time_nothing_runs(project: Project) -> None:
    assert project.ran("dvc", "repro") == []
    assert project("git", "status", "--porcelain") == ""


def test_comments_and_docstrings_run_no_training(project: Project) -> None:
    path = project.root / "rdfia/models/cnn.py"
    source = path.read_text()
    path.write_text(source.replace('"""', '"""Edited. ', 1) + "\n# a comment\n")
    assert project.ran("dvc", "repro") == ["code"]
    path.write_text(source)
    assert project.ran("dvc", "repro") in ([], ["code"])


def test_a_change_in_one_network_concerns_its_chapter(project: Project) -> None:
    path = project.root / "rdfia/models/cnn.py"
    source = path.read_text()
    path.write_text(source + "\nEXTRA = 1\n")
    stale = project("dvc", "repro", "--dry")
    path.write_text(source)
    assert "Running stage 'code'" in stale
    project("python", "-m", "stages.code")
    before = {p.name: p.read_text() for p in (project.root / "reports/code").glob("*.txt")}
    path.write_text(source + "\nEXTRA = 1\n")
    project("python", "-m", "stages.code")
    after = {p.name: p.read_text() for p in (project.root / "reports/code").glob("*.txt")}
    path.write_text(source)
    project("python", "-m", "stages.code")
    assert {name for name in after if before[name] != after[name]} == {
        "cnn.txt", "cnn_mnist.txt", "check.txt", "evaluate.txt"
    }  # fmt: skip


def test_an_experiment_with_one_parameter_trains_that_run_alone(project: Project) -> None:
    ran = project.ran("dvc", "exp", "run", "-n", "wide", "-S", "cnn.runs.zca.normalise.epsilon=0.5")
    assert [stage for stage in ran if stage.startswith((*TRAINED, "prepare"))] == ["cnn@tiny-zca"]
    tags = project.published()
    assert len(tags) == COUNT
    assert "wide" in {run.get("rdfia.experiment") for run in tags}


def test_experiments_elsewhere_reach_the_same_store(project: Project) -> None:
    project("git", "checkout", "-q", "params.yaml")
    project("dvc", "exp", "run", "--temp", "-n", "apart", "-S", "cnn.runs.zca.normalise.epsilon=0.7")
    project("dvc", "exp", "run", "--queue", "-n", "queued", "-S", "cnn.runs.zca.normalise.epsilon=0.9")
    project("dvc", "exp", "run", "--run-all")
    assert {"apart", "queued"} <= {run.get("rdfia.experiment") for run in project.published()}
    shown = json.loads(project("dvc", "exp", "show", "--json", "--sort-by", "Created"))
    found = {e["name"]: e["revs"][0]["data"]["metrics"] for rev in shown for e in rev["experiments"] or []}
    assert {"wide", "apart", "queued"} <= set(found)
    for metrics in found.values():
        assert "cnn/zca" in metrics["reports/tiny/summary.json"]["data"]["runs"]


def test_an_experiment_is_applied_and_its_metrics_are_compared(project: Project) -> None:
    project("dvc", "exp", "apply", "apart")
    applied = yaml.safe_load((project.root / "params.yaml").read_text())["cnn"]["runs"]["zca"]
    assert applied["normalise"]["epsilon"] == 0.7
    ran = project.ran("dvc", "repro")
    assert not [stage for stage in ran if stage.startswith((*TRAINED, "prepare"))]
    changes = json.loads(project("dvc", "metrics", "diff", "--json", "--all", "wide", "apart"))
    assert "reports/tiny/summary.json" in changes
    project("git", "checkout", "-q", "params.yaml")
    project("dvc", "repro")


def test_a_run_restored_from_the_cache_is_published_again(project: Project) -> None:
    (project.root / "mlflow.db").unlink()
    shutil.rmtree(project.root / "reports/tiny/runs/cnn/zca")
    shutil.rmtree(project.root / "reports/tiny/runs/mlp")
    shutil.rmtree(project.root / "weights")
    ran = project.ran("dvc", "repro")
    assert not [stage for stage in ran if stage.startswith(TRAINED)]
    project("python", "-m", "rdfia", "track")
    assert len(project.published()) == COUNT - 1
    project("python", "-m", "rdfia", "track")
    assert len(project.published()) == COUNT - 1


def test_a_run_of_a_small_chapter_is_one_line_too(project: Project) -> None:
    path = project.root / "params.yaml"
    text = path.read_text()
    params = yaml.safe_load(text)
    params["mlp"]["runs"] = {"by_hand": {}, "wider": {"model": {"hidden": 3}}}
    path.write_text(yaml.safe_dump(params, sort_keys=False))
    before = (project.root / "reports/tiny/runs/mlp/by_hand/metrics.json").read_bytes()
    ran = project.ran("dvc", "repro")
    assert [stage for stage in ran if stage.startswith(TRAINED)] == ["mlp@tiny"]
    assert "mlp/wider" in project.summary()["runs"]
    runs = project.root / "reports/tiny/runs/mlp"
    assert {folder.name for folder in runs.iterdir()} == {"by_hand", "wider"}  # the other is gone
    assert json.loads((runs / "by_hand/metrics.json").read_bytes())["seeds"] == json.loads(before)["seeds"]
    path.write_text(text)
    ran = project.ran("dvc", "repro")
    assert not [stage for stage in ran if stage.startswith(TRAINED)]  # the old results come back unrun
    assert (runs / "lr_01/metrics.json").exists()


def test_a_run_is_added_by_one_line_and_vanishes_with_it(project: Project) -> None:
    project.edit(centred={"normalise": "mean_image"})
    ran = project.ran("dvc", "repro")
    assert [stage for stage in ran if stage.startswith((*TRAINED, "evaluate"))] == [
        "cnn@tiny-centred", "evaluate@tiny-cnn"
    ]  # fmt: skip
    assert "cnn/centred" in project.summary()["runs"]
    project.edit(centred=None)
    project.ran("dvc", "repro")
    assert "cnn/centred" not in project.summary()["runs"]
    pages = [*(project.root / "reports/tiny").rglob("*.html")]
    assert len(pages) > len(RUNS)
    assert not [page for page in pages if "centred" in page.read_text()]
    folder = project.root / "reports/tiny/runs/cnn/centred"
    assert folder.exists()
    assert "removed reports/tiny/runs/cnn/centred" in project("python", "-m", "rdfia", "prune")
    assert not folder.exists()
    assert (project.root / "reports/tiny/runs/cnn/zca/metrics.json").exists()


def models(project: Project) -> dict[tuple[str, str], str]:
    """What became of each published run's model."""
    return {(run["rdfia.chapter"], run["rdfia.run"]): run["rdfia.model"] for run in project.published()}


def test_a_clone_without_data_renders_the_report(project: Project, tmp_path: Path) -> None:
    project("git", "checkout", "-q", "params.yaml")
    project("dvc", "repro")
    project("git", "add", ".")
    if project("git", "status", "--porcelain"):
        project("git", "commit", "-qm", "more results")
    subprocess.run(["git", "clone", "-q", str(project.root), str(tmp_path / "clone")], check=True)
    clone = Project(tmp_path / "clone")
    assert not (clone.root / "weights").exists()
    assert not (clone.root / "data").exists()
    ran = clone.ran("dvc", "repro", "--allow-missing")
    assert set(ran) == {"code", "check", "report@tiny", "track@tiny"}
    here, there = models(project), models(clone)
    assert {run for run, model in here.items() if not model.startswith("none: ")} == {
        run for run, model in there.items() if model == "missing: weights are not on this machine"
    }
    assert {name for name, _ in there} == set(RUNS)
    assert {model for model in there.values() if model.startswith("none: ")} == {
        "none: not the best of its chapter; `rdfia track --models` logs it"
    }
    assert clone.summary() == project.summary()


def test_a_sweep_writes_the_same_bytes_and_leaves_nothing_to_train(project: Project) -> None:
    root = project.root
    before = results(root)
    assert len(before) == 3 * COUNT
    (root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    for folder in ("reports/tiny/runs", "weights/tiny", ".dvc/cache"):
        shutil.rmtree(root / folder)
    said = project("python", "-m", "rdfia", "sweep", "-j", "2")
    assert results(root) == before
    later = len(RUNS["vit_timm"])  # which begin from runs of other chapters
    assert f"[{COUNT - later:>3}/{COUNT - later}]" in said
    assert f"[{later:>3}/{later}]" in said
    ran = project.ran("dvc", "repro")
    assert not [stage for stage in ran if stage.startswith((*TRAINED, "prepare"))]
    assert "no run is stale" in project("python", "-m", "rdfia", "sweep")


def test_a_sweep_goes_past_a_run_that_fails_and_commits_the_others(project: Project) -> None:
    project.edit(huge={"model": {"channels": [4] * 9}}, centred={"normalise": "mean_image"})
    said = project("python", "-m", "rdfia", "sweep", "-j", "2", "cnn", fails=True)
    assert "cnn/huge" in said
    assert "failed: params.yaml: cnn.runs.huge.model.channels: found 9, allowed: 1 to " in said
    assert (project.root / "reports/tiny/runs/cnn/centred/metrics.json").exists()
    assert not (project.root / "reports/tiny/runs/cnn/huge").exists()
    assert "allowed: mlp, " in project("python", "-m", "rdfia", "sweep", "rnn", fails=True)
    assert "allowed: 1 or more" in project("python", "-m", "rdfia", "sweep", "-j", "0", fails=True)
    project.edit(huge=None, centred=None)
    project("dvc", "repro")


def results(root: Path) -> dict[str, bytes]:
    """What training writes, but for the times."""
    files = [*root.glob("reports/tiny/runs/*/*/*"), *root.glob("weights/tiny/*/*")]
    return {str(path.relative_to(root)): path.read_bytes() for path in files if path.name != "timing.json"}


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


def test_bad_parameters_end_in_one_line_and_lose_nothing(project: Project) -> None:
    before = (project.root / "reports/tiny/runs/cnn/zca/metrics.json").read_bytes()
    project.edit(zca={"normalise": {"name": "zzca"}})
    said = project("python", "-m", "stages.train", "cnn", "zca", fails=True)
    piped = project("dvc", "repro", fails=True)
    project("git", "checkout", "-q", "params.yaml")
    names = "none, standardise, mean_image, zca, pca, min_max, max_abs, robust, log, gcn, gcn_zca, patch_zca"
    line = f"error: params.yaml: cnn.runs.zca.normalise.name: found 'zzca', allowed: {names}"
    assert said.strip() == line
    assert line in piped
    assert "Running stage 'cnn" not in piped
    assert (project.root / "reports/tiny/runs/cnn/zca/metrics.json").read_bytes() == before


def test_the_quick_profile_leaves_git_clean(project: Project) -> None:
    project("git", "stash", "-q", "--include-untracked") if project("git", "status", "--porcelain") else None
    path = project.root / "params.yaml"
    params = path.read_text()
    path.write_text(params.replace("profile: tiny", "profile: quick", 1))
    project("git", "commit", "-qam", "quick")
    assert "prepare@quick-circles" in project.ran("dvc", "repro", "prepare@quick-circles")
    assert "prepare@quick-circles" in (project.root / "dvc.lock").read_text()
    assert project("git", "status", "--porcelain") == ""
    assert "quick-" not in project("git", "show", "HEAD:dvc.lock")
