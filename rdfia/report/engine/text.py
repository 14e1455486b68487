"""Texts of the report: Jinja templates that numbers from files are filled into.

A chapter's is `rdfia/chapters/<name>/text.md`; one without has the chapter's name as its title, and then whatever the
registered functions make of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rdfia.analyse.stand_in import stand_in
from rdfia.files import find_json
from rdfia.models import attention_formulas, formulas
from rdfia.record import layout
from rdfia.report.engine.caption import environment
from rdfia.report.engine.context import Context
from rdfia.theory.gradients import code

CHAPTERS = Path(__file__).parents[2] / "chapters"
TEMPLATES = Path(__file__).parents[1] / "templates"


def path(chapter: str) -> Path:
    """Return where a chapter's text is, written or not."""
    return CHAPTERS / chapter / "text.md"


def short(template: Path) -> str:
    """Return the path of a text from the project's root."""
    return template.relative_to(CHAPTERS.parents[1]).as_posix()


def fill(template: Path, facts: Mapping[str, Any]) -> str:
    """Return a text with its numbers; a name that is not among the facts is an error."""
    return environment().from_string(template.read_text(encoding="utf-8")).render(**facts)


def chapter_text(context: Context) -> str:
    """Return a chapter's text with its numbers, or the chapter's name."""
    template = path(context.chapter.name)
    if not template.exists():
        return context.chapter.name.replace("_", " ").capitalize()
    return fill(template, chapter_facts(context))


def chapter_facts(context: Context) -> dict[str, Any]:
    """Return what a chapter's text may quote: its runs by name, the computed answers and the formulas."""
    study, chapter = context.study, context.chapter
    answers = study.root / layout.theory(study.profile, "*")
    equations = {
        name: {"latex": function.latex, "questions": function.questions, "code": code(function)}
        for module in (formulas, attention_formulas)
        for name, function in vars(module).items()
        if hasattr(function, "latex")
    }
    network = stand_in(chapter)
    return {
        "formulas": equations,
        "runs": {run.name: run for run in chapter.runs},
        "theory": {path.stem: find_json(path) for path in sorted(answers.parent.glob(answers.name))},
        "study": study,
        "chapter": chapter,
        "stand_in": fill(TEMPLATES / "stand_in.md", {"network": network, "study": study}) if network else "",
    }
