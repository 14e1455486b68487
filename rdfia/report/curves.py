"""Learning curves: small multiples by run, with bands over seeds; in a large group smaller, beside the reference."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from rdfia.analyse.groups import Group
from rdfia.analyse.history import history
from rdfia.analyse.results import PERCENT, ChapterResult, RunResult, Study
from rdfia.report.engine.drawing import BLUE, GREEN, MUTED, ORANGE, Drawing, finish, listed, panels

DETAILED = 12  # runs that are drawn one by one; a group of more has smaller panels
ACROSS = 6  # small panels in a row
POINTS, FEW = 50, 25  # epochs of a line, at most, and of one in a small panel
LETTERS = 20  # of a title that fit a small panel
SPREAD = 3.0  # small panels begin so many times as far below the highest end as the median lies
LINES = {
    "train": ("train, running", BLUE),
    "frozen": ("train, frozen weights", GREEN),
    "validation": ("validation", ORANGE),
}
CROWDED = {"loss": ("frozen", "validation"), "accuracy": ("validation",)}
Record = dict[str, float | None]
Floats = npt.NDArray[np.float64]
Band = tuple[Floats, Floats, Floats, Floats]
Shown = Sequence[tuple[RunResult, str, list[Record]]]  # a run, what it is called here, its records


def of_group(study: Study, chapter: ChapterResult, group: Group) -> list[Drawing]:
    """Loss and accuracy over the epochs of one group; nothing where no history is."""
    shown = _shown(study, group)
    drawn = _figure if len(shown) <= DETAILED else _crowd
    return [drawn(chapter, group, shown, measure) for measure in ("loss", "accuracy")] if shown else []


def _shown(study: Study, group: Group) -> Shown:
    """The group's runs that have a history of epochs; a search for a rate has a figure of its own."""
    named = zip(group.runs, group.labels, strict=True)
    done = [(run, label) for run, label in named if run.ran and not run.searching]
    found = [(run, label, history(study, run)) for run, label in done]
    kept = [each for each in found if each[2] and "frozen_loss" in each[2][0]]
    return kept if any(run.group == group.name for run, *_ in kept) else []


def _figure(chapter: ChapterResult, group: Group, shown: Shown, measure: str) -> Drawing:
    """One panel for each run."""
    figure, axes = panels(len(shown), 4, 1.75, sharey=True)
    for axis, (_, label_of_run, records) in zip(axes, shown, strict=True):
        for prefix in LINES:
            _line(axis, band(records, f"{prefix}_{measure}"), prefix, measure)
        axis.set_title(label_of_run)
        axis.set_xlabel("epoch")
    axes[0].set_ylabel("accuracy (%)" if measure == "accuracy" else "loss")
    _limit(axes, shown, measure)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=len(LINES))
    caption, alt = _words(shown, measure)
    return finish(figure, f"{chapter.name}{group.suffix}_{measure}", caption, alt)


def _line(axis: Axes, over: Band, prefix: str, measure: str, most: int = POINTS) -> None:
    """A mean over seeds in its band."""
    label, colour = LINES[prefix]
    scale = PERCENT if measure == "accuracy" else 1.0
    epochs, low, centre, high = thinned(over, most)
    axis.fill_between(epochs, scale * low, scale * high, color=colour, alpha=0.2, linewidth=0)
    axis.plot(epochs, scale * centre, color=colour, label=label)


def band(records: Sequence[Record], key: str) -> Band:
    """Epochs with the smallest, mean and largest value over the seeds that reached them."""
    groups: dict[float, list[float]] = defaultdict(list)
    for record in records:
        epoch, value = record.get("epoch"), record.get(key)
        if epoch is not None and value is not None and np.isfinite(value):
            groups[epoch].append(value)
    epochs = sorted(groups)
    parts = [[reduce(groups[epoch]) for epoch in epochs] for reduce in (np.min, np.mean, np.max)]
    low, centre, high = (np.asarray(part, dtype=np.float64) for part in parts)
    return np.asarray(epochs, dtype=np.float64), low, centre, high


def thinned(over: Band, most: int) -> Band:
    """Evenly spread epochs, the first and the last among them: a page holds dozens of such figures."""
    count = len(over[0])
    at = np.unique(np.linspace(0, max(0, count - 1), min(most, count)).round().astype(int))
    epochs, low, centre, high = (part[at] for part in over)
    return epochs, low, centre, high


def _limit(axes: Sequence[Axes], shown: Shown, measure: str) -> None:
    """Keep one run that diverges from flattening the others: the loss axis ends at three times the first loss."""
    if measure == "accuracy":
        axes[0].set_ylim(0, 101)
        return
    starts = [record["frozen_loss"] for *_, records in shown for record in records if record["epoch"] == 0]
    finite = [start for start in starts if start is not None and np.isfinite(start)]
    top = axes[0].get_ylim()[1]
    axes[0].set_ylim(0, float(np.clip(top, 1.05 * max(finite), 3 * max(finite))) if finite else top)


