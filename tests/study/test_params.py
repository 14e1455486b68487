"""Completeness: every declared run validates, changes what it says, has the asserted weights, and learns in a step."""

from functools import cache
from typing import Any

import pytest
import torch
from torch import Generator
from torch.utils.flop_counter import FlopCounterMode

from rdfia import chapters, config
from rdfia.analyse.changes import changed_keys
from rdfia.chapters import run_class
from rdfia.data.normalise import fit_all
from rdfia.data.sources import resolve_dataset
from rdfia.record.run import searches
from rdfia.study import runs
from rdfia.train.classifier import example_input, forward_flops, network
from rdfia.train.descent import DescentRun
from rdfia.train.epochs import EpochRecord
from rdfia.train.margin import MarginRun
from rdfia.train.masked import MaskedRun
from rdfia.train.run import Data, Run, Trained

PARAMS = config.load()
PROFILES = list(PARAMS["profiles"])


def of(kind: type[Run]) -> list[tuple[str, str]]:
    """Every run whose settings are of this class."""
    kinds = {chapter: run_class(chapters.kind(PARAMS, chapter)) for chapter in runs.chapters(PARAMS)}
    return [(chapter, run) for chapter, run in RUNS if issubclass(kinds[chapter], kind)]


def trained(kind: type[Run]) -> list[tuple[str, str, str]]:
    """Each profile with each of these runs that it trains."""
    own = [profile for profile in PROFILES if "from" not in PARAMS["profiles"][profile]]  # others train runs of these
    under = {profile: runs.trained_runs({**PARAMS, "profile": profile}) for profile in own}
    return [(profile, *pair) for profile in own for pair in of(kind) if pair in under[profile]]


RUNS = [(chapter, run) for chapter in runs.chapters(PARAMS) for run in runs.runs(PARAMS, chapter)]
SHAPES = {
    "circles": (2,), "rings": (2,), "mnist": (1, 28, 28), "cifar10": (3, 32, 32), "cifar10_grey": (1, 28, 28)
}  # fmt: skip
CLASSES = {"circles": 2, "rings": 2, "mnist": 10, "cifar10": 10, "cifar10_grey": 10}

# The runs of the CNN whose images are cropped to 28 × 28.
CROPPED = (
    *("crop", "crop_flip", "centre_crop_flip", "affine_crop", "perspective_crop", "zca_crop_flip", "torch_sgd"),
    *("momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adam_slow", "amsgrad", "adamw", "nadam"),
    *("muon", "adam_polynomial", "exponential", "step", "inverse_time", "polynomial", "cosine", "cyclical"),
    *("one_cycle", "warmup", "warmup_cosine", "chain_dropout", "alone_crop_flip", "adam_fast", "slow_crop_flip"),
    "step_printed",
)

BATCH_NORM = ("batch_norm", "alone_batch_norm", "slow_batch_norm", "recipe", "recipe_muon")
GRID = [(embed, patch, blocks) for embed in (16, 32, 64) for patch in (4, 7, 14) for blocks in (2, 4, 6)]


