"""The report as one PDF, printed by the machine's browser: its contents, its links, and what is said without one."""

import re
import shutil
from pathlib import Path

import pytest

from rdfia.config import ConfigError
from rdfia.report import paper
from rdfia.report.engine.text import TEMPLATES
from tests.report import test_browser

KEYS = [key for key in test_browser.KEYS if key != paper.COMPARE]

PRINTED = re.compile(r'<a href="#([^"]+)"><span>.*?</span><i></i><span class="page">(\d+)</span>')


def test_contents_have_the_pages_on_which_the_parts_begin(report: Path, tmp_path: Path) -> None:
    try:
        paper.find_browser()
    except ConfigError as error:
        pytest.skip(str(error))
    folder = tmp_path / "report"
    folder.mkdir()
    shutil.copyfile(report / "index.html", folder / "index.html")
    shutil.copytree(report / "pages", folder / "pages")
    printed = paper.write(folder)
    assert printed.read_bytes().startswith(b"%PDF-")
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "pages", "report.pdf"]
    pages = paper.destinations(printed.read_bytes())
    begins = [pages[f"{key}.top"] for key in KEYS]
    assert begins == sorted(set(begins))
    assert begins[0] > 2
    leaves = list(paper.read(folder))
    contents = dict(PRINTED.findall(paper.lay_out(leaves, pages)))
    assert len(contents) > len(KEYS)
    assert {name: str(pages[name]) for name in contents} == contents
    bookmarks = re.findall(rb"/Title \((.*?)\)", printed.read_bytes())
    assert {leaf.title.encode() for leaf in leaves} | {b"Contents"} <= set(bookmarks)


def test_links_and_names_are_those_of_the_printed_report(report: Path) -> None:
    whole = paper.lay_out(list(paper.read(report)), {})
    names = re.findall(r'\bid="([^"]+)"', whole)
    assert len(names) == len(set(names))
    inner = re.findall(r'href="#([^"]+)"', whole)
    assert len(inner) > 50
    assert set(inner) <= set(names)
    assert "<script" not in whole
    for name in ("style.css", "findings.css", "print.css", "paper.css"):
        assert (TEMPLATES / name).read_text("utf-8").strip() in whole
    assert "<details>" not in whole


def test_without_a_browser_one_line_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"^pdf: found none of chromium, .*: one of them, as by `apt install"):
        paper.write(tmp_path)


def test_without_a_report_one_line_says_what_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "find_browser", lambda: "chromium")
    with pytest.raises(ConfigError, match=r"index\.html: missing; `make`"):
        paper.write(tmp_path)


def test_a_browser_that_does_not_end_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(paper, "LIMIT", 0.1)
    with pytest.raises(ConfigError, match=r"^report\.pdf: \S+/slow was not done after 0\.1 s$"):
        paper.browse(str(slow), tmp_path / "report.html", tmp_path / "report.pdf")