def _crowd(chapter: ChapterResult, group: Group, shown: Shown, measure: str) -> Drawing:
    """A small panel for each run, before the validation line of what it is measured against."""
    figure, axes = panels(len(shown), ACROSS, 1.2, sharex=True, sharey=True)
    held = {run.name: band(records, f"validation_{measure}") for run, _, records in shown}
    for axis, (run, label, records) in zip(axes, shown, strict=True):
        if run.reference in held and run.reference != run.name:
            epochs, _, centre, _ = thinned(held[run.reference], FEW)
            scale = PERCENT if measure == "accuracy" else 1.0
            axis.plot(epochs, scale * centre, color=MUTED, linewidth=1, label="validation of the reference")
        for prefix in CROWDED[measure]:
            _line(axis, band(records, f"{prefix}_{measure}"), prefix, measure, FEW)
        axis.set_title(label, fontsize=min(8.5, 8.5 * LETTERS / len(label)))
    _edges(axes, measure)
    if measure == "loss":
        _limit(axes, shown, measure)
    _notes(axes, shown, _closer(axes, held) if measure == "accuracy" else {})
    for along in (axes[0].xaxis, axes[0].yaxis):  # ticks that all panels share are found once
        low, high = sorted(along.get_view_interval())
        along.set_ticks([tick for tick in along.get_ticklocs() if low <= tick <= high])
    entries = {label: line for axis in axes for line, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(entries.values(), entries.keys(), loc="outside upper left", ncols=len(entries))
    return finish(figure, f"{chapter.name}{group.suffix}_{measure}", *_crowd_words(shown, measure, held))


def _notes(axes: Sequence[Axes], shown: Shown, low: Mapping[str, float]) -> None:
    """What a small panel cannot show: seeds that diverged, and an end below it."""
    for axis, (run, *_) in zip(axes, shown, strict=True):
        words = [f"{run.diverged} of {run.declared} diverged"] if run.diverged else []
        words += [f"ends at {low[run.name]:.1f} %"] if run.name in low else []
        if words:
            axis.text(0.97, 0.05, "\n".join(words), transform=axis.transAxes, ha="right", color=MUTED, fontsize=8)


def _edges(axes: Sequence[Axes], measure: str) -> None:
    """Epochs below the last panel of each column, the measure beside the first of each row."""
    for place, axis in enumerate(axes):
        axis.tick_params(labelsize=8.5)
        if place + ACROSS >= len(axes):
            axis.tick_params(labelbottom=True)
            axis.set_xlabel("epoch", fontsize=8.5)
        if place % ACROSS == 0:
            axis.set_ylabel("accuracy (%)" if measure == "accuracy" else "loss", fontsize=8.5)


def _closer(axes: Sequence[Axes], held: Mapping[str, Band]) -> dict[str, float]:
    """Look at where most runs end; those that end below."""
    ends = {name: PERCENT * float(over[2][-1]) for name, over in held.items() if len(over[0])}
    if not ends:
        return {}
    high, middle = max(ends.values()), float(np.median(list(ends.values())))
    floor = max(min(ends.values()), high - SPREAD * max(high - middle, 1.0))
    top = PERCENT * max(float(over[3].max()) for over in held.values() if len(over[0]))
    room = max(top - floor, 1.0)
    low = floor - 0.5 * room  # some of the way up is seen too
    axes[0].set_ylim(low, top + 0.06 * room)
    return {name: end for name, end in ends.items() if end < low}


def _words(shown: Shown, measure: str) -> tuple[str, str]:
    """Caption and description, with the run in which validation parts most from training."""
    what = (
        f"{measure.capitalize()} over the epochs; lines are means over seeds, bands run from the lowest seed to the "
        "highest. Epoch 0 is before the first step. The running train figure averages over a network that moves, so "
        "it lags behind the same data seen with frozen weights."
    )
    alt = f"Line charts of the {measure} by epoch for {listed([label for _, label, _ in shown])}."
    return f"{what}{_look(shown, measure)}", alt


def _look(shown: Shown, measure: str) -> str:
    """In which run validation parts most from the train set."""
    gaps = {label: _gap(records, measure) for _, label, records in shown}
    widest = max(gaps, key=lambda name: gaps[name])
    unit = " points" if measure == "accuracy" else ""
    if gaps[widest] <= 0:
        return " By the end validation stands no worse than the frozen train line in any run."
    return (
        " Look at where validation leaves the frozen train line: by the end the gap is widest in "
        f"{widest}, at {gaps[widest]:.2f}{unit}."
    )


def _crowd_words(shown: Shown, measure: str, held: Mapping[str, Band]) -> tuple[str, str]:
    """Caption and description of small panels: for the loss the widest gap, for the accuracy the reference."""
    what = (
        f"{measure.capitalize()} over the epochs of all {len(shown)} runs, with shared axes; lines are means over "
        "seeds, bands run from the lowest seed to the highest, and the grey line is the validation mean of the run "
        "that a panel is measured against."
    )
    told = _look(shown, measure) if measure == "loss" else _beside(shown, held)
    alt = f"{len(shown)} small line charts of the {measure} by epoch: {listed([label for _, label, _ in shown])}."
    return f"{what}{told}", alt


def _beside(shown: Shown, held: Mapping[str, Band]) -> str:
    """How many runs end above the grey line, and which are furthest from it."""
    both = [(run.reference, run.name, label) for run, label, _ in shown if run.reference != run.name]
    known = [(held[before], held[own], label) for before, own, label in both if before in held]
    ends = {label: PERCENT * float(b[2][-1] - a[2][-1]) for a, b, label in known if len(a[0]) and len(b[0])}
    if not ends:
        return ""
    best, worst = max(ends, key=lambda name: ends[name]), min(ends, key=lambda name: ends[name])
    above = sum(end > 0 for end in ends.values())
    return (
        f" Look at where the orange line leaves the grey one: {above} of {len(ends)} end above it; furthest up "
        f"ends {best}, by {ends[best]:+.2f} points, furthest down {worst}, by {ends[worst]:+.2f}."
    )


def _gap(records: Sequence[Record], measure: str) -> float:
    """How far validation stands from the frozen train set in the last epoch, towards over-fitting."""
    _, _, frozen, _ = band(records, f"frozen_{measure}")
    _, _, validation, _ = band(records, f"validation_{measure}")
    if not (len(frozen) and len(validation)):
        return 0.0
    gap = float(frozen[-1] - validation[-1])
    return PERCENT * gap if measure == "accuracy" else -gap
