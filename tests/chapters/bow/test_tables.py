"""The bag of words beside networks, on all images and on as many."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rdfia.analyse.results import FINISHED, Card, ChapterResult, RunResult, Study
from rdfia.chapters.bow.tables import beside
from rdfia.report.engine.context import Context
from tests.report import making

CARD = Card("cifar10", label="CIFAR-10", classes=("cat", "dog"), shape=(3, 32, 32), counts={"train": 45_000})
PIXELS = {"model": {"name": "svm", "kernel": "linear", "features": {"name": "pixels"}}, "sample": 5000}


def run(chapter: str, name: str, config: dict[str, Any], group: str = "", parameters: int | None = None) -> RunResult:
    tests = {"0": 60.0, "1": 61.0}
    result = RunResult(chapter, name, name, name, "", CARD, FINISHED, parameters, test=tests, declared=2)
    return replace(result, config=config, group=group)


def test_the_network_on_as_many_images_stands_beside_the_machines() -> None:
    words = ChapterResult("bow", "cifar10", (run("bow", "pixels", PIXELS),))
    sizes = [run("cnn", f"images_{n}", {"sample": n}, "train images", 1_191_170) for n in (1000, 5000)]
    whole = [run("cnn", name, {}, parameters=1_191_170) for name in ("baseline", "standardise")]
    other = run("cnn", "subset", {"sample": 5000}, "whole batches")
    study = Study(Path(), "full", (words, ChapterResult("cnn", "cifar10", (*whole, *sizes, other))), {"cifar10": CARD})
    (table,) = making.tables(beside, Context(study, (), words))
    known = {row[0]: row[2] for row in table.rows}
    assert known == {"bow/pixels": 5000, "cnn/baseline": 45_000, "cnn/standardise": 45_000, "cnn/images_5000": 5000}
    assert "The network on as many images: cnn/images_5000." in table.caption
