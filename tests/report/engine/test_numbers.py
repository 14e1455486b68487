"""Numbers of pages, figures and tables, and what a text that refers to them becomes."""

from pathlib import Path

from rdfia.analyse.read_study import read_study
from rdfia.report.engine.assemble import cross_referenced
from rdfia.report.engine.blocks import Cited, Section, Shown, Words, section
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.render import coded, marked
from rdfia.report.engine.table import Column, Table
from tests.report import sample


def table(name: str, rows: int = 1) -> Table:
    return Table(name, "A caption.", (Column("run"),), (("a",),) * rows)


DRAWING = Drawing("cnn_curves", "A caption.", "A figure.", b"<svg/>", b"")
CNN = "One\n\nAs in [figure cnn_curves] (Smyth 2004).\n\n"
CNN += "[table cnn]\n\n[table empty]\n\n[figure cnn_curves]\n\n[table next]"
TWO = "Two\n\nSee [figure cnn_curves] and [table gone], too.\n\n## See [table two]\n\n[table two]"


def pages(root: Path) -> list[Section]:
    """Two pages and that of the references, of the made-up study."""
    contents = [table("cnn"), table("empty", 0), DRAWING, table("next")]
    made = [section("cnn", CNN, contents), section("two", TWO, [table("two")]), section("references", "R\n\nAll.", [])]
    return cross_referenced(made, read_study(sample.write(root), root))


def test_figures_and_tables_are_counted_page_by_page_and_apart(tmp_path: Path) -> None:
    made = pages(tmp_path)
    assert [page.number for page in made] == [1, 2, 3]
    shown = {block.content.name: block.number for page in made for block in page.blocks if isinstance(block, Shown)}
    assert shown == {
        "cnn": "Table 1.1",
        "empty": "",
        "cnn_curves": "Figure 1.1",
        "next": "Table 1.2",
        "two": "Table 2.1",
    }


def test_a_text_that_refers_to_them_has_links(tmp_path: Path) -> None:
    first, second, _ = pages(tmp_path)
    words = [block.text for block in (*first.blocks, *second.blocks) if isinstance(block, Words)]
    assert words == [
        "As in [Figure 1.1](pages/cnn.html#figure-cnn_curves) ([Smyth 2004](pages/references.html#smyth2004)).",
        "See [Figure 1.1](pages/cnn.html#figure-cnn_curves) and the table `gone`, too.",
        "See [table two]",
    ]
    assert coded(words[1], "../") == (
        'See <a href="../pages/cnn.html#figure-cnn_curves">Figure 1.1</a> and the table <code>gone</code>, too.'
    )
    assert marked(words[1]) == "See Figure 1.1 and the table `gone`, too."


def test_only_a_page_of_the_report_becomes_a_link() -> None:
    for address in ("javascript:alert(1)", "https://example.org", "../pages/a.html", 'pages/a.html" x="'):
        assert "<a" not in coded(f"[words]({address})")


def test_a_page_lists_the_works_of_its_runs_and_texts_and_one_page_all(tmp_path: Path) -> None:
    first, second, last = pages(tmp_path)
    keys = {work.key for work in first.works}
    assert keys >= {"smyth2004", "lecun1998"}  # cited, and that of the runs' model
    assert "srivastava2014" not in keys  # the run with dropout was never run
    assert second.works == ()
    users = {block.work.key: [page.key for page in block.pages] for block in last.blocks if isinstance(block, Cited)}
    assert (users["smyth2004"], users["R2022"]) == (["cnn"], [])
    assert {"kingma2015", "rdfia"} < users.keys()
