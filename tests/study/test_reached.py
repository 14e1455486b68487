"""The definitions that the project's own runs reach."""

from importlib import import_module
from pathlib import Path

import pytest

from rdfia import config
from rdfia.data import augment, normalise
from rdfia.data.sampling import RandomAugmentation
from rdfia.study import runs
from rdfia.study.declaration import declare_data, roots
from rdfia.study.definitions import Sources
from rdfia.study.module import LOOSE, WHOLE, Module, Reference
from rdfia.train import optimise, schedule
from rdfia.train.run import Run

PARAMS = config.load()
PROJECT = Sources(Path(__file__).parents[2])
OUTSIDE = ("report", "track", "analyse", "sweep", "parallel", "study")


def settings(chapter: str, run: str) -> Run:
    return runs.resolve(PARAMS, chapter, run)


def definitions(chapter: str, run: str) -> set[Reference]:
    """Return what a declared run reaches in the project."""
    return set(PROJECT.reached(roots(settings(chapter, run))))


def classes(found: set[Reference], base: type) -> set[type]:
    """Return the classes among definitions that are kinds of a base, itself left out."""
    values = [getattr(import_module(module), name) for module, name in found if name.isidentifier()]
    return {value for value in values if isinstance(value, type) and issubclass(value, base) and value is not base}


def test_a_run_holds_its_loop_and_its_network() -> None:
    found = definitions("cnn", "baseline")
    assert {("rdfia.train.fit", "fit"), ("rdfia.models.cnn", "CNN"), ("rdfia.models.cnn", "ConvNet")} <= found
    outside = tuple(f"rdfia.{room}" for room in OUTSIDE)
    assert [module for module, _ in found if module.startswith((*outside, "stages"))] == []


def test_a_run_holds_no_alternative_that_it_does_not_name() -> None:
    found = definitions("cnn", "baseline")
    assert classes(found, normalise._Normaliser) == {normalise.Identity}
    assert classes(found, optimise._Optimiser) == {optimise.SGD}
    assert classes(found, schedule._Schedule) == {schedule.Constant}
    assert classes(found, RandomAugmentation) == set()
    cropped = definitions("cnn", "crop_flip")
    assert classes(cropped, RandomAugmentation) == {augment.Crop, augment.HorizontalFlip}
    assert classes(definitions("cnn", "zca"), normalise._Normaliser) == {normalise.Identity, normalise.ZCA}


@pytest.mark.parametrize("chapter", runs.chapters(PARAMS))
def test_every_definition_that_a_declared_run_reaches_is_there(chapter: str) -> None:
    for run in runs.runs(PARAMS, chapter):
        named = roots(settings(chapter, run))
        assert [root for root in named if PROJECT.resolve(root) != root] == []
        for module, name in PROJECT.reached(named):
            assert name in (LOOSE, WHOLE) or hasattr(import_module(module), name), (run, module, name)


def test_runs_of_two_optimisers_differ_in_these_alone() -> None:
    sgd, adam = definitions("cnn", "crop_flip"), definitions("cnn", "adam")
    one_vector = {("rdfia.train.steps", "JointDescent"), ("rdfia.train.state", "State")}  # how Adam moves on a GPU
    assert sgd - adam == {("rdfia.train.optimise", "SGD")}
    assert adam - sgd == {("rdfia.train.optimise", "Adam"), *one_vector}


@pytest.mark.parametrize(
    ("module", "text", "concerned"),
    [
        ("circles", "angle = 2 * torch.pi", {"circles"}),
        ("digits", "images - threshold", {"digits"}),
        ("objects", "form(x, y) / softness", {"objects"}),
        ("forms", "torch.hypot(x, y) - 0.85", {"objects"}),
        ("torchvision_sets", "dataset.data.unsqueeze(1)", {"mnist"}),
        ("torchvision_sets", "dataset(root, train=train, download=True)", {"mnist", "cifar10"}),
        ("folders", "digests[test].numpy()", {"folders"}),
        ("archives", "content.read()", {"folders"}),
        ("decoding", "count * (job + 1) // jobs", {"folders"}),
        ("images", "megapixels * 1_000_000", {"folders"}),
        ("sources", "19595 * red", {"circles", "digits", "objects", "mnist", "cifar10", "folders"}),
    ],
)
def test_an_edit_of_a_source_concerns_the_data_sets_of_that_source(module: str, text: str, concerned: set[str]) -> None:
    sources = {name: {"name": name} for name in ("circles", "digits", "objects", "mnist", "cifar10")}
    sources["folders"] = {"name": "folders", "path": "images.zip"}
    sets = {name: {"source": source, "validation": 9} for name, source in sources.items()}
    params = {"profile": "own", "profiles": {"own": {}}, "data": sets}
    known = PROJECT.module(f"rdfia.data.{module}")
    assert known is not None
    assert text in known.source
    other = Sources(PROJECT.root)
    other.modules[known.name] = Module(known.name, known.source.replace(text, f"{text} + 0"))
    changed = {name for name in sets if declare_data(params, name, other) != declare_data(params, name, PROJECT)}
    assert changed == concerned
