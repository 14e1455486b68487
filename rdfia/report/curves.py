"""Learning curves: small multiples by run, with bands over seeds."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from rdfia.analyse.groups import Group, groups
from rdfia.analyse.results import NOT_RUN, PERCENT, ChapterResult, RunResult, Study, history
from rdfia.report.style import BLUE, GREEN, ORANGE, Drawing, finish, listed, panels

DETAILED = 12  # runs that are drawn one by one
LINES = {
    "train": ("train, running", BLUE),
    "frozen": ("train, frozen weights", GREEN),
    "validation": ("validation", ORANGE),
}
Record = dict[str, float | None]
Floats = npt.NDArray[np.float64]
Shown = Sequence[tuple[RunResult, str, list[Record]]]  # a run, what it is called here, its records


def draw(study: Study, chapter: ChapterResult) -> list[Drawing]:
    """Loss and accuracy over the epochs, group by group; nothing where no history is."""
    return [
        _figure(chapter, group, shown, measure)
        for group in groups(chapter)
        if (shown := _shown(study, group))
        for measure in ("loss", "accuracy")
    ]


def _shown(study: Study, group: Group) -> Shown:
    """The group's first runs that have a history of epochs."""
    named = [(run, label) for run, label in zip(group.runs, group.labels, strict=True) if run.status != NOT_RUN]
    found = ((run, label, history(study, run)) for run, label in named)
    return [each for each in found if each[2] and "frozen_loss" in each[2][0]][:DETAILED]


def _figure(chapter: ChapterResult, group: Group, shown: Shown, measure: str) -> Drawing:
    """One panel for each run."""
    figure, axes = panels(len(shown), 4, 1.75, sharey=True)
    scale = PERCENT if measure == "accuracy" else 1.0
    for axis, (_, label_of_run, records) in zip(axes, shown, strict=True):
        for prefix, (label, colour) in LINES.items():
            epochs, low, centre, high = band(records, f"{prefix}_{measure}")
            axis.fill_between(epochs, scale * low, scale * high, color=colour, alpha=0.2, linewidth=0)
            axis.plot(epochs, scale * centre, color=colour, label=label)
        axis.set_title(label_of_run)
        axis.set_xlabel("epoch")
    axes[0].set_ylabel("accuracy (%)" if measure == "accuracy" else "loss")
    _limit(axes, shown, measure)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=len(LINES))
    caption, alt = _words(group, shown, measure)
    return finish(figure, f"{chapter.name}{group.suffix}_{measure}", caption, alt)


def band(records: Sequence[Record], key: str) -> tuple[Floats, Floats, Floats, Floats]:
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


def _limit(axes: Sequence[Axes], shown: Shown, measure: str) -> None:
    """Keep one run that diverges from flattening the others: the loss axis ends at three times the first loss."""
    if measure == "accuracy":
        axes[0].set_ylim(0, 101)
        return
    starts = [record["frozen_loss"] for *_, records in shown for record in records if record["epoch"] == 0]
    finite = [start for start in starts if start is not None and np.isfinite(start)]
    top = axes[0].get_ylim()[1]
    axes[0].set_ylim(0, float(np.clip(top, 1.05 * max(finite), 3 * max(finite))) if finite else top)


def _words(group: Group, shown: Shown, measure: str) -> tuple[str, str]:
    """Caption and description, with the run in which validation parts most from training."""
    left_out = len([run for run in group.runs if run.status != NOT_RUN]) - len(shown)
    more = f" The first {len(shown)} runs are shown; {left_out} more stand in the table." if left_out > 0 else ""
    what = (
        f"{measure.capitalize()} over the epochs; lines are means over seeds, bands run from the lowest seed to the "
        "highest. Epoch 0 is before the first step. The running train figure averages over a network that moves, so "
        "it lags behind the same data seen with frozen weights."
    )
    gaps = {label: _gap(records, measure) for _, label, records in shown}
    widest = max(gaps, key=lambda name: gaps[name])
    unit = " points" if measure == "accuracy" else ""
    look = " By the end validation stands no worse than the frozen train line in any run."
    if gaps[widest] > 0:
        look = " Look at where validation leaves the frozen train line: by the end the gap is widest in "
        look += f"{widest}, at {gaps[widest]:.2f}{unit}."
    alt = f"Line charts of the {measure} by epoch for {listed([label for _, label, _ in shown])}."
    return f"{what}{look}{more}", alt


def _gap(records: Sequence[Record], measure: str) -> float:
    """How far validation stands from the frozen train set in the last epoch, towards over-fitting."""
    _, _, frozen, _ = band(records, f"frozen_{measure}")
    _, _, validation, _ = band(records, f"validation_{measure}")
    if not (len(frozen) and len(validation)):
        return 0.0
    gap = float(frozen[-1] - validation[-1])
    return PERCENT * gap if measure == "accuracy" else -gap
