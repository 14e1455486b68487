"""The report as one JSON object, for programs; nothing in it depends on the time."""

from collections.abc import Sequence
from typing import Any

from rdfia.analyse.metrics import Estimate, mean, resolve
from rdfia.analyse.published import Verdict, joined
from rdfia.analyse.results import ChapterResult, RunResult, Study


def summary(study: Study, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The profile, the data and every declared run; accuracies in percent."""
    cards = {name: {k: getattr(card, k) for k in ("source", "label", "sha256")} for name, card in study.cards.items()}
    runs = {
        run.key: _run(chapter, run, [v for v in verdicts if v.published.run == run.key])
        for chapter in study.chapters
        for run in chapter.runs
    }
    return {"profile": study.profile, "data": cards, "runs": runs}


def _run(chapter: ChapterResult, run: RunResult, found: Sequence[Verdict]) -> dict[str, Any]:
    """One run's figures and verdicts."""
    return {
        "status": run.status,
        "parameters": run.parameters,
        "test_accuracy": _estimate(run.test_accuracy),
        "validation_accuracy": _estimate(run.validation_accuracy),
        "effect": _effect(run, chapter.effect(run)),
        "published": [{"report": v.published.report, "value": v.published.number, "verdict": str(v)} for v in found],
        "verdict": joined(found),
    }


def _effect(run: RunResult, effect: Estimate | None) -> dict[str, Any] | None:
    """The difference to the reference, None where there is none."""
    if effect is None:
        return None
    low, high = _rounded(effect.low), _rounded(effect.high)
    figures = {"difference": round(effect.mean, 2), "low": low, "high": high}
    return {"reference": run.reference, **figures, "verdict": resolve(effect)}


def _estimate(estimate: Estimate | None) -> dict[str, Any] | None:
    if estimate is None:
        return None
    low, high = _rounded(estimate.low), _rounded(estimate.high)
    return {"mean": round(estimate.mean, 2), "low": low, "high": high, "seeds": estimate.seeds}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def headline_metrics(study: Study) -> dict[str, dict[str, float]]:
    """Return the mean test accuracy of each evaluated run in percent, by chapter: few numbers that DVC compares."""
    runs = {chapter.name: [run for run in chapter.runs if run.test] for chapter in study.chapters}
    return {
        name: {run.name: round(mean(list(run.test.values())), 2) for run in evaluated}
        for name, evaluated in runs.items()
        if evaluated
    }
