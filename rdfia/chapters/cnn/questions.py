"""Tables on the written questions of convolutions, pooling and dropout: formulas and claims beside what is counted."""

from collections.abc import Iterator
from typing import Any

from rdfia.analyse.metrics import resolve
from rdfia.analyse.pareto import seconds_per_seed
from rdfia.analyse.results import RunResult
from rdfia.report.engine.context import Context, Facts
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column
from rdfia.words import listed

QUANTITIES = {
    "values": "values of the output",
    "weights": "weights of the filter",
    "dense": "weights of a dense layer",
    "unshared": "weights without sharing",
}
METHODS = {  # question 1d.★: its name, what it does and why it helps, in a sentence
    "standardise": (
        "standardising",
        "Every channel gets mean 0 and variance 1, so that one rate suits the first layer's weights on all of them.",
    ),
    "zca": (
        "ZCA whitening",
        "Pixels lose what their neighbours say already and are turned back into a picture, so that edges stand out.",
    ),
    "crop_flip": (
        "crop and flip",
        "In every epoch each image is another cut of itself or its mirror, and cannot be learnt by heart.",
    ),
    "affine_crop": (
        "affine and crop",
        "Turns, shifts and scales are added: more variants of the same label, and harder ones.",
    ),
    "exponential": (
        "exponential decay",
        "Large steps travel far at first, small ones settle at the end.",
    ),
    "adam": (
        "Adam",
        "Each weight has a step of its own, shorter where its gradients have been large.",
    ),
    "dropout_05": (
        "dropout",
        "Units are left out at random, so that none can rely on another.",
    ),
    "batch_norm": (
        "batch norm",
        "Each channel keeps its scale within a batch, so that larger steps stay stable.",
    ),
    "cutmix": (
        "CutMix",
        "A part of another image comes with its part of the label, so that no single part decides.",
    ),
}
ENDS = ("smallest", "largest")
REPORTS = ("R2023a", "R2026")  # whose counts of single layers are not ours


@table("theory_sizes")
def convolution_formulas(context: Context) -> Iterator[Rows]:
    """Give every formula, ours and printed, with the share of sizes at which it is right and the first where not."""
    facts, _ = context.theory("convolution")
    columns = (
        Column("quantity"), Column("formula", code=True, wide=True), Column("printed in"),
        Column("sizes where right", numeric=True), Column("first where wrong", wide=True),
    )  # fmt: skip
    if facts:
        rows = [
            (QUANTITIES[f["quantity"]], f["written"], listed(f["reports"]), f["right"], _first_wrong(f["first_wrong"]))
            for f in facts["formulas"]
        ]
        yield Rows(columns, rows, facts)


@table("theory_convolution")
def convolution_layers(context: Context) -> Iterator[Rows]:
    """Give output, weights and receptive field of each layer, and the sums, with what reports print."""
    facts, _ = context.theory("convolution")
    columns = (
        Column("layer"), Column("output"), Column("weights", numeric=True),
        *(Column(f"weights in {report}", numeric=True) for report in REPORTS),
        Column("receptive field", numeric=True), Column("by the gradient", numeric=True),
        Column("most rows seen", numeric=True),
    )  # fmt: skip
    if facts:
        fields = {field["layer"]: field for field in facts["fields"]}
        rows = [_layer(layer, fields.get(layer["layer"])) for layer in facts["layers"]]
        yield Rows(columns, [*rows, *_sums(facts)], facts)


@table("theory_split_statistics")
def own_statistics(context: Context) -> Iterator[Rows]:
    """Give how far a standardised pixel moves by statistics of its own split, by the size of the split."""
    facts, _ = context.theory("split_statistics")
    columns = (
        Column("images in the split", numeric=True), Column("splits", numeric=True),
        Column("a pixel moves by", "deviations", numeric=True, digits=3),
        Column("in the worst split", "deviations", numeric=True, digits=3),
        Column("a pixel moves by", "levels of 255", numeric=True),
    )  # fmt: skip
    if facts:
        keys = ("images", "splits", "move", "largest", "levels")
        yield Rows(columns, [tuple(one[key] for key in keys) for one in facts["splits"]], facts)


@table("theory_robust_scaling")
def robust_centres(context: Context) -> Iterator[Rows]:
    """Give where each formula of robust scaling puts the middle of the channels."""
    facts, _ = context.theory("robust_scaling")
    columns = (
        Column("formula", code=True), Column("printed in"),
        *(Column(f"{end} median of a channel", numeric=True) for end in ENDS),
        Column("values below zero", "%", numeric=True),
    )  # fmt: skip
    if facts:
        rows = [(f["written"], ", ".join(f["reports"]), *f["medians"], 100 * f["negative"]) for f in facts["formulas"]]
        yield Rows(columns, rows, facts)


@table("theory_pooling")
def pooling(context: Context) -> Iterator[Rows]:
    """Give how much of the features changes when an image moves, by the side of the window of the pooling."""
    facts, _ = context.theory("pooling")
    if facts:
        names = ["no pooling" if side == 1 else f"pooling by {side}" for side in facts["windows"]]
        columns = (Column("the image is"), *(Column(name, "%", numeric=True) for name in names))
        rows = [(change, *(100 * share for share in shares)) for change, shares in facts["changed"].items()]
        yield Rows(columns, rows, facts)


