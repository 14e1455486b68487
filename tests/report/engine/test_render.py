"""The files of a report: what is embedded, and where the pages lead."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rdfia.analyse import provenance
from rdfia.analyse.results import Card, ChapterResult, Study
from rdfia.report.engine.blocks import LONG, section
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.registry import Maker, Rows
from rdfia.report.engine.render import Report, breakable, coded, files, marked, stand_in_note
from rdfia.report.engine.table import Column, Table

PAGES = ("index.html", "pages/one.html", "pages/two.html", "pages/data.html", "report.md")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'


def drawing(svg: bytes) -> Drawing:
    """A figure of these bytes."""
    return Drawing("figure", "What to look at.", "A figure that shows nothing.", svg)


def rows(context: Context) -> Iterator[Rows]:
    """Make nothing: only its source counts here."""
    yield from ()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the files of a report of two chapters and one page more, with stale results in the second."""
    monkeypatch.setattr(Study, "replayed", ("one/same",))
    monkeypatch.setattr(provenance, "lines", lambda _: (("profile", "full"),))
    maker = Maker("table", "{chapter}_dynamics", rows)
    table = Table("one_dynamics", "A caption.", (Column("run"),), (("a",), ("b",)), maker, summary="Numbers")
    text = "One\n\nThe first `words`.\n\n## A heading\n\nMore.\n\n[table one_dynamics]"
    chapters = (
        section("one", text, [table, drawing(SVG)], (), {"figure"}),
        section("two", "Two", []),
    )
    head = Table("headline", "At a glance.", (Column("chapter"),), (("one",),))
    study = Study(Path(), "full", (), {}, ("two/slow", "two/fast"))
    return dict(files(Report(study, head, chapters, (section("data", "Data\n\nSeen.", []),))))


def test_every_part_has_a_page(made: dict[str, str]) -> None:
    shared = ["pages/run.css", "pages/run.js"]
    pages = [f"pages/{key}.html" for key in ("data", "one", "two")]
    assert sorted(made) == sorted(["index.html", *pages, *shared, "report.md"])
    for path, text in made.items():
        if path.endswith(".html"):
            assert text.startswith("<!doctype html>")
            assert text.count('aria-current="page"') == 1
            assert text.count("<h1>") == 1


def test_pages_lead_to_the_ones_before_and_after(made: dict[str, str]) -> None:
    turns = {
        key: re.findall(r'href="([^"]+)" rel="(\w+)"', made[f"pages/{key}.html"]) for key in ("one", "two", "data")
    }
    assert turns["one"] == [("../pages/two.html", "next")]
    assert turns["two"] == [("../pages/one.html", "prev"), ("../pages/data.html", "next")]
    assert turns["data"] == [("../pages/two.html", "prev")]


def test_content_names_its_source_and_links_to_its_numbers(made: dict[str, str]) -> None:
    page = made["pages/one.html"]
    source = "<code>tests/report/engine/test_render.py:rows</code>"
    assert f'<a href="../tables/one_dynamics.csv">numbers</a> {source}' in page
    assert '<a href="../figures/figure.csv">numbers</a>' in page
    assert '<a href="tables/headline.csv">numbers</a>' in made["index.html"]


def test_results_of_another_declaration_are_named_on_their_pages(made: dict[str, str]) -> None:
    stale = "2 results were recorded under another declaration (settings or code) than today's: two/slow, two/fast"
    replayed = "1 result was recorded under another declaration, and a replay"
    assert [stale in made[name] for name in PAGES] == [True, False, True, False, True]
    assert [replayed in made[name] for name in PAGES] == [True, True, False, False, True]


def test_the_overview_shows_each_chapter(made: dict[str, str]) -> None:
    cards = re.findall(r"<article.*?</article>", made["index.html"], flags=re.DOTALL)
    assert len(cards) == 3
    assert '<a href="pages/one.html">One</a>' in cards[0]
    assert "The first <code>words</code>." in cards[0]
    assert cards[0].count("<img") == 1
    assert "<img" not in cards[1]


