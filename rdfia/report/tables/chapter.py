"""The table of a chapter's runs: accuracies, effects and published figures; one for each group if there are many.

Runs that the profile leaves out have no row: the caption names them.
"""

from collections.abc import Iterator

from rdfia.analyse.groups import Group, table_groups
from rdfia.analyse.metrics import resolve
from rdfia.analyse.results import FINISHED, LEFT_OUT, ChapterResult, RunResult
from rdfia.analyse.train_images import error_power
from rdfia.analyse.verdict_sentence import joined
from rdfia.report.engine.context import Context, Facts
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column

RUN = Column("run", code=True, runs=True)
TEST = Column("test accuracy", "%", numeric=True)
EXPONENT = Column("exponent")
RUNS = (
    RUN,
    Column("title", wide=True),
    Column("what it changes", wide=True),
    Column("status"),
    TEST,
    Column("effect", "points", signed=True, numeric=True),
    Column("against", code=True, runs=True),
    Column("verdict on the effect"),
    Column("published", "%", stacked=True),
    Column("verdict on the published", wide=True),
    Column("validation", "%", numeric=True),
    Column("train minus test", "points", signed=True, numeric=True),
    Column("seeds", numeric=True),
    Column("weights", numeric=True),
)


@table("{chapter}{group}")
def runs(context: Context) -> Iterator[Rows]:
    """Yield a row for each run; one of another group is there to compare with, and has its effect in its own table."""
    for group in table_groups(context.chapter):
        without = [run.name for run in group.runs if run.status == LEFT_OUT]
        trained = [run for run in group.runs if run.status != LEFT_OUT]
        shown = trained if any(not is_reference_row(group, run) for run in trained) else []
        others = [run.name for run in shown if is_reference_row(group, run)]
        facts = {
            **scope(context.chapter, group),
            "comparisons": _comparisons(context.chapter, group),
            "others": others,
            "without": without,
            "shown": len(shown),
            "profile": context.study.profile,
            "power": EXPONENT.text(power) if (power := error_power(group)) else "",
        }
        all_well = all(run.status == FINISHED and run.test for run in shown)  # then no column says so
        rows = [_run(context, run, is_reference_row(group, run), all_well) for run in shown]
        yield Rows(RUNS, rows, facts, group.name).trimmed()


def is_reference_row(group: Group, run: RunResult) -> bool:
    """Return whether a run is in the table of a group only because others are measured against it."""
    return bool(group.name) and run.group != group.name


def scope(chapter: ChapterResult, group: Group) -> Facts:
    """Return whose runs a table has: those of a group, of the chapter, or of the chapter and in no group."""
    partial = len(group.runs) < len(chapter.runs) and any(run.group for run in chapter.runs)
    return {
        "chapter": chapter.name,
        "group": group.name if partial else "",
        "ungrouped": partial and not group.name,
    }


def _comparisons(chapter: ChapterResult, group: Group) -> dict[str, int]:
    """Return how many runs are compared with their references, by group: m in the level 1 - (1 - level) / m."""
    names = dict.fromkeys(run.group for run in group.runs if not is_reference_row(group, run))
    firsts = {name: next(run for run in chapter.runs if run.group == name) for name in names}
    return {name: count for name, run in firsts.items() if (count := chapter.comparisons(run))}


def _run(context: Context, run: RunResult, reference_row: bool, all_well: bool) -> tuple[Cell, ...]:
    found = [verdict for verdict in context.verdicts if verdict.published.run == run.key]
    effect = None if reference_row else context.chapter.effect(run)
    return (
        run.name,
        run.title,
        f"{run.changes} (several settings)" if run.several else run.changes,
        None if all_well else status(run),
        run.test_accuracy,
        effect,
        None if reference_row or run.reference == run.name else run.reference,
        resolve(effect) if effect else None,
        "; ".join(f"{verdict.published.report} {verdict.published.value}" for verdict in found),
        joined(found) if found else None,
        run.validation_accuracy,
        run.gap,
        len(run.test) if run.test else None,
        run.parameters,
    )


def status(run: RunResult) -> str:
    """Return how a run ended, in words."""
    if run.diverged:
        return f"{run.diverged} of {run.declared} seeds diverged"
    return run.status if run.test or not run.ran else f"{run.status}, not evaluated"
