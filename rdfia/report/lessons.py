"""What a chapter's text may name besides the chapter's own runs: computed answers, and tables across chapters."""

from typing import Any

from rdfia.analyse.results import ChapterResult, Study
from rdfia.files import find_json
from rdfia.models import formulas as equations
from rdfia.report import alone, features, implementations, theory
from rdfia.report.tables import Table
from rdfia.theory.gradients import code


def tables(study: Study) -> list[Table]:
    """Every table that is no chapter's own, and whether a chapter's improvements add up."""
    across = [*implementations.tables(study), *theory.tables(study.folder() / "theory"), *features.tables(study)]
    return [*across, *alone.tables(study)]


def facts(study: Study, chapter: ChapterResult) -> dict[str, Any]:
    """What a template may quote: the chapter's runs by name, and the answers that are there."""
    folder = study.folder() / "theory"
    answers = {path.stem: find_json(path) for path in sorted(folder.glob("*.json"))}
    formulas = {
        name: {"latex": function.latex, "questions": function.questions, "code": code(function)}
        for name, function in vars(equations).items()
        if hasattr(function, "latex")
    }
    return {
        "formulas": formulas,
        "runs": {run.name: run for run in chapter.runs},
        "theory": answers,
        "study": study,
        "chapter": chapter,
    }