def test_headings_are_anchors_and_long_tables_are_folded(made: dict[str, str]) -> None:
    page = made["pages/one.html"]
    assert '<li><a href="#a-heading">A heading</a></li>' in page
    assert '<h2 id="a-heading">A heading</h2>' in page
    assert re.search(r"<details>\s*<summary>Numbers <small>2 runs</small></summary>.*</details>", page, re.DOTALL)
    assert "### A heading" in made["report.md"]
    assert "<details><summary>Numbers</summary>\n\nA caption." in made["report.md"]


def test_the_parts_of_a_long_page_are_folded_with_their_headings_as_anchors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "lines", lambda _: (("profile", "full"),))
    names = [f"t{number}" for number in range(LONG)]
    tables = [Table(name, "", (Column("a"),), (("1",),)) for name in names]
    text = "One\n\nOpening.\n\n## First\n\nWords.\n\n## Second\n\n" + "\n\n".join(f"[table {n}]" for n in names)
    head = Table("headline", "At a glance.", (Column("chapter"),), (("one",),))
    made = dict(files(Report(Study(Path(), "full", (), {}), head, (section("one", text, tables),), ())))
    folds = re.findall(r'<details class="part"( open)?>\s*<summary>(.*?)</summary>', made["pages/one.html"], re.DOTALL)
    assert [(bool(opened), summary.strip().split("\n")) for opened, summary in folds] == [
        (True, ['<h2 id="first">First</h2>']),
        (False, ['<h2 id="second">Second</h2>', f" <small>{LONG} tables</small>"]),
    ]
    assert made["pages/one.html"].count("Opening.") == 1


def test_the_page_says_once_that_its_data_are_a_stand_in() -> None:
    card = Card("mnist", "digits", "drawn digits", sha256="ab")
    cards = {"mnist": card, "cifar10": replace(card, name="cifar10"), "circles": replace(card, source="circles")}
    chapters = (ChapterResult("mlp", "circles", ()), ChapterResult("vit", "mnist", ()))
    study = Study(Path(), "full", chapters, cards)
    line = "Nothing here is about MNIST or CIFAR-10, as stand-ins take their places: "
    said = [stand_in_note(study, key) for key in ("vit", "mlp", "cost", "data", "", "published")]
    assert said == [f"{line}drawn digits.", "", "", "", *[f"{line}mnist and cifar10."] * 2]


def test_code_is_set_and_the_rest_escaped() -> None:
    assert coded("a `b < c` <i>") == "a <code>b &lt; c</code> &lt;i&gt;"
    assert breakable("cnn/<b>_1") == "cnn/<wbr>&lt;b&gt;_<wbr>1"
    assert marked("a `b_*c*` *d* <i>") == "a `b_*c*` \\*d\\* &lt;i>"


def test_the_text_for_a_forge_shows_every_word_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "lines", lambda _: (("label", "*l*"),))
    odd = Drawing("figure", "1. <b>*a*", "cats] [dogs", SVG)
    table = Table("t", "# _x_", (Column("$c$"),), (("[a](b)",),), summary="<Numbers>")
    chapters = (section("one", "*One*\n\n[figure figure]\n\n[table t]", [odd, table]),)
    head = Table("headline", "At `a` glance.", (Column("chapter"),), (("one",),))
    text = dict(files(Report(Study(Path(), "full", (), {}), head, chapters, ())))["report.md"]
    for line in (
        "At \\`a\\` glance.",
        "## \\*One\\*",
        "![cats\\] \\[dogs](figures/figure.svg)",
        "1\\. &lt;b>\\*a\\*",
        "<details><summary>&lt;Numbers&gt;</summary>",
        "\\# \\_x\\_",
        "| \\$c\\$ |",
        "| \\[a\\](b) |",
        "- label: \\*l\\*",
    ):
        assert line in text.splitlines()
