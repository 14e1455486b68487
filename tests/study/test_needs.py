"""What runs will take of time, relative to each other: the order in which a sweep begins them."""

from typing import Any

import pytest
from scipy.stats import spearmanr

from rdfia import chapters, config
from rdfia.files import read_json
from rdfia.record import layout
from rdfia.study import runs
from rdfia.study.needs import card, cost
from tests.project import ROOT

PARAMS = config.load() | {"profile": "mnist"}
DIGITS = {"kind": "images", "classes": list(range(10)), "shape": [1, 28, 28], "counts": {"train": 55_000}}


def run(name: str, chapter: str = "vit", **changed: Any) -> Any:
    return runs.resolve(PARAMS, chapter, name).model_copy(update=changed)


def test_the_order_is_that_of_the_times_in_git() -> None:
    """Over chapters from a network of a hundred weights to timm's transformer, on a machine that did other work too."""
    priced, seconds = [], []
    for chapter, name in runs.trained_runs(PARAMS):
        timing = read_json(ROOT / layout.recorded("mnist", chapter, name) / "timing.json", "it is in git")
        priced.append(cost(run(name, chapter), card(PARAMS, chapters.dataset(PARAMS, chapter))))
        seconds.append(timing["training_seconds"])
    assert len(priced) > 80
    assert spearmanr(priced, seconds).statistic > 0.9


def test_more_work_costs_more() -> None:
    small = cost(run("small"), DIGITS)
    assert cost(run("small", seeds=2 * run("small").seeds), DIGITS) == 2 * small
    assert cost(run("small", epochs=2 * run("small").epochs), DIGITS) == 2 * small
    assert small < cost(run("e64_p7_b2"), DIGITS) < cost(run("e64_p7_b6"), DIGITS)
    assert cost(run("small", sample=550), DIGITS) < small / 50
    assert cost(run("small", batch_size=1), DIGITS) > 10 * small, "calls count where a step has little to do"
    assert cost(run("small", batch_size="all"), DIGITS) < small
    points = {"kind": "points", "classes": [0, 1], "shape": [2], "counts": {"train": 200}}
    assert cost(run("by_hand", "mlp", seeds=9), points) == cost(run("by_hand", "mlp", seeds=1), points), (
        "they train as one"
    )


@pytest.mark.parametrize(("chapter", "name"), [("svm_mnist", "linear"), ("svm_mnist", "rbf")])
def test_a_machine_costs_by_pairs_and_by_what_it_tries(chapter: str, name: str) -> None:
    one = cost(run(name, chapter, sample=10_000, C=(1.0,), seeds=1), DIGITS)
    assert cost(run(name, chapter, sample=20_000, C=(1.0,), seeds=1), DIGITS) == pytest.approx(4 * one, rel=0.01)
    assert cost(run(name, chapter, sample=10_000, C=(1.0, 2.0), seeds=3), DIGITS) == 6 * one


def test_what_cannot_be_built_costs_nothing_and_stops_no_sweep() -> None:
    tiny = DIGITS | {"shape": [1, 2, 2]}
    assert cost(run("baseline", "cnn_mnist"), tiny) == 0
