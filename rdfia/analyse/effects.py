"""Effects that are read together: which are resolved, and how wide their intervals are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rdfia.analyse.groups import CROWDED, Group
from rdfia.analyse.metrics import HELPS, HURTS, SAME, UNRESOLVED, Estimate, resolve, shared
from rdfia.analyse.published import Published, comparable_figures
from rdfia.analyse.results import PERCENT, ChapterResult, RunResult, Study

Labelled = Sequence[tuple[RunResult, str]]  # runs with their labels


@dataclass(frozen=True)
class Correction:
    """The smallest and the largest number of comparisons among the groups of some runs, for Bonferroni's correction."""

    least: int
    most: int

    @property
    def level(self) -> float:
        """The level of the widest interval in percent, 1 - (1 - level) / most."""
        return PERCENT * shared(self.most)


@dataclass(frozen=True)
class Resolved:
    """The names of the runs whose effect is resolved, by its sign, of those with none at all, and how many are open."""

    helps: tuple[str, ...]
    hurts: tuple[str, ...]
    same: tuple[str, ...]
    unresolved: int


def correction(chapter: ChapterResult, runs: Iterable[RunResult]) -> Correction:
    """Return for how many comparisons the effects of these runs are corrected."""
    counts = [chapter.comparisons(run) for run in runs]
    return Correction(min(counts, default=0), max(counts, default=0))


def resolved(effects: Sequence[tuple[str, Estimate]]) -> Resolved:
    """Return which of the named effects stand out of the noise."""
    kinds = [(name, resolve(effect)) for name, effect in effects]
    helps, hurts, same = (tuple(name for name, kind in kinds if kind == word) for word in (HELPS, HURTS, SAME))
    return Resolved(helps, hurts, same, sum(kind == UNRESOLVED for _, kind in kinds))


def evaluated(chapter: ChapterResult, group: Group) -> Labelled:
    """Return the runs that have an accuracy, none if all are references; a range test has no result."""
    runs = [(run, label) for run, label in _labelled(group) if run.test and not run.searching]
    whole = len(runs) > 1 and any(run.group == group.name for run, _ in runs)
    return runs if whole or len(chapter.runs) <= CROWDED else []


def compared(chapter: ChapterResult, group: Group) -> list[tuple[RunResult, str, Estimate]]:
    """Return the effects of the group's own runs: a group also shows references from elsewhere."""
    own = [each for each in _labelled(group) if len(chapter.runs) <= CROWDED or each[0].group == group.name]
    return [(run, label, effect) for run, label in own if (effect := chapter.effect(run)) is not None]


def _labelled(group: Group) -> Labelled:
    return list(zip(group.runs, group.labels, strict=True))


def published_effects(
    study: Study, chapter: ChapterResult, run: RunResult, figures: Sequence[Published]
) -> list[float]:
    """Return the differences of a run to its reference that one report prints both ends of."""
    reference = chapter.run(run.reference)
    if reference is None:
        return []
    ours, theirs = (comparable_figures(study, each, figures) for each in (run, reference))
    return [a.number - b.number for a in ours for b in theirs if a.report == b.report]
