"""Publishing: every figure of the files arrives, once, and what a killed process left is written again."""

import json
import multiprocessing
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas
import pytest
from mlflow.entities import Run

from rdfia.track import mirror
from rdfia.track.client import Client, connect
from rdfia.track.mirror import publish
from rdfia.track.result import points, read
from rdfia.track.store import locate
from tests.track.conftest import SECONDS, STARTED, Study, write

START = round(pandas.Timestamp(STARTED).timestamp() * 1000)


def opened(study: Study) -> tuple[Client, str]:
    return connect(locate(study.root), "rdfia/quick")


def runs(study: Study) -> dict[str, Run]:
    """The results in the store by name; a name that occurs twice would hide one, so it is an error."""
    client, experiment = opened(study)
    found = list(client.search_runs([experiment], "run_name != 'report'"))
    named = {str(run.info.run_name): run for run in found}
    assert len(named) == len(found)
    return named


def test_every_declared_run_with_files_arrives(study: Study) -> None:
    published = publish(study.params, study.root)
    assert (published.new, published.known, published.missing) == (3, 0, 1)
    found = runs(study)
    assert set(found) == {"mlp/autograd", "cnn/baseline", "cnn/fast"}
    assert {run.info.status for run in found.values()} == {"FINISHED"}
    assert {run.info.start_time for run in found.values()} == {START}
    assert {run.info.end_time for run in found.values()} == {START + 1000 * SECONDS}


def test_the_curves_are_those_of_the_file(study: Study) -> None:
    """Against pandas: every finite cell by seed, and the mean over the seeds that have one."""
    publish(study.params, study.root)
    client, _ = opened(study)
    for name, run in runs(study).items():
        table = pandas.read_csv(study.root / "reports/quick/runs" / name / "history.csv")
        for column in table.columns.drop(["seed", "epoch", "step"]):
            unit = 100 if "accuracy" in column else 1  # shares in the files, percent in MLflow
            points = client.get_metric_history(run.info.run_id, f"mean/{column}")
            expected = table.groupby("epoch")[column].mean().dropna() * unit
            assert {point.step: point.value for point in points} == pytest.approx(expected.to_dict())
            for seed, rows in table.groupby("seed"):
                expected = rows.set_index("epoch")[column].dropna() * unit
                points = client.get_metric_history(run.info.run_id, f"seed_{seed}/{column}")
                assert {point.step: point.value for point in points} == pytest.approx(expected.to_dict())


def test_an_epoch_is_dated_by_its_share_of_the_time(study: Study) -> None:
    publish(study.params, study.root)
    client, _ = opened(study)
    found = client.get_metric_history(runs(study)["cnn/baseline"].info.run_id, "mean/validation_loss")
    stamps = [point.timestamp for point in sorted(found, key=lambda point: point.step)]
    assert (stamps[0], stamps[-1]) == (START, START + 1000 * SECONDS)
    assert {b - a for a, b in pairwise(stamps)} == {1000 * SECONDS / 4}


def test_the_final_figures_come_with_their_interval(study: Study) -> None:
    publish(study.params, study.root)
    found = runs(study)["cnn/baseline"].data.metrics
    assert found["test_accuracy"] == pytest.approx(55)
    assert found["test_accuracy"] - found["test_accuracy_low"] == pytest.approx(12.706 * 5, rel=1e-4)  # t(1) at 95 %
    assert (found["test_loss"], found["parameters"], found["seconds"]) == (2.0, 7, SECONDS)
    assert found["seed_1/test_accuracy"] == pytest.approx(60)


def test_a_run_that_diverged_is_a_result(study: Study) -> None:
    publish(study.params, study.root)
    found = runs(study)["cnn/fast"].data
    assert found.tags["rdfia.status"] == "diverged"
    assert found.metrics["final_validation_accuracy"] == pytest.approx(100 / 3)  # of the seed that ended well
    assert "test_accuracy_low" not in found.metrics


def test_the_settings_and_the_origin_can_be_searched(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "another")  # which publishes what was trained before it
    for run in ("baseline", "fast"):
        timing = study.root / f"reports/quick/runs/cnn/{run}/timing.json"
        write(timing, json.loads(timing.read_text()) | {"experiment": "wide-mole"})
    publish(study.params, study.root)
    client, experiment = opened(study)
    query = (
        "params.`model.channels` = '[8, 16]' and tags.`rdfia.experiment` = 'wide-mole' and tags.rdfia.chapter = 'cnn'"
    )
    assert len(client.search_runs([experiment], query)) == 2
    assert "rdfia.experiment" not in runs(study)["mlp/autograd"].data.tags
    run = runs(study)["cnn/baseline (wide-mole)"]
    assert run.data.tags["mlflow.source.git.commit"] == "c0ffee"
    assert run.data.tags["rdfia.data.sha256"] == "d" * 64
    assert run.inputs is not None
    assert run.inputs.dataset_inputs[0].dataset.name == "cifar10"