def transformer(embed: int, patch: int, blocks: int, side: int = 28) -> int:
    """Patches, class token, positions; blocks of two norms, attention and an MLP four times as wide; norm and head."""
    tokens = (side // patch) ** 2 + 1
    block = 4 * embed + 4 * (embed * embed + embed) + 2 * 4 * embed * embed + 5 * embed
    return (patch * patch + 1) * embed + embed + tokens * embed + blocks * block + 2 * embed + 10 * (embed + 1)


# By the formulas: convolution k²·c·n + n, dense m·n + n, batch or layer norm 2n, a token or position n.
WEIGHTS = {
    **dict.fromkeys([f"mlp/{run}" for run in runs.runs(PARAMS, "mlp")], 52),
    "mlp/hidden_2": 12,
    "mlp/hidden_4": 22,
    "mlp/hidden_50": 252,
    "mlp_mnist/hidden_10": 7_960,
    "mlp_mnist/hidden_30": 23_860,
    "mlp_mnist/hidden_100": 79_510,
    "mlp_mnist/hidden_300": 238_510,
    "mlp_mnist/start_small": 79_510,
    "mlp_mnist/start_small_standardise": 79_510,
    **dict.fromkeys([f"cnn/{run}" for run in runs.runs(PARAMS, "cnn")], 1_191_170),
    **dict.fromkeys([f"cnn/{run}" for run in CROPPED], 743_170),  # 28 → 14 → 7 → 3: fc reads 576 values, not 1,024
    **dict.fromkeys([f"cnn/{run}" for run in BATCH_NORM], 1_191_490),
    **dict.fromkeys([f"cnn/{run}" for run in ("chain_batch_norm", "together", "slow_together")], 743_490),
    "cnn/patch_zca": 1_210_370,  # the first convolution reads 27 channels for 3: 25 · 24 · 32 more
    # One channel in; 28 → 14 → 7 → 3: fc reads 576 values.
    **dict.fromkeys(("cnn_mnist/baseline", "cnn_mnist/by_step"), 741_570),
    **dict.fromkeys([f"vit/{run}" for run in runs.runs(PARAMS, "vit")], transformer(32, 7, 2)),
    **{f"vit/e{e}_p{p}_b{b}": transformer(e, p, b) for e, p, b in GRID if (e, p, b) != (32, 7, 2)},
    **dict.fromkeys([f"vit_timm/{run}" for run in runs.runs(PARAMS, "vit_timm")], transformer(384, 7, 12)),
    "pretrain/supervised": transformer(384, 7, 12),
    **dict.fromkeys(("vit_timm/one_patch", "vit_timm/imagenet_one_patch"), transformer(384, 16, 12)),
    "vit_timm/patch_4": transformer(384, 4, 12),
    "vit_timm/resize": transformer(384, 16, 12, 224),
    "vit_timm/tiny": transformer(192, 7, 12),
    "vit_timm/smaller": transformer(16, 7, 2),
    "vit/mean_pool": transformer(32, 7, 2) - 64,  # no class token, and no position for it
    "vit/no_positions": transformer(32, 7, 2) - 17 * 32,
    "vit/sinusoidal": transformer(32, 7, 2) - 17 * 32,
    "vit/bag": transformer(32, 7, 2) - 18 * 32,
}


def card(dataset: str) -> dict[str, Any]:
    """A card of the shape that the real data have."""
    shape = SHAPES[dataset]
    kind = "images" if len(shape) == 3 else "points"
    return {"name": dataset, "kind": kind, "shape": list(shape), "classes": [str(c) for c in range(CLASSES[dataset])]}


@pytest.mark.parametrize("chapter", runs.chapters(PARAMS))
def test_a_run_changes_one_setting_of_its_reference_unless_it_says_several(chapter: str) -> None:
    """At the published scale; a tagged class under another name is one setting, and so is a list."""
    params = {**PARAMS, "profile": "paper"}
    settings = {run: runs.resolve(params, chapter, run).model_dump(mode="json") for run in runs.runs(params, chapter)}
    places = {run: runs.place(params, chapter, run) for run in settings}
    changed = {run: changed_keys(settings[run], settings[runs.reference(params, chapter, run)]) for run in settings}
    first, *others = settings
    assert changed[first] == ()
    assert {run: changed[run] for run in others if len(changed[run]) > 1 and not places[run].several} == {}
    assert {run: changed[run] for run in settings if len(changed[run]) <= 1 and places[run].several} == {}


def test_the_quick_profile_looks_for_a_rate() -> None:
    quick = {**PARAMS, "profile": "quick"}
    trained = [(chapter, run, runs.resolve(quick, chapter, run)) for chapter, run in runs.trained_runs(quick)]
    searching = [f"{chapter}/{run}" for chapter, run, one in trained if searches(one.model_dump(mode="json"))]
    assert searching == ["cnn/range_test"]


def test_every_declared_run_has_an_asserted_number_of_weights() -> None:
    assert {f"{chapter}/{run}" for chapter, run in of(DescentRun)} == set(WEIGHTS)


@pytest.mark.parametrize(("chapter", "run"), of(DescentRun))
def test_the_number_of_weights_at_the_published_scale(chapter: str, run: str) -> None:
    resolved = runs.resolve({**PARAMS, "profile": "paper"}, chapter, run)
    built = network(resolved, card(chapters.dataset(PARAMS, chapter)), Generator())
    assert sum(weight.numel() for weight in built.parameters()) == WEIGHTS[f"{chapter}/{run}"]


@pytest.mark.parametrize(("chapter", "run"), [*of(DescentRun), *of(MaskedRun)])
def test_the_operations_of_every_run_are_those_that_pytorch_counts(chapter: str, run: str) -> None:
    resolved = runs.resolve({**PARAMS, "profile": "paper"}, chapter, run)
    described = card(chapters.dataset(PARAMS, chapter))
    built = network(resolved, described, Generator()).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        built(example_input(resolved, described))
    assert forward_flops(resolved, described) == counter.get_total_flops() > 0


@pytest.mark.parametrize(("profile", "chapter", "run"), [*trained(DescentRun), *trained(MaskedRun)])
def test_a_small_step_of_every_run_lowers_its_loss_in_every_profile(profile: str, chapter: str, run: str) -> None:
    """At a hundredth of its rate, on a whole batch: what random changes of the images, and masks, add is less.

    Batch norm also moves its statistics, which no gradient asked for: such a run is compared with one at no rate.
    """
    resolved = runs.resolve({**PARAMS, "profile": profile}, chapter, run)
    assert isinstance(resolved, DescentRun | MaskedRun)
    data, first = examples(chapter, 16), resolved.schedule(0, 1, 1)
    rate = resolved.optimiser.learning_rate / 100 / first
    before, after = one_step(resolved, data, rate)
    assert (after.step, after.learning_rate) == (1, pytest.approx(rate * first))
    if getattr(resolved.model, "batch_norm", False):
        _, before = one_step(resolved, data, rate / 1e20)
    assert after.frozen_loss < before.frozen_loss


def one_step(run: DescentRun | MaskedRun, data: Data, rate: float) -> list[EpochRecord]:
    """The records before and after one step on all examples."""
    changes = {
        "optimiser": run.optimiser.model_copy(update={"learning_rate": rate}),
        "batch_size": len(data.train[1]),
        "epochs": 1,
        "seeds": 1,
        "precision": "float32",
    }
    whole = {"sample": None} if isinstance(run, DescentRun) else {}
    events = run.model_copy(update=changes | whole).events(data)
    return [report for _, report in events if isinstance(report, EpochRecord)]


@pytest.mark.parametrize(("profile", "chapter", "run"), trained(MarginRun))
def test_every_machine_is_fitted_in_every_profile(profile: str, chapter: str, run: str) -> None:
    resolved = runs.resolve({**PARAMS, "profile": profile}, chapter, run)
    short = resolved.model_copy(update={"seeds": 1, "sample": None})
    *records, machine = [report for _, report in short.events(examples(chapter, 30))]
    assert len(records) == len(resolved.model_dump()["C"])
    assert isinstance(machine, Trained)


@cache
def examples(chapter: str, count: int) -> Data:
    """Noise of the shape that the chapter's data have."""
    described = card(chapters.dataset(PARAMS, chapter))
    generator = Generator().manual_seed(0)
    x = torch.rand(count, *described["shape"], generator=generator)
    x = x if described["kind"] == "points" else (x * 255).to(torch.uint8)
    split = (x, torch.arange(count) % len(described["classes"]))
    return Data(described, fit_all(x), split, split)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_data_set_validates_in_every_profile(profile: str) -> None:
    params = {**PARAMS, "profile": profile}
    for name in PARAMS["data"]:
        assert resolve_dataset(params, name).validation > 0


def test_the_quick_profile_downloads_nothing_and_the_others_use_the_real_data() -> None:
    for profile in PROFILES:
        params = {**PARAMS, "profile": profile}
        stands_for = {name: resolve_dataset(params, name).source.stands_for for name in PARAMS["data"]}
        real = {"circles": "circles", "rings": "circles", "mnist": "mnist"}
        real |= dict.fromkeys(("cifar10", "cifar10_grey"), "cifar10")
        embedded = {"quick": ("mnist", "cifar10", "cifar10_grey"), "mnist": ("cifar10", "cifar10_grey")}
        assert stands_for == real | dict.fromkeys(embedded.get(profile, ()))


def test_the_published_scale_is_declared() -> None:
    baseline = runs.resolve({**PARAMS, "profile": "paper"}, "cnn", "baseline")
    assert (baseline.epochs, baseline.seeds, baseline.batch_size) == (100, 5, 256)
    assert baseline.optimiser.learning_rate == 0.1
