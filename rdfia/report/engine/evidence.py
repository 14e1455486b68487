"""What results say of a name that decides a question or shows an error, in a few words."""

import re
from collections import Counter
from collections.abc import Sequence

from rdfia.analyse.groups import groups
from rdfia.analyse.metrics import mean, resolve
from rdfia.analyse.results import ChapterResult, RunResult, Study
from rdfia.analyse.train_images import error_power
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.table import Column, Table

ACCURACY, EFFECT, EXPONENT = Column("accuracy"), Column("effect", signed=True), Column("exponent")
SENTENCE = re.compile(r"(?<=[.;])\s+")


def evidence(name: str, study: Study, content: Table | Drawing | None) -> str:
    """Return what a run, a group or a chapter came to; of a computation, what the caption of its content says first."""
    chapter, _, part = name.partition("/")
    found = next((one for one in study.chapters if one.name == chapter), None)
    if found is None:
        return SENTENCE.split(content.caption)[0].rstrip(".;") if content else ""
    run = found.run(part)
    if run:
        return _of_run(run, found)
    powers = [power for group in groups(found) if part == group.name and (power := error_power(group))]
    words = _of_runs([one for one in found.runs if part in ("", one.group)], found)
    return "; ".join([words, *(f"the error goes as images to the power {EXPONENT.text(power)}" for power in powers)])


def _of_run(run: RunResult, chapter: ChapterResult) -> str:
    """Return the accuracy of a run, and its effect with the verdict where it has one."""
    if run.test_accuracy is None:
        return run.status
    words, effect = f"{ACCURACY.text(run.test_accuracy)} %", chapter.effect(run)
    if effect is None:
        return words
    return f"{words}, {EFFECT.text(effect)} points against {run.reference}: {resolve(effect)}"


def _of_runs(runs: Sequence[RunResult], chapter: ChapterResult) -> str:
    """Return between what the runs lie, and how their effects came out; those that search a rate are none of them."""
    known = [run for run in runs if run.test and not run.searching]
    if not known:
        return runs[0].status if runs else ""
    means = [mean(list(run.test.values())) for run in known]
    effects = Counter(resolve(effect) for run in known if (effect := chapter.effect(run)) is not None)
    words = [f"{len(known)} run{'' if len(known) == 1 else 's'}, {min(means):.2f} to {max(means):.2f} %"]
    return ": ".join([*words, *filter(None, [", ".join(f"{count} {verdict}" for verdict, count in effects.items())])])
