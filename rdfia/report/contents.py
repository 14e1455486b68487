"""Which tables a report holds, and what stands in their cells."""

from collections import Counter
from collections.abc import Sequence

from rdfia.analyse.groups import Group
from rdfia.analyse.metrics import Estimate, resolve
from rdfia.analyse.published import AGREES, DIFFERS, INCOMPARABLE, Verdict
from rdfia.analyse.results import ChapterResult, RunResult, Study, counted
from rdfia.analyse.verdict_sentence import joined
from rdfia.report.engine.drawing import listed
from rdfia.report.engine.table import Cell, Column, Table
from rdfia.report.grouped import SURE, parts, said, together, trimmed

RUN = Column("run", code=True)
TEST = Column("test accuracy", "%", numeric=True)
EFFECT = Column("effect", "points", signed=True, numeric=True)


def headline(study: Study, verdicts: Sequence[Verdict]) -> Table:
    """One line for each chapter: where it starts, the best run, and how the published figures fare."""
    columns = (
        Column("chapter", code=True),
        Column("data"),
        Column("runs done"),
        Column("first run", code=True),
        Column("its test accuracy", "%", numeric=True),
        Column("best by validation", code=True),
        TEST,
        Column("published figures"),
    )
    rows = tuple(_headline(chapter, verdicts) for chapter in study.active_chapters)
    caption = "The chapters at a glance. The best run is chosen on validation data; test data choose nothing."
    return Table("headline", caption, columns, rows)


def _headline(chapter: ChapterResult, verdicts: Sequence[Verdict]) -> tuple[Cell, ...]:
    done = [run for run in chapter.runs if run.test]
    first, best = chapter.runs[0], chapter.best
    kinds = Counter(v.kind for v in verdicts if v.published.run in {run.key for run in chapter.runs})
    told = ", ".join(f"{kinds[k]} {w}" for k, w in _WORDS.items() if kinds[k]) or "none for these runs"
    return (
        chapter.name,
        chapter.runs[0].card.label,
        counted(len(done), chapter.runs),
        first.name,
        first.test_accuracy,
        best.name if best else None,
        best.test_accuracy if best else None,
        told,
    )


_WORDS = {AGREES: "agree", DIFFERS: "differ", INCOMPARABLE: "not comparable"}


RUNS = (
    RUN,
    Column("title", wide=True),
    Column("what it changes", wide=True),
    Column("status"),
    TEST,
    EFFECT,
    Column("against", code=True),
    Column("verdict on the effect"),
    Column("published", "%", stacked=True),
    Column("verdict on the published", wide=True),
    Column("validation", "%", numeric=True),
    Column("train minus test", "points", signed=True, numeric=True),
    Column("seeds", numeric=True),
    Column("weights", numeric=True),
)


def chapter(result: ChapterResult, verdicts: Sequence[Verdict]) -> list[Table]:
    """Every run of a chapter with its accuracy, its effect and the published figures, by group if there are many."""
    return [_runs(result, part, verdicts) for part in parts(result)]


def _runs(result: ChapterResult, part: Group, verdicts: Sequence[Verdict]) -> Table:
    """A row for each run; one of another group is there to compare with, and has its effect in its own table."""
    rows = []
    for run in part.runs:
        found = [v for v in verdicts if v.published.run == run.key]
        lent = bool(part.name) and run.group != part.name
        rows.append(_run(run, None if lent else result.effect(run), lent, found))
    told = (
        f"Runs {said(result, part)}: mean over seeds with its {SURE} interval.",
        together(result, part),
        _lent(part),
    )
    return trimmed(Table(f"{result.name}{part.suffix}", " ".join(filter(None, told)), RUNS, tuple(rows)))


def _lent(part: Group) -> str:
    """Which rows are of another group."""
    names = [run.name for run in part.runs if part.name and run.group != part.name]
    return f"Shown to compare with, from outside the group: {listed(names)}." if names else ""


def _run(run: RunResult, effect: Estimate | None, lent: bool, found: Sequence[Verdict]) -> tuple[Cell, ...]:
    return (
        run.name,
        run.title,
        run.changes,
        status(run),
        run.test_accuracy,
        effect,
        None if lent or run.reference == run.name else run.reference,
        resolve(effect) if effect else None,
        "; ".join(f"{v.published.report} {v.published.value}" for v in found),
        joined(found) if found else None,
        run.validation_accuracy,
        run.gap,
        len(run.test) if run.test else None,
        run.parameters,
    )


def status(run: RunResult) -> str:
    """How a run ended, in words."""
    if run.diverged:
        return f"{run.diverged} of {run.declared} seeds diverged"
    return run.status if run.test or not run.ran else f"{run.status}, not evaluated"


def data(study: Study) -> Table:
    """The cards of the data sets."""
    columns = (
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
    rows = tuple(
        (
            card.name,
            card.label,
            card.stands_for or ("nothing: stand-in data" if card.sha256 else None),
            len(card.classes) or None,
            " × ".join(map(str, card.shape)),
            *(card.counts.get(part) for part in ("train", "validation", "test")),
            card.provenance,
            card.sha256[:12],
        )
        for card in study.cards.values()
    )
    return Table("data", "Data sets as they were prepared, with the number of examples in each part.", columns, rows)


def published(study: Study, verdicts: Sequence[Verdict]) -> Table:
    """All published figures in their own order, with our run beside each."""
    columns = (
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
    rows = tuple(_published(study, verdict) for verdict in verdicts)
    return Table("published", "Every figure that the five reports print, and ours beside it.", columns, rows)


def _published(study: Study, verdict: Verdict) -> tuple[Cell, ...]:
    figure, run = verdict.published, study.run(verdict.published.run)
    ours: Estimate | None = run.test_accuracy if run else None
    apart = verdict.points if verdict.kind in (AGREES, DIFFERS) else None
    named = figure.run if run else None
    printed = (figure.report, figure.experiment, figure.settings, figure.value)
    return (*printed, named, ours, apart, str(verdict), figure.note, figure.dataset)


def cost(study: Study) -> Table:
    """What each run took."""
    columns = (
        RUN,
        Column("seconds", numeric=True, digits=1),
        Column("training seconds", numeric=True, digits=1),
        Column("images per second", numeric=True, digits=0),
        Column("device"),
        Column("precision"),
        Column("processor"),
        Column("cores", numeric=True),
    )
    timed = [run for run in study.runs if run.timing]
    rows = tuple(_cost(run) for run in timed)
    caption = "What the runs cost: wall-clock time of the whole run, and of training alone summed over seeds."
    return Table("cost", caption, columns, rows)


def _cost(run: RunResult) -> tuple[Cell, ...]:
    timing, machine = run.timing, run.timing.get("machine", {})
    times = (timing.get(key) for key in ("seconds", "training_seconds", "images_per_second"))
    return (run.key, *times, *(machine.get(key) for key in ("device", "precision", "processor", "cores")))
