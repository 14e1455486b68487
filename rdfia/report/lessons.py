"""What a chapter's text may name besides the chapter's own runs: computed answers, and tables across chapters."""

from typing import Any

from rdfia.analyse.results import ChapterResult, Study
from rdfia.files import find_json
from rdfia.models import attention_formulas, formulas
from rdfia.report import alone, features, implementations, passed, permutation, ranking, stand_in, theory, thrice
from rdfia.report.engine.table import Table
from rdfia.theory.gradients import code


def tables(study: Study) -> list[Table]:
    """Every table that a chapter's text may name: across chapters, and on one question of a chapter."""
    across = [*implementations.tables(study), *theory.tables(study.folder() / "theory"), *features.tables(study)]
    questions = (alone, ranking, thrice, passed, permutation)
    return [*across, *(table for question in questions for table in question.tables(study))]


def facts(study: Study, chapter: ChapterResult) -> dict[str, Any]:
    """What a template may quote: the chapter's runs by name, and the answers that are there."""
    folder = study.folder() / "theory"
    answers = {path.stem: find_json(path) for path in sorted(folder.glob("*.json"))}
    equations = {
        name: {"latex": function.latex, "questions": function.questions, "code": code(function)}
        for module in (formulas, attention_formulas)
        for name, function in vars(module).items()
        if hasattr(function, "latex")
    }
    return {
        "formulas": equations,
        "runs": {run.name: run for run in chapter.runs},
        "theory": answers,
        "study": study,
        "chapter": chapter,
        "stand_in": stand_in.sentence(chapter, study.profile),
    }
