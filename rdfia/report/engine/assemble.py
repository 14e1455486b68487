"""A report from the results of a study: every registered function is called, and texts lay out what was made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from rdfia.analyse.results import Study
from rdfia.config import PARAMS, ConfigError
from rdfia.parallel import map_pooled
from rdfia.report.engine import references, text
from rdfia.report.engine.blocks import Section, section
from rdfia.report.engine.collect import chapter_makers, study_makers
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.make import make
from rdfia.report.engine.names import check
from rdfia.report.engine.numbers import connected, numbered, places
from rdfia.report.engine.questions import linked, with_questions
from rdfia.report.engine.registry import Maker
from rdfia.report.engine.render import COMPARE, Report
from rdfia.report.engine.table import Table
from rdfia.report.engine.works import with_references, with_works
from rdfia.theory import written

CLOSING = ("questions", "claims", "errors", "data", "published", "cost", COMPARE, "references")  # after the chapters
QUESTIONS = "questions"  # the page that the written questions stand on
HEADLINE = "headline"  # the table of the overview
Contents = Sequence[Table | Drawing]


@dataclass(frozen=True)
class Page:
    """A page before it is laid out: its text, where that was read, and the functions that are called for it alone."""

    key: str
    context: Context
    text: str
    source: str
    makers: Sequence[Maker] = ()

    def lay_out(self, own: Contents, shared: Contents) -> Section:
        """Return the section with its own content, and what the text names of the study's."""
        runs = self.context.subject.runs if self.context.subject else ()
        groups = list(dict.fromkeys(run.group for run in runs))
        always = {content.name for content in own if not (content.maker and content.maker.on_request)}
        return section(self.key, self.text, [*own, *shared], groups, always)


def assemble(context: Context) -> Report:
    """Make everything that the study has results for, and lay it out; a name in a text that none makes is an error."""
    chapters, closing = chapter_pages(context), closing_pages(context)
    shared = study_makers(context.study.active_chapters)
    check_pages([*chapters, *closing], shared)
    own = {page.key: (page.makers, page.context) for page in chapters}
    made = _made(own | {"": (shared, context)})
    refuse_twice([each for contents in made.values() for each in contents])
    (headline,) = (table for table in made[""] if isinstance(table, Table) and table.name == HEADLINE)
    sections = tuple(page.lay_out(made[page.key], made[""]) for page in chapters)
    besides = [page.lay_out((), made[""]) for page in closing]
    parts = written.read()
    asked = [
        with_questions(s, parts, context.study, sections, context.claims) if s.key == QUESTIONS else s
        for s in (linked(one, parts, context.study, sections) for one in besides)
    ]
    pages = cross_referenced([*sections, *asked], context.study)
    before, after = tuple(pages[: len(sections)]), tuple(pages[len(sections) :])
    return Report(context.study, headline, before, after, context.findings, context.verdicts)


def cross_referenced(sections: Sequence[Section], study: Study) -> list[Section]:
    """Return the pages with numbers, links and the works that each makes use of; one page has all of these."""
    works = references.read()
    pages = numbered([with_works(section, study, works) for section in sections])
    known = places(pages)
    connected_pages = [connected(page, known, works) for page in pages]
    return [with_references(page, works, pages) if page.key == references.PAGE else page for page in connected_pages]


def chapter_pages(context: Context) -> list[Page]:
    """Return a page for each chapter of which the profile trains runs."""
    contexts = [context.of(chapter) for chapter in context.study.active_chapters]
    return [
        Page(name, each, text.chapter_text(each), text.short(text.path(name)), chapter_makers(each.chapter))
        for each in contexts
        if (name := each.chapter.name)
    ]


def closing_pages(context: Context) -> list[Page]:
    """Return the pages of the study as a whole."""
    templates = {key: text.TEMPLATES / "closing" / f"{key}.md" for key in CLOSING}
    facts = {"study": context.study}
    return [Page(key, context, text.fill(path, facts), text.short(path)) for key, path in templates.items()]


def check_pages(pages: Sequence[Page], shared: Sequence[Maker]) -> None:
    """Refuse a text that names what neither its own functions nor the study's can make."""
    for page in pages:
        check(page.text, [*page.makers, *shared], page.context, page.source)


def refuse_twice(contents: Contents) -> None:
    """Refuse two figures or tables of one name, as chapter and group may read as another chapter: they are one file."""
    for (kind, name), count in Counter((type(each), each.name) for each in contents).items():
        if count > 1:
            what = "tables" if kind is Table else "figures"
            raise ConfigError(
                f"{PARAMS}: found {count} {what} named {name}, allowed: one; name a group or chapter anew"
            )


def _made(parts: Mapping[str, tuple[Sequence[Maker], Context]]) -> dict[str, list[Table | Drawing]]:
    """Call all functions of each part side by side, and return what they made in their order."""
    tasks = [partial(make, maker, context) for makers, context in parts.values() for maker in makers]
    waiting = iter(map_pooled(tasks))
    return {name: [each for _ in makers for each in next(waiting)] for name, (makers, _) in parts.items()}
