"""What is said of DVC's experiments: what each changed, and what came of it."""

import json

import pytest

from rdfia.sweep import dvc, experiments


def row(params: dict[str, object], metrics: dict[str, object], **more: object) -> dict[str, object]:
    """A row as `dvc exp show --json` has it."""
    data = {"params": {"params.yaml": {"data": params}}, "metrics": {"reports/quick/metrics.json": {"data": metrics}}}
    return {"rev": "abcdef1234", "data": data, **more}


def experiment(name: str, params: dict[str, object], metrics: dict[str, object]) -> dict[str, object]:
    return {"name": name, "revs": [row(params, metrics)]}


def said(monkeypatch: pytest.MonkeyPatch, *rows: dict[str, object]) -> list[str]:
    monkeypatch.setattr(dvc, "run", lambda *_, **__: json.dumps(rows))
    return experiments.table().splitlines()[2:]


def test_what_a_commit_has_is_laid_beside_what_came_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    more = experiment("more", {"cnn": {"epochs": 9}}, {"cnn": {"zca": 71.0, "pca": 60.0}})
    commit = row({"cnn": {"epochs": 3, "patience": 2}}, {"cnn": {"zca": 70.0, "pca": 60.0}}, experiments=[more])
    assert said(monkeypatch, row({}, {}, rev="workspace"), commit) == [
        "| more | cnn.epochs 3 → 9; cnn.patience 2 → – | cnn.zca 70.0 → 71.0 |"
    ]


def test_experiments_of_a_commit_without_figures_show_those_in_which_they_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [experiment(name, {"a": a}, {"zca": zca, "pca": 60.0}) for name, a, zca in (("s", 1, 71.0), ("t", 2, 72.0))]
    now = row({"a": 2}, {"zca": 72.0, "pca": 60.0}, rev="workspace")
    assert said(monkeypatch, now, row({"a": 0}, {}, experiments=made)) == [
        "| s | a 0 → 1 | zca 71.0 |",
        "| t | a 0 → 2 | zca 72.0 |",
    ]
    (alone,) = said(monkeypatch, now, row({"a": 0}, {}, experiments=made[1:]))
    assert alone == "| t | a 0 → 2 | no figures of its commit, and no experiment with others |"
