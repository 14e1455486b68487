"""The works that the study builds on: the file of entries, the citations in the code, and what a page makes use of."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from rdfia import config
from rdfia.config import ConfigError
from rdfia.report.engine.references import PATH, PROJECT, cited, linked, read, used, words
from rdfia.study.declaration import declarations
from tests.project import ROOT

WORKS = read()
NAME = r"[A-ZÉŁ][\w-]+"
CITATION = re.compile(rf"{NAME}(?: et al\.?|(?:, {NAME})* and {NAME})?,? (?:1[89]|20)\d\d(?!\w)")


def docstrings() -> Iterator[tuple[str, str]]:
    """Yield each docstring of the package with its module, and the words of its texts."""
    for path in sorted((ROOT / "rdfia").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                yield path.relative_to(ROOT).as_posix(), " ".join((ast.get_docstring(node) or "").split())
    for path in sorted((ROOT / "rdfia").rglob("*.md")):
        yield path.relative_to(ROOT).as_posix(), " ".join(path.read_text(encoding="utf-8").split())


def test_whatever_the_code_cites_is_an_entry() -> None:
    found = {(where, citation) for where, text in docstrings() for citation in CITATION.findall(text)}
    assert len(found) > 50
    assert [(where, citation) for where, citation in sorted(found) if not cited(citation, WORKS)] == []


def test_each_paper_is_cited_or_is_behind_a_word_of_the_parameters() -> None:
    text = "\n".join(text for _, text in docstrings())
    mentioned = {work.key for work in cited(text, WORKS)} | {PROJECT}
    assert [work.key for work in WORKS.values() if not work.keywords and work.key not in mentioned] == []


def test_keywords_are_words_of_declared_runs_or_sources_of_data() -> None:
    params = config.load(ROOT / "params.yaml")
    declared = [each for name in params["profiles"] for each in declarations(params | {"profile": name})]
    known = set().union(*(words(each.settings) for each in declared))
    known |= {"digits", "mnist", "cifar10"}
    assert [(work.key, word) for work in WORKS.values() for word in work.keywords if word not in known] == []


def test_every_report_has_an_entry() -> None:
    rows = (ROOT / "rdfia" / "analyse" / "published.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {row.partition(",")[0] for row in rows} <= WORKS.keys()
    assert [work.label for work in WORKS.values() if work.part == "reports"] == [f"R{n}" for n in REPORTS]


REPORTS = ("2022", "2023a", "2023b", "2024", "2026")


def test_a_work_is_cited_by_its_authors_and_year() -> None:
    assert WORKS["kingma2015"].label == "Kingma and Ba 2015"
    assert list(WORKS["duchi2011"].labels) == ["Duchi et al. 2011", "Duchi, Hazan and Singer 2011"]
    assert [work.key for work in cited("(Smith 2017; Smith and Topin 2018), R2023a, R20231", WORKS)] == [
        "smith2017",
        "smith2018",
        "R2023a",
    ]
    assert linked("As in Smyth 2004.", WORKS) == "As in [Smyth 2004](pages/references.html#smyth2004)."
    assert linked("`R2022`", WORKS) == "`R2022`"


def test_labels_are_unlike() -> None:
    labels = [label for work in WORKS.values() for label in work.labels]
    assert len(labels) == len(set(labels))


def test_settings_name_the_works_of_their_methods() -> None:
    settings = {
        "optimiser": {"name": "adam", "amsgrad": False},
        "model": {"name": "vit", "attention": {"name": "linear"}, "dropout": 0.1},
        "augment": [{"name": "cutout", "size": 8}],
    }
    keys = {work.key for work in used(settings, WORKS)}
    assert keys == {
        "kingma2015",
        "dosovitskiy2021",
        "vaswani2017",
        "katharopoulos2020",
        "srivastava2014",
        "devries2017",
    }
    assert used({"model": {"kernel": "linear"}}, WORKS) == []


ENTRY = "@misc{one,\n  author = {A, B},\n  title = {T},\n  year = {2000},\n  url = {u},\n}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ENTRY + ENTRY, "works.bib: one: found twice, allowed: once"),
        (ENTRY.replace("  year = {2000},\n", ""), "works.bib: one: year: missing"),
        (ENTRY.replace("  url = {u},\n", ""), "works.bib: one: howpublished or eprint or url: missing"),
        (ENTRY.replace("@misc", "@thing"), "works.bib: one: found @thing, allowed: article, book"),
        (ENTRY.replace("  url = {u},\n", "  url = u,\n"), "works.bib: found '@misc{one,', allowed: entries"),
    ],
)
def test_what_is_no_entry_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "works.bib"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read(path)
    assert str(error.value).startswith(said)


def test_the_project_is_cited_alike_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    fields = WORKS[PROJECT].fields
    assert {key: citation[key] for key in ("cff-version", "type")} == {"cff-version": "1.2.0", "type": "software"}
    assert citation["message"]
    assert [f"{{{author['name']}}}" for author in citation["authors"]] == [fields["author"]]
    assert citation["title"] == fields["title"]
    assert citation["version"] == project["version"] == fields["version"]
    assert citation["license"] == project["license"] == fields["license"]
    assert str(citation["date-released"])[:4] == fields["year"]


def test_the_file_holds_nothing_but_entries() -> None:
    assert PATH.read_text(encoding="utf-8").count("\n@") == len(WORKS) > 60
