"""The report as a whole: complete, strict, reproducible, and never half replaced."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from rdfia.report.engine import assemble, references, render, write
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.make import make
from rdfia.report.engine.registry import Maker
from rdfia.report.engine.table import Table
from tests.report import sample

CHAPTERS = ("mlp", "cnn")
ADDRESSES = {work.address for work in references.read().values()}  # that a reader may follow
PAGES = (*CHAPTERS, "questions", "claims", "errors", "data", "published", "cost", "compare", "references")
SHARED = ("test_accuracy", "effects", "price", "loss", "accuracy", "confusion")


def tables_alone(maker: Maker, context: Context) -> list[Drawing | Table]:
    """Make tables, and none of the figures, which take long."""
    return make(maker, context) if maker.kind == "table" else []


def test_all_parts_are_there(report: Path) -> None:
    assert {part for part in write.PARTS if not (report / part).exists()} == set()
    names = {*CHAPTERS, *(f"{chapter}_dynamics" for chapter in CHAPTERS), "headline", "data", "published"}
    names |= {"cost", "cost_by_chapter", "claims", "mlp_claims", "cnn_claims", "cnn_methods", "errors"}
    assert {path.name for path in (report / "tables").iterdir()} == {f"{n}.{e}" for n in names for e in ("csv", "md")}
    pages = {f"{name}.html" for name in PAGES} | {"run.css", "run.js", "runs"}
    assert {path.name for path in (report / "pages").iterdir()} == pages
    ran = {f"{chapter}/{run}.html" for chapter in CHAPTERS for run in sample.params()[chapter]["runs"]} - {
        "cnn/planned.html"
    }
    assert {path.relative_to(report / "pages/runs").as_posix() for path in report.glob("pages/runs/*/*")} == ran
    assert [path.name for path in report.iterdir() if path.name.startswith(".")] == []


def test_every_kind_of_figure_is_made_with_its_numbers(report: Path) -> None:
    shared = {f"{chapter}_{kind}" for chapter in CHAPTERS for kind in SHARED}
    own = {"mlp_regions", "mlp_strip", "cnn_filters", "cnn_mistakes"}
    own |= {f"mlp_hidden_units_{kind}" for kind in ("loss", "accuracy", "regions", "strip")}
    data = {f"cifar10_{kind}" for kind in ("samples", "normalise", "augment", "spectrum")}
    files = {f"{name}.{ending}" for name in shared | own | data for ending in ("svg", "csv")}
    assert {path.name for path in (report / "figures").iterdir()} == files
    for path in report.glob("figures/*.csv"):
        head, *rows = csv.reader(path.read_text("utf-8").splitlines())
        assert rows
        assert {len(row) for row in rows} == {len(head)}


def test_the_headline_metrics_are_mean_accuracies_of_evaluated_runs(report: Path) -> None:
    found = json.loads((report / "metrics.json").read_text("utf-8"))
    summary = json.loads((report / "summary.json").read_text("utf-8"))["runs"]
    evaluated = {key: run["test_accuracy"]["mean"] for key, run in summary.items() if run["test_accuracy"]}
    assert {f"{chapter}/{run}": value for chapter, runs in found.items() for run, value in runs.items()} == evaluated


def test_summary_is_strict_and_speaks_of_every_run(report: Path) -> None:
    def refuse(word: str) -> None:
        raise ValueError(word)

    summary = json.loads((report / "summary.json").read_text("utf-8"), parse_constant=refuse)
    expected = {f"{chapter}/{run}" for chapter in CHAPTERS for run in sample.params()[chapter]["runs"]}
    assert set(summary["runs"]) == expected
    crop = summary["runs"]["cnn/crop_flip"]
    assert 50 < crop["test_accuracy"]["mean"] < 100
    assert crop["effect"]["reference"] == "standardise"
    assert crop["effect"]["verdict"] in ("helps", "hurts", "not resolved")
    assert [figure["report"] for figure in crop["published"]] == ["R2022", "R2023a", "R2026"]
    assert summary["runs"]["cnn/planned"]["test_accuracy"] is None


def test_tables_have_a_line_for_every_run(report: Path) -> None:
    for chapter in CHAPTERS:
        with (report / "tables" / f"{chapter}.csv").open(encoding="utf-8", newline="") as lines:
            assert [row["run"] for row in csv.DictReader(lines)] == list(sample.params()[chapter]["runs"])


@pytest.mark.parametrize("name", ["index", *(f"pages/{key}" for key in PAGES)])
def test_a_page_is_self_contained_and_escapes(report: Path, name: str) -> None:
    html = (report / f"{name}.html").read_text("utf-8")
    shown = re.sub(r'<div class="formula">.*?</div>', "", html, flags=re.DOTALL)  # an equation says its LaTeX
    assert [alt for alt in re.findall(r'alt="([^"]*)"', shown) if len(alt) < 20] == []
    assert len(html) < 6_000_000
    assert set(re.findall(r'(?:src|href)="((?:https?:|/|file:)[^"]*)"', html)) <= ADDRESSES
    assert re.findall(r'src="(?!data:)[^"]*"', html) == []
    assert sample.SCRIPT not in html
    assert html.count("<img") == html.count("alt=")
    assert "On stand-in data" not in html


def test_links_lead_to_pages_and_anchors_that_exist(report: Path) -> None:
    paths = (report / "index.html", *report.glob("pages/**/*.html"))
    pages = {path.resolve(): path.read_text("utf-8") for path in paths}
    for path, html in pages.items():
        links = re.findall(r'href="(?!data:)([^"#]*)(?:#([^"]*))?"', html)
        assert len(links) > len(PAGES)
        for file, anchor in links:
            if file in ADDRESSES:
                continue
            if file.endswith((".csv", ".css")):
                assert (path.parent / file).resolve().stat().st_size > 0
                continue
            target = pages[(path.parent / file).resolve() if file else path]
            state = anchor.startswith("runs=")  # of the page that compares
            assert not anchor or state or f'id="{anchor}"' in target


def test_every_figure_and_table_stands_on_one_page(report: Path) -> None:
    html = "".join(path.read_text("utf-8") for path in (report / "index.html", *report.glob("pages/*.html")))
    for kind, files in (("figure", "figures/*.svg"), ("table", "tables/*.csv")):
        shown = re.findall(rf'<{kind} id="{kind}-(\w+)"', html)
        assert sorted(shown) == sorted(path.stem for path in report.glob(files))


def test_markdown_links_to_figures_that_exist(report: Path) -> None:
    links = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (report / "report.md").read_text("utf-8"))
    assert len(links) > 10
    assert [link for link in links if not (report / link).exists()] == []


def test_the_users_own_images_are_no_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble, "make", tables_alone)  # this test reads words alone
    params = sample.write(tmp_path)
    path = tmp_path / "reports" / "full" / "data" / "cifar10.json"
    own = {"source": "folders", "stands_for": None, "label": "images of flowers", "skipped": {"val/": 7}}
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | own), "utf-8")
    write.write(params, tmp_path)
    folder = tmp_path / "reports" / "full"
    texts = [p.read_text("utf-8") for p in (folder / "report.md", folder / "index.html", *folder.glob("pages/*.html"))]
    assert [text for text in texts if "stand-in" in text] == []
    data = (folder / "tables" / "data.csv").read_text("utf-8")
    assert "images of flowers,nothing published," in data
    assert "7 files skipped: 7 in val/" in data


def test_stand_in_data_are_named_and_claim_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble, "make", tables_alone)  # this test reads words alone
    write.write(sample.write(tmp_path, "quick", stands_for=False), tmp_path)
    folder = tmp_path / "reports" / "quick"
    for name in ("index.html", "report.md", "pages/cnn.html", "pages/published.html"):
        text = (folder / name).read_text("utf-8")
        assert text.count("Nothing here is about MNIST or CIFAR-10, as stand-ins take their places: ") == 1
    assert "On stand-in data" not in (folder / "pages" / "cost.html").read_text("utf-8")
    runs = json.loads((folder / "summary.json").read_text("utf-8"))["runs"]
    verdicts = [figure["verdict"] for run in runs.values() for figure in run["published"]]
    assert verdicts
    assert [verdict for verdict in verdicts if not verdict.startswith("cannot be compared")] == []


def test_writing_again_gives_the_same_bytes_and_clears_what_is_stale(report: Path) -> None:
    before = _contents(report)
    for stale in ("figures/gone.svg", "pages/gone.html"):
        (report / stale).touch()
    write.write(sample.params(), report.parent.parent)
    assert _contents(report) == before


def test_a_failure_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "reports" / "full"
    (folder / "figures").mkdir(parents=True)
    (folder / "index.html").write_text("old", encoding="utf-8")

    def fail(*_: Any) -> None:
        raise RuntimeError("no page today")

    monkeypatch.setattr(render, "embedded", fail)
    monkeypatch.setattr(render, "_environment", fail)
    with pytest.raises(RuntimeError):
        write.write(sample.params(), tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["figures", "index.html"]
    assert (folder / "index.html").read_text("utf-8") == "old"


def test_a_report_before_any_run_says_so(tmp_path: Path) -> None:
    write.write(sample.params(), tmp_path)
    summary = json.loads((tmp_path / "reports/full/summary.json").read_text("utf-8"))
    assert {run["status"] for run in summary["runs"].values()} == {"not run"}
    assert [*(tmp_path / "reports/full/figures").iterdir()] == []
    assert json.loads((tmp_path / "reports/full/metrics.json").read_text("utf-8")) == {}


def _contents(folder: Path) -> dict[str, bytes]:
    """Every file of the report by its path."""
    files = [path for part in write.PARTS for path in [folder / part, *(folder / part).glob("*")] if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