def test_results_are_told_apart_by_name(study: Study) -> None:
    publish(study.params, study.root)
    folder = study.root / "reports/quick/runs/cnn/fast"
    for number, experiment in enumerate(["", "sharp", "sharp"]):
        (folder / "metrics.json").write_text((folder / "metrics.json").read_text() + " ")
        write(folder / "timing.json", {"started": STARTED, "seconds": number, "experiment": experiment})
        publish(study.params, study.root)
    assert {name for name in runs(study) if "fast" in name} == {
        "cnn/fast",
        "cnn/fast #2",
        "cnn/fast (sharp)",
        "cnn/fast (sharp) #2",
    }


def test_a_result_in_an_older_form_is_written_anew(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(mirror, "FORM", "1")
        publish(study.params, study.root)
    old = {run.info.run_id for run in runs(study).values()}
    assert publish(study.params, study.root).new == 3
    assert set(runs(study)) == {"mlp/autograd", "cnn/baseline", "cnn/fast"}
    assert not old & {run.info.run_id for run in runs(study).values()}
    assert not old & {path.name for path in (study.root / "mlartifacts/rdfia/quick").iterdir() if any(path.iterdir())}


def test_the_same_files_are_published_once(study: Study) -> None:
    publish(study.params, study.root)
    timing = study.root / "reports/quick/runs/cnn/baseline/timing.json"
    write(timing, json.loads(timing.read_text()) | {"seconds": 99})
    again = publish(study.params, study.root)
    assert (again.new, again.known) == (0, 3)
    assert len(runs(study)) == 3


@pytest.mark.parametrize("name", ["metrics.json", "history.csv", "test"])
def test_a_changed_result_is_a_new_run_beside_the_old(name: str, study: Study) -> None:
    publish(study.params, study.root)
    if name == "test":
        study.test("cnn", "fast", {"0": {"accuracy": 0.9, "loss": 1.0}})
    else:
        path = study.root / "reports/quick/runs/cnn/fast" / name
        path.write_text(path.read_text().replace("0.1", "0.2") if name == "history.csv" else path.read_text() + " ")
    assert publish(study.params, study.root).new == 1
    client, experiment = opened(study)
    assert len(client.search_runs([experiment], "tags.rdfia.run = 'fast'")) == 2


def test_a_half_written_run_is_replaced(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mirror, "_log_numbers", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(study.params, study.root)
    assert [run.info.status for run in runs(study).values()] == ["RUNNING"]
    (study.root / "reports/quick/runs/mlp/autograd/history.csv").open("a").write("\n")  # its result is another by now
    assert publish(study.params, study.root).new == 3
    assert {run.info.status for run in runs(study).values()} == {"FINISHED"}


def _publish(study: Study, start: Any, answers: Any) -> None:
    start.wait()
    answers.put(publish(study.params, study.root).new)


def test_two_publishers_write_each_run_once(study: Study) -> None:
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(2), context.Queue()
    processes = [context.Process(target=_publish, args=(study, start, answers)) for _ in range(2)]
    for process in processes:
        process.start()
    found = sorted(answers.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(timeout=10)
    assert found == [0, 3]
    assert len(runs(study)) == 3


def test_a_run_that_is_declared_no_more_is_left_alone(study: Study) -> None:
    del study.params["cnn"]["runs"]["fast"]
    assert publish(study.params, study.root).new == 2


def test_nothing_to_publish_makes_no_store(tmp_path: Path) -> None:
    study = Study(tmp_path, {"profile": "quick", "profiles": {"quick": {}}, "cnn": {"base": {}, "runs": {"a": None}}})
    assert publish(study.params, tmp_path).missing == 1
    assert list(tmp_path.iterdir()) == []


def test_long_runs_keep_within_the_limits_of_a_request(study: Study) -> None:
    study.add("cnn", "long", epochs=200, notes="x" * 7000, many={f"key_{i}": i for i in range(120)})
    publish(study.params, study.root)
    run, result = runs(study)["cnn/long"], read(study.params, study.root, "cnn")["long"]
    assert result is not None
    assert len(list(points(result))) > 3000
    assert len(opened(study)[0].get_metric_history(run.info.run_id, "seed_1/validation_loss")) == 201
    assert len(run.data.params) == 124
    assert run.data.params["notes"] == "x" * 6000


def test_the_commit_is_marked_where_the_code_differs(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    assert mirror._commit(tmp_path) == ""
    (tmp_path / "params.yaml").write_text("profile: quick\n")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    (tmp_path / "report.md").write_text("made by the pipeline")
    clean = mirror._commit(tmp_path)
    assert len(clean) == 40
    (tmp_path / "params.yaml").write_text("profile: paper\n")
    assert mirror._commit(tmp_path) == f"{clean}-dirty"


def test_importing_the_mirror_is_cheap() -> None:
    heavy = "{'mlflow', 'torch', 'pandas', 'numpy'}"
    script = f"import sys, rdfia.track; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)
    assert found.stdout.strip() == "[]"