@table("theory_dropout")
def dropout_conventions(context: Context) -> Iterator[Rows]:
    """Give how many times as large the next layer's input is in testing as in training, by convention and p."""
    facts, _ = context.theory("dropout")
    if facts:
        shares = list(facts["dropped"])
        columns = (
            Column("kept units are multiplied by"), Column("as in"),
            *(Column(f"test ÷ train, p = {p}", numeric=True) for p in shares),
        )  # fmt: skip
        rows = [
            (one["written"], listed(one["reports"]) if one["reports"] else "", *(one["ratio"][p] for p in shares))
            for one in facts["conventions"]
        ]
        yield Rows(columns, rows, facts)


@table("theory_masks")
def dropout_ensembles(context: Context) -> Iterator[Rows]:
    """Give how far means over masked passes are from the one pass without a mask."""
    facts, _ = context.theory("dropout")
    columns = (
        Column("p", numeric=True), Column("masks", numeric=True),
        Column("mean of the shares, apart", "%", numeric=True), Column("mean of the logits, apart", "%", numeric=True),
        Column("one masked pass, apart", "%", numeric=True),
    )  # fmt: skip
    if facts:
        rows = [
            (one["p"], one["passes"], *(100 * one[key] for key in ("arithmetic", "geometric", "spread")))
            for one in facts["ensembles"]
        ]
        yield Rows(columns, rows, facts)


@table("theory_batch_norm")
def normed_channels(context: Context) -> Iterator[Rows]:
    """Give the smallest and largest mean and deviation of a channel, without batch norm and with it."""
    facts, _ = context.theory("batch_norm")
    columns = (
        Column("outputs"), *(Column(f"{end} {kind}", numeric=True) for kind in ("mean", "deviation") for end in ENDS)
    )  # fmt: skip
    if facts:
        names = {"without": "without batch norm", "with": "with batch norm"}
        rows = [(label, *facts[name]["mean"], *facts[name]["deviation"]) for name, label in names.items()]
        yield Rows(columns, rows, facts)


@table("theory_batches")
def epochs_in_batches(context: Context) -> Iterator[Rows]:
    """Give what an epoch is made of, by the size of its batches."""
    facts, _ = context.theory("batches")
    columns = (
        Column("batch size"), Column("steps, one after the other", numeric=True),
        Column("examples at once", numeric=True), Column("examples in the last", numeric=True),
    )  # fmt: skip
    if facts:
        keys = ("steps", "at_once", "last")
        yield Rows(columns, [(str(one["size"]), *(one[key] for key in keys)) for one in facts["epochs"]], facts)


@table("{chapter}_methods")
def methods(context: Context) -> Iterator[Rows]:
    """Give for each method of the course a sentence, its effect, and what it costs beside its reference."""
    columns = (
        Column("method"), Column("what it does and why it helps", wide=True), Column("run", code=True, runs=True),
        Column("effect", "points", signed=True, numeric=True), Column("against", code=True, runs=True),
        Column("verdict"), Column("time of its reference", "times", numeric=True),
    )  # fmt: skip
    rows = list[tuple[Cell, ...]]()
    for name, (label, sentence) in METHODS.items():
        run = context.chapter.run(name)
        effect = context.chapter.effect(run) if run else None
        if run and effect:
            times = _times(run, context.chapter.run(run.reference) or run)
            rows.append((label, sentence, name, effect, run.reference, resolve(effect), times))
    if rows:
        yield Rows(columns, rows, {"left": [name for name in METHODS if not any(row[2] == name for row in rows)]})


def _times(run: RunResult, reference: RunResult) -> float | None:
    """Return what training took beside the reference, where both had cores of one machine: a GPU is shared unevenly."""
    own, other = (each.timing.get("machine", {}) for each in (run, reference))
    price, base = map(seconds_per_seed, (run, reference))
    alike = own == other and own.get("device") == "cpu"
    return price / base if alike and price and base else None


def _first_wrong(case: dict[str, Any] | None) -> str:
    """Say the first size at which a formula fails."""
    if case is None:
        return ""
    sizes = ", ".join(f"{name} = {case[name]}" for name in "xyzkps")
    return f"{sizes}: {case['gives']:,g} for {case['counted']:,}"


def _layer(layer: dict[str, Any], field: dict[str, Any] | None) -> tuple[Cell, ...]:
    printed = [layer["printed"][report] for report in REPORTS]
    seen = (field["sides"]["ours"], field["seen"], field["within"]) if field else (None, None, None)
    return (layer["layer"], " × ".join(map(str, layer["output"])), layer["weights"], *printed, *seen)


def _sums(facts: Facts) -> Iterator[tuple[Cell, ...]]:
    totals = [facts["total"], *(facts["printed_totals"][report] for report in REPORTS)]
    yield ("in all", "", *totals, None, None, None)
    yield ("for each train image", "", *(total / facts["examples"] for total in totals), None, None, None)
