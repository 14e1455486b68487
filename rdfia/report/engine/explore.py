"""What a page's scripts read, as JSON in the page: the curves of runs seed by seed, settings, final figures."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from rdfia.analyse.curves import ACCURACY, PARTS, has_curves, spread
from rdfia.analyse.metrics import Estimate
from rdfia.analyse.results import PERCENT, RunResult, Study
from rdfia.config import leaves
from rdfia.record.run import Row
from rdfia.report.engine.blocks import Section

Explored = Mapping[str, Mapping[str, Any]]  # facts of runs, by key
POINTS = 100  # epochs of a curve, at most
MEASURES = ("loss", ACCURACY)


def explored(study: Study) -> Explored:
    """Return every run that has results, with its curves; `place`, among all runs, is what its colour comes from."""
    return {
        run.key: {"title": run.title, "place": place, **_curves(run)} for place, run in enumerate(study.runs) if run.ran
    }


def with_curves(runs: Explored, keys: Iterable[str]) -> Explored:
    """Return those of the runs that are named and have curves."""
    return {key: runs[key] for key in dict.fromkeys(keys) if key in runs and runs[key]["epochs"]}


def on_page(runs: Explored, section: Section) -> Explored:
    """Return the runs whose curves a page shows."""
    return with_curves(runs, [key for drawing in section.drawings if drawing.curves for key in drawing.curves.runs])


def compared(runs: Explored, study: Study) -> Explored:
    """Return all runs, with what the page *Compare* lays beside each other."""
    return {run.key: {**runs[run.key], **_figures(run)} for run in study.runs if run.key in runs}


def _figures(run: RunResult) -> dict[str, Any]:
    """Return what a run changes, its settings and its final accuracies."""
    return {
        "changes": run.changes,
        "settings": settings(run.config),
        "test": _estimate(run.test_accuracy),
        "validation": _estimate(run.validation_accuracy),
    }


def settings(config: Mapping[str, Any]) -> dict[str, str]:
    """Return every setting by its dotted key, written as params.yaml could have it."""
    return {key: value if isinstance(value, str) else _written(value) for key, value in leaves(config)}


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _estimate(found: Estimate | None) -> list[float | None] | None:
    """Return the mean and the ends of the interval."""
    if found is None:
        return None
    return [None if value is None else round(value, 2) for value in (found.mean, found.low, found.high)]


def _curves(run: RunResult) -> dict[str, Any]:
    """Return loss and accuracy by part of the data: a list for each seed, with a value for each of the epochs."""
    if not has_curves(run):
        return {"epochs": [], "seeds": []}
    rows = {(int(row["seed"] or 0), row["epoch"] or 0): row for row in run.history}
    recorded = sorted({epoch for _, epoch in rows})
    epochs = [recorded[place] for place in spread(len(recorded), POINTS)]
    seeds = list(dict.fromkeys(seed for seed, _ in rows))
    found: dict[str, Any] = {"epochs": [_whole(epoch) for epoch in epochs], "seeds": seeds}
    for measure in MEASURES:
        lines = {part: [_line(rows, seed, epochs, part, measure) for seed in seeds] for part in PARTS}
        found[measure] = {part: each for part, each in lines.items() if _recorded(each)}
    return found


def _recorded(lines: Iterable[Iterable[float | None]]) -> bool:
    return any(value is not None for line in lines for value in line)


def _line(
    rows: Mapping[tuple[int, float], Row], seed: int, epochs: list[float], part: str, measure: str
) -> list[float | None]:
    """Return what a seed recorded at each epoch, None where it recorded nothing."""
    key = f"{part}_{measure}"
    return [_short(rows.get((seed, epoch), {}).get(key), measure) for epoch in epochs]


def _short(value: float | None, measure: str) -> float | None:
    """Return an accuracy in percent to two decimals, a loss to four digits; None for what no JSON can say."""
    if value is None or not math.isfinite(value):
        return None
    return round(PERCENT * value, 2) if measure == ACCURACY else float(f"{value:.4g}")


def _whole(value: float) -> float:
    """Return a whole number as one."""
    return int(value) if value == int(value) else value
