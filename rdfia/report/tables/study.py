"""Tables of the study as a whole: its chapters, data sets, published figures and times."""

from collections import Counter
from collections.abc import Iterator

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
    Column("first run", code=True),
    Column("its test accuracy", "%", numeric=True),
    Column("best by validation", code=True),
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
    Column("our run", code=True),
    Column("our test accuracy", "%", numeric=True),
    Column("ours minus published", "points", signed=True, numeric=True),
    Column("verdict", wide=True),
    Column("note", wide=True),
    Column("data"),
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
    return (*printed, figure.run if run else None, ours, apart, str(verdict), figure.note, figure.dataset)


@table("cost")
def cost(context: Context) -> Iterator[Rows]:
    """Yield the time that each run took, and on which machine."""
    yield Rows(COST, [_cost(run) for run in context.study.runs if run.timing])


def _cost(run: RunResult) -> tuple[Cell, ...]:
    timing, machine = run.timing, run.timing.get("machine", {})
    times = (timing.get(key) for key in ("seconds", "training_seconds", "images_per_second"))
    return (run.key, *times, *(machine.get(key) for key in ("device", "precision", "processor", "cores")))
