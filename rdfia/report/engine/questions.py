"""The page of the written questions: each folded, with links to the tables and figures that decide it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rdfia.analyse.results import Study
from rdfia.report.engine.blocks import Asked, Block, Section, Shown, Words, anchored
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.table import Table
from rdfia.theory.written import Parts, Written


def with_questions(section: Section, parts: Parts, study: Study, others: Sequence[Section]) -> Section:
    """Return the section with every part's questions below its own blocks."""
    pages = {other.key: other for other in others}
    return replace(section, blocks=tuple(anchored([*section.blocks, *_asked(parts, study, pages)])))


def _asked(parts: Parts, study: Study, pages: Mapping[str, Section]) -> Iterator[Block]:
    for title, questions in parts.items():
        yield Words(title, "heading")
        for question in questions:
            yield Asked(question, {name: link(name, study, pages) for name in names(question)})


def names(question: Written) -> list[str]:
    """Return all that a question says decides it, or shows an error, each once."""
    return list(dict.fromkeys((*question.decided_by, *(name for error in question.errors for name in error.names))))


def link(name: str, study: Study, pages: Mapping[str, Section]) -> str:
    """Return where a computed question, a chapter, a run or a group is shown; empty where it is not."""
    chapter, _, part = name.partition("/")
    if chapter not in pages:
        found = [(page, shown) for page in pages.values() for shown in _open(page) if _computed(shown, name)]
        return f"{found[0][0].key}.html#{_anchor(found[0][1])}" if found else ""
    run = study.run(name)
    group = run.group if run else part
    page, own = pages[chapter], [shown for shown in _open(pages[chapter]) if group and shown.group == group]
    shown = [*own, *(table for table in _open(page) if table.name == chapter and not group)]
    return f"{page.key}.html" + (f"#{_anchor(shown[0])}" if shown else "")


def _open(page: Section) -> list[Table | Drawing]:
    """Return what is in sight on a page: figures, and tables with rows that are not folded."""
    contents = [block.content for block in page.blocks if isinstance(block, Shown)]
    return [each for each in contents if isinstance(each, Drawing) or (each.rows and not each.summary)]


def _computed(content: Table | Drawing, question: str) -> bool:
    return content.name in (question, f"theory_{question}")


def _anchor(content: Table | Drawing) -> str:
    return f"{content.kind}-{content.name}"
