"""The chain of a chapter: runs of which each adds one thing to the run before it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rdfia.analyse.published import Published, comparable_figures
from rdfia.analyse.results import ChapterResult, RunResult, Study


def longest_chain(chapter: ChapterResult) -> list[RunResult]:
    """Return the longest chain of references from the first run on; of equally long ones that declared first.

    A run with others of its group beside it, measured against the same run, is a variant and ends no chain.
    """
    beside = Counter((run.group, run.reference) for run in chapter.runs if run.group)
    ends = [run for run in chapter.runs if not run.searching and beside[run.group, run.reference] < 2]
    return max((_chain_to(chapter, run) for run in ends), key=len, default=[])


def _chain_to(chapter: ChapterResult, run: RunResult) -> list[RunResult]:
    """Return all that the run builds on, the chapter's first run in front; nothing where references lead elsewhere."""
    steps = [run]
    while steps[-1] is not chapter.runs[0]:
        before = chapter.run(steps[-1].reference)
        if before is None or before in steps:
            return []
        steps.append(before)
    return steps[::-1]


def published_chains(
    study: Study, steps: Sequence[RunResult], figures: Iterable[Published]
) -> dict[str, dict[int, float]]:
    """Return each report's comparable figures by step; the last one printed for a step is the report's own."""
    lines: dict[str, dict[int, float]] = {}
    for place, run in enumerate(steps):
        for figure in comparable_figures(study, run, figures):
            lines.setdefault(figure.report, {})[place] = figure.number
    return dict(sorted(lines.items()))
