"""The page of the written questions, each folded with what decides it; and links from tables to questions and pages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rdfia.analyse.claims import Outcome
from rdfia.analyse.results import Study
from rdfia.report.engine.blocks import Asked, Block, Evidence, Section, Shown, Words, anchored
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.evidence import evidence
from rdfia.report.engine.table import Cell, Linked, Table
from rdfia.theory.written import Parts, Written

LINKED = ("question", "shown by", "chapter")  # columns of the pages on the study whose cells lead somewhere


def with_questions(
    section: Section, parts: Parts, study: Study, others: Sequence[Section], claims: Sequence[Outcome] = ()
) -> Section:
    """Return the section with every part's questions below its own blocks."""
    pages = {other.key: other for other in others}
    return replace(section, blocks=tuple(anchored([*section.blocks, *_asked(parts, study, pages, claims)])))


def _asked(parts: Parts, study: Study, pages: Mapping[str, Section], claims: Sequence[Outcome]) -> Iterator[Block]:
    for title, questions in parts.items():
        yield Words(title, "heading")
        for question in questions:
            shown = {name: _evidence(name, study, pages) for name in names(question)}
            decided = [
                one for one in claims if any(_covers(question.decided_by, name, study) for name in one.claim.names)
            ]
            yield Asked(question, shown, tuple(decided))


def names(question: Written) -> list[str]:
    """Return all that a question says decides it, or shows an error, each once."""
    return list(dict.fromkeys((*question.decided_by, *(name for error in question.errors for name in error.names))))


def _evidence(name: str, study: Study, pages: Mapping[str, Section]) -> Evidence:
    link, content = place(name, study, pages)
    return Evidence(link, evidence(name, study, content))


def _covers(decided_by: Sequence[str], name: str, study: Study) -> bool:
    """Whether a run or a group that decides a claim is among what decides a question, or in a group of it."""
    run = study.run(name)
    return name in decided_by or (run is not None and bool(run.group) and f"{run.chapter}/{run.group}" in decided_by)


def place(name: str, study: Study, pages: Mapping[str, Section]) -> tuple[str, Table | Drawing | None]:
    """Return where a computed question, a chapter, a run or a group is shown, and what; nothing where it is not."""
    chapter, _, part = name.partition("/")
    if chapter not in pages:
        found = [(page, shown) for page in pages.values() for shown in _open(page) if _computed(shown, name)]
        return (f"{found[0][0].key}.html#{_anchor(found[0][1])}", found[0][1]) if found else ("", None)
    run = study.run(name)
    group = run.group if run else part
    page, own = pages[chapter], [shown for shown in _open(pages[chapter]) if group and shown.group == group]
    shown = [*own, *(table for table in _open(page) if table.name == chapter and not group)]
    return (f"{page.key}.html#{_anchor(shown[0])}", shown[0]) if shown else (f"{page.key}.html", None)


def linked(section: Section, parts: Parts, study: Study, others: Sequence[Section]) -> Section:
    """Return the section whose tables lead from questions, runs and chapters to where these stand."""
    pages = {other.key: other for other in others}
    to = {one.id: f"questions.html#question-{one.id}" for questions in parts.values() for one in questions}

    def cell(value: Cell) -> Cell:
        if not isinstance(value, str) or not value:
            return value
        link = to.get(value) or place(value, study, pages)[0]
        return Linked(value, link) if link else value

    def table(shown: Shown) -> Shown:
        if not isinstance(content := shown.content, Table):
            return shown
        leads = [column.name in LINKED for column in content.columns]
        rows = (tuple(cell(v) if lead else v for v, lead in zip(row, leads, strict=True)) for row in content.rows)
        return replace(shown, content=replace(content, rows=tuple(rows)))

    return replace(
        section, blocks=tuple(table(block) if isinstance(block, Shown) else block for block in section.blocks)
    )


def _open(page: Section) -> list[Table | Drawing]:
    """Return what is in sight on a page: figures, and tables with rows that are not folded."""
    contents = [block.content for block in page.blocks if isinstance(block, Shown)]
    return [each for each in contents if isinstance(each, Drawing) or (each.rows and not each.summary)]


def _computed(content: Table | Drawing, question: str) -> bool:
    return content.name in (question, f"theory_{question}")


def _anchor(content: Table | Drawing) -> str:
    return f"{content.kind}-{content.name}"
