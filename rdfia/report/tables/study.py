"""Tables of the study as a whole: its chapters, data sets, published figures and times."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rdfia.analyse.metrics import Estimate
from rdfia.analyse.published import AGREES, DIFFERS, INCOMPARABLE, Verdict
from rdfia.analyse.results import Card, ChapterResult, RunResult, Study, counted
from rdfia.report.engine.context import Context
from rdfia.report.engine.registry import Rows, table
from rdfia.report.engine.table import Cell, Column
from rdfia.report.tables.chapter import RUN, TEST

OUTCOMES = {AGREES: "agree", DIFFERS: "differ", INCOMPARABLE: "not comparable"}
HEADLINE = (
    Column("chapter", code=True),
    Column("data"),
    Column("runs done"),
    Column("first run", code=True, runs=True),
    Column("its test accuracy", "%", numeric=True),
    Column("best by validation", code=True, runs=True),
    TEST,
    Column("published figures"),
)
DATA = (
    Column("data set", code=True),
    Column("what it is"),
    Column("stands for"),
    Column("classes", numeric=True),
    Column("shape", code=True),
    Column("train", numeric=True),
    Column("validation", numeric=True),
    Column("test", numeric=True),
    Column("provenance", wide=True),
    Column("sha256", code=True),
)
PUBLISHED = (
    Column("report"),
    Column("experiment", code=True),
    Column("settings", wide=True),
    Column("published", "%", numeric=True),
    Column("ours", "%", numeric=True),
    Column("ours minus published", "points", signed=True, numeric=True),
    Column("verdict", wide=True),
    Column("our run", code=True, runs=True),
    Column("note", wide=True),
    Column("data"),
)
COST_BY_CHAPTER = (
    Column("chapter", code=True),
    Column("runs", numeric=True),
    Column("in all", "minutes", numeric=True, digits=1),
    Column("training", "minutes", numeric=True, digits=1),
)
COST = (
    RUN,
    Column("seconds", numeric=True, digits=1),
    Column("training seconds", numeric=True, digits=1),
    Column("images per second", numeric=True, digits=0),
    Column("device"),
    Column("precision"),
    Column("processor"),
    Column("cores", numeric=True),
)


@table("headline")
def headline(context: Context) -> Iterator[Rows]:
    """Yield a row for each chapter: where it starts, the best run, and how the published figures fare."""
    yield Rows(HEADLINE, [_chapter(chapter, context) for chapter in context.study.active_chapters])


def _chapter(chapter: ChapterResult, context: Context) -> tuple[Cell, ...]:
    first, best = chapter.runs[0], chapter.best
    keys = {run.key for run in chapter.runs}
    kinds = Counter(verdict.kind for verdict in context.verdicts if verdict.published.run in keys)
    return (
        chapter.name,
        first.card.label,
        counted(sum(bool(run.test) for run in chapter.runs), chapter.runs),
        first.name,
        first.test_accuracy,
        best.name if best else None,
        best.test_accuracy if best else None,
        ", ".join(f"{kinds[kind]} {word}" for kind, word in OUTCOMES.items() if kinds[kind]) or "none for these runs",
    )


@table("data")
def data(context: Context) -> Iterator[Rows]:
    """Yield a row for each data set, from its card."""
    rows = [
        (
            card.name,
            card.label,
            card.stands_for or _without_original(card),
            len(card.classes) or None,
            " × ".join(map(str, card.shape)),
            *(card.counts.get(part) for part in ("train", "validation", "test")),
            "; ".join((card.provenance, *card.remarks)),
            card.sha256[:12],
        )
        for card in context.study.cards.values()
    ]
    yield Rows(DATA, rows)


def _without_original(card: Card) -> str | None:
    """Return what data are that are no published data; nothing where they are not prepared."""
    if not card.sha256:
        return None
    return "nothing: stand-in data" if card.stand_in else "nothing published"


@table("published")
def published(context: Context) -> Iterator[Rows]:
    """Yield all published figures in the order of their file, with our run beside each."""
    yield Rows(PUBLISHED, [_published(context.study, verdict) for verdict in context.verdicts])


def _published(study: Study, verdict: Verdict) -> tuple[Cell, ...]:
    figure, run = verdict.published, study.run(verdict.published.run)
    ours: Estimate | None = run.test_accuracy if run else None
    apart = verdict.points if verdict.kind in (AGREES, DIFFERS) else None
    printed = (figure.report, figure.experiment, figure.settings, figure.value)
    return (*printed, ours, apart, str(verdict), figure.run if run else None, figure.note, figure.dataset)


@table("cost_by_chapter")
def cost_by_chapter(context: Context) -> Iterator[Rows]:
    """Yield the time that the runs of each chapter took, and their sum."""
    by_chapter = {chapter.name: [run for run in chapter.runs if run.timing] for chapter in context.study.chapters}
    timed = {name: runs for name, runs in by_chapter.items() if runs}
    timed["all"] = [run for runs in timed.values() for run in runs]
    yield Rows(COST_BY_CHAPTER, [(name, len(runs), *_minutes(runs)) for name, runs in timed.items() if runs])


def _minutes(runs: Sequence[RunResult]) -> tuple[float, ...]:
    """Return the minutes that runs took together, in all and to train."""
    return tuple(sum(run.timing.get(key, 0) for run in runs) / 60 for key in ("seconds", "training_seconds"))


@table("cost")
def cost(context: Context) -> Iterator[Rows]:
    """Yield the time that each run took, and on which machine."""
    yield Rows(COST, [_cost(run) for run in context.study.runs if run.timing], summary="Every run")


def _cost(run: RunResult) -> tuple[Cell, ...]:
    timing, machine = run.timing, run.timing.get("machine", {})
    times = (timing.get(key) for key in ("seconds", "training_seconds", "images_per_second"))
    return (run.key, *times, *(machine.get(key) for key in ("device", "precision", "processor", "cores")))
