"""Pages from registered functions and texts: what is called, what is laid out, and what a text may name."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from rdfia import config
from rdfia.analyse import published
from rdfia.analyse.read_study import read_study
from rdfia.analyse.results import ChapterResult
from rdfia.config import ConfigError
from rdfia.report.engine import assemble, text
from rdfia.report.engine.collect import chapter_makers, study_makers
from rdfia.report.engine.context import Context
from rdfia.report.engine.names import check, known_names, unknown_names
from rdfia.report.engine.registry import Maker, Rows
from rdfia.report.engine.table import Column
from tests.report import sample


def one(context: Context) -> Iterator[Rows]:
    """Yield a table for the first group alone."""
    yield Rows((Column("a"),), [(1,)], group="hidden units" if context.subject else "")


CHAPTER, STUDY = Maker("table", "{chapter}_sizes{group}", one), Maker("table", "{dataset}_cards", one)
HEADLINE = Maker("table", "headline", one)


REQUESTED = Maker("table", "{chapter}_requested", one, on_request=True)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Return the context of the made-up study's first chapter, before any run."""
    study = read_study(sample.params(), tmp_path)
    return Context(study, ()).of(study.chapters[0])


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder for the chapters' texts of a report that has three tables."""
    monkeypatch.setattr(Maker, "caption", property(lambda _: tmp_path / "caption.md"))
    (tmp_path / "caption.md").write_text("A table.", encoding="utf-8")
    monkeypatch.setattr(text, "path", lambda chapter: tmp_path / f"{chapter}.md")
    monkeypatch.setattr(text, "short", lambda path: path.name)
    monkeypatch.setattr(assemble, "CLOSING", ())
    monkeypatch.setattr(assemble, "chapter_makers", lambda _: [CHAPTER, REQUESTED])
    monkeypatch.setattr(assemble, "study_makers", lambda _: [HEADLINE])
    return tmp_path


def test_known_names_are_the_patterns_with_groups_and_data_sets(context: Context) -> None:
    assert set(known_names([CHAPTER, STUDY], context)) == {
        ("table", "mlp_sizes"),
        ("table", "mlp_sizes_hidden_units"),
        ("table", "circles_cards"),
        ("table", "cifar10_cards"),
    }


def test_a_name_of_two_functions_is_refused(context: Context) -> None:
    other = Maker("table", "{chapter}_sizes_hidden_units", one)
    with pytest.raises(ConfigError, match=r"test_assemble\.py:one: found the table mlp_sizes_hidden_units, which"):
        known_names([CHAPTER, other], context)
    assert len(known_names([CHAPTER, Maker("figure", other.pattern, one)], context)) == 3


@pytest.mark.parametrize("wrong", ["[table mlp_szes]", "[figure mlp_sizes]", "[tabel mlp_sizes]", "[table mlp-sizes]"])
def test_a_name_that_nothing_makes_is_refused_with_the_nearest(context: Context, wrong: str) -> None:
    makers = [CHAPTER, STUDY]
    check("Title\n\n[table mlp_sizes]\n\n[table mlp_sizes_hidden_units]", makers, context, "text.md")
    with pytest.raises(ConfigError) as caught:
        check(f"Title\n\nWords.\n\n{wrong}\n\nMore words.", makers, context, "text.md")
    assert str(caught.value).startswith(f"text.md: found {wrong}, allowed: ")
    assert str(caught.value).endswith("did you mean [table mlp_sizes]?")


def test_a_group_without_runs_is_passed_over_but_no_misspelt_one(context: Context) -> None:
    check("Title\n\n[table mlp_sizes_learning_rate]", [CHAPTER], context, "text.md")
    with pytest.raises(ConfigError, match=r"did you mean \[table mlp_sizes_hidden_units\]\?"):
        check("Title\n\n[table mlp_sizes_hiden_units]", [CHAPTER], context, "text.md")


def test_two_tables_of_one_name_are_refused(context: Context, texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group named `units` of a chapter named `mlp_hidden` reads as the group `hidden units` of the chapter `mlp`."""
    monkeypatch.setattr(assemble, "chapter_makers", lambda _: [Maker("table", "mlp_sizes{group}", one)])
    with pytest.raises(ConfigError, match=r"params\.yaml: found 2 tables named mlp_sizes_hidden_units, allowed: one"):
        assemble.assemble(Context(context.study, ()))


def test_a_chapter_has_what_is_its_own_and_what_its_text_names(context: Context, texts: Path) -> None:
    (texts / "mlp.md").write_text(
        "One\n\n[table headline]\n\n[table mlp_sizes]\n\n[table mlp_requested]", encoding="utf-8"
    )
    report = assemble.assemble(Context(context.study, ()))
    assert report.headline.name == "headline"
    names = {section.key: [table.name for table in section.tables] for section in report.chapters}
    assert names == {"mlp": ["headline", "mlp_requested", "mlp_sizes_hidden_units"], "cnn": ["cnn_sizes_hidden_units"]}
    assert [section.title for section in report.chapters] == ["One", "Cnn"]


def test_a_wrong_name_ends_the_report_before_anything_is_made(
    context: Context, texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble, "make", lambda *_: pytest.fail("a table was made"))
    (texts / "cnn.md").write_text("Two\n\n[table cnn_size]", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"cnn\.md: found \[table cnn_size\].* did you mean \[table cnn_sizes\]\?"):
        assemble.assemble(Context(context.study, ()))


PARAMS = config.load()


@pytest.mark.parametrize("profile", PARAMS["profiles"])
def test_all_that_the_project_shows_is_made_by_something(profile: str, tmp_path: Path) -> None:
    context = Context(read_study({**PARAMS, "profile": profile}, tmp_path), published.read())
    pages = [*assemble.chapter_pages(context), *assemble.closing_pages(context)]
    chapters = context.study.active_chapters
    assert [page.key for page in pages] == [*(chapter.name for chapter in chapters), *assemble.CLOSING]
    for page in pages:
        assert unknown_names(page.text, [*page.makers, *study_makers(chapters)], page.context) == [], page.source


def modules(makers: Iterable[Maker]) -> list[str]:
    """Return the modules of the functions in their order, each once."""
    return list(dict.fromkeys(maker.function.__module__ for maker in makers))


def test_functions_are_called_once_for_each_chapter_or_once_for_the_study() -> None:
    cnn, other = ChapterResult("cnn", "cifar10", ()), ChapterResult("cnn_mnist", "mnist", (), kind="cnn")
    assert {maker.owner for maker in chapter_makers(other)} == {"", "cnn", "cnn_mnist"}
    assert [maker for maker in chapter_makers(other) if maker.owner != "cnn_mnist"] == chapter_makers(cnn)
    assert all(maker.per_chapter for maker in chapter_makers(other))
    assert not any(maker.per_chapter for maker in study_makers([cnn]))
    assert modules(chapter_makers(cnn))[:2] == ["rdfia.report.tables.chapter", "rdfia.report.tables.dynamics"]
    assert modules(study_makers([])) == [
        "rdfia.report.tables.study",
        "rdfia.report.tables.claims",
        "rdfia.report.tables.errors",
        "rdfia.report.tables.features",
        "rdfia.report.figures.sheets",
    ]
