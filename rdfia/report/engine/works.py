"""Which works a page makes use of, and the page of all works."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from rdfia.analyse.results import Study
from rdfia.report.engine.blocks import Block, Cited, Section, Words, anchored
from rdfia.report.engine.references import Work, cited, used

PARTS = {"reports": "The course reports", "study": "This study", "works": "Methods, data and statistics"}


def with_works(section: Section, study: Study, works: Mapping[str, Work]) -> Section:
    """Return the section with what its paragraphs cite, and what the methods of its runs come from."""
    runs = [run for run in study.runs if run.chapter == section.key and run.ran]
    settings = [(run.config, run.card.source, run.card.stands_for) for run in runs]
    texts = [block.text for block in section.blocks if isinstance(block, Words)]
    found = {work.key: work for work in chain(used(settings, works), cited("\n".join(texts), works))}
    return replace(section, works=tuple(work for key, work in works.items() if key in found))


def with_references(section: Section, works: Mapping[str, Work], pages: Sequence[Section]) -> Section:
    """Return the section with every work below its own blocks, each with the pages that make use of it."""
    parts: dict[str, list[Block]] = {title: [] for title in PARTS.values()}
    for work in works.values():
        users = tuple(page for page in pages if work in page.works and page.key != section.key)
        parts[PARTS[work.part]].append(Cited(work, users))
    rest = [block for title, blocks in parts.items() for block in (Words(title, "heading"), *blocks)]
    return replace(section, works=(), blocks=tuple(anchored([*section.blocks, *rest])))
