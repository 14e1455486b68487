"""The report's figures: all of them, once, and those of the last report."""

import shutil
from pathlib import Path

import pytest

from rdfia.track.mirror import publish
from tests.track.conftest import Study
from tests.track.test_mirror import opened, runs


def test_a_run_has_its_files_and_the_report_its_figures(study: Study) -> None:
    publish(study.params, study.root)
    client, experiment = opened(study)
    for run in runs(study).values():
        assert [item.path for item in client.list_artifacts(run.info.run_id)] == ["history.csv", "metrics.json"]
    [report] = client.search_runs([experiment], "run_name = 'report'")
    figures = [item.path for item in client.list_artifacts(report.info.run_id, "figures")]
    assert figures == ["figures/cnn_effects.svg", "figures/cnn_mnist_effects.svg"]
    assert report.info.status == "FINISHED"


def test_the_figures_are_those_of_the_last_report(study: Study) -> None:
    publish(study.params, study.root)
    folder = study.root / "reports/quick/figures"
    (folder / "cnn_effects.svg").write_bytes(b"a newer one")
    (folder / "cnn_mnist_effects.svg").rename(folder / "mlp_effects.svg")
    assert publish(study.params, study.root).new == 0
    client, experiment = opened(study)
    [report] = client.search_runs([experiment], "run_name = 'report'")
    path = Path(client.download_artifacts(report.info.run_id, "figures"))
    assert {file.name: file.read_bytes() for file in path.iterdir()} == {
        "cnn_effects.svg": b"a newer one",
        "mlp_effects.svg": b"another",
    }


def test_figures_that_are_not_all_there_are_published_again(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("rdfia.track.figures._digest", lambda figures: "not all")  # as if a kill had come before the end
        publish(study.params, study.root)
    client, experiment = opened(study)
    [report] = client.search_runs([experiment], "run_name = 'report'")
    shutil.rmtree(study.root / "mlartifacts/rdfia/quick" / report.info.run_id)
    publish(study.params, study.root)
    assert len(client.list_artifacts(report.info.run_id, "figures")) == 2
