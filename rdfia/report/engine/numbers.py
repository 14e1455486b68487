"""Numbers of pages, figures and tables, and the links from a text to them and to the works that it cites.

A figure or table is referred to by its name within a sentence, as in "so does [figure cnn_filters]". On the page that
is a link with its number, and its name alone where it was not made.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rdfia.report.engine.blocks import Block, Section, Shown, Words
from rdfia.report.engine.references import Work, linked

REFERENCE = re.compile(r"\[(figure|table) (\w+)\]")
Places = Mapping[tuple[str, str], str]  # of each figure and table by kind and name, the link that leads to it


def numbered(sections: Sequence[Section]) -> list[Section]:
    """Return the sections with their numbers, and those of their figures and tables: Figure 6.2 is on page 6."""
    return [replace(each, number=n, blocks=tuple(_numbered(each.blocks, n))) for n, each in enumerate(sections, 1)]


def _numbered(blocks: Sequence[Block], page: int) -> Iterator[Block]:
    counts: Counter[str] = Counter()
    for block in blocks:
        if isinstance(block, Shown) and not block.empty:
            counts[block.kind] += 1
            yield replace(block, number=f"{block.kind.capitalize()} {page}.{counts[block.kind]}")
        else:
            yield block


def places(sections: Sequence[Section]) -> Places:
    """Return the links to all that has a number, as in [Figure 6.2](pages/cnn.html#figure-cnn_filters)."""
    return {
        (block.kind, block.content.name): f"[{block.number}](pages/{page.key}.html#{block.kind}-{block.content.name})"
        for page in sections
        for block in page.blocks
        if isinstance(block, Shown) and block.number
    }


def connected(section: Section, known: Places, works: Mapping[str, Work]) -> Section:
    """Return the section with links where its paragraphs refer to a figure, a table or a work."""
    blocks = [
        replace(block, text=linked(_referred(block.text, known), works))
        if isinstance(block, Words) and block.kind == "words"
        else block
        for block in section.blocks
    ]
    return replace(section, blocks=tuple(blocks))


def _referred(text: str, known: Places) -> str:
    return REFERENCE.sub(lambda found: known.get((found[1], found[2]), f"the {found[1]} `{found[2]}`"), text)
