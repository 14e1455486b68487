"""The report as one PDF: its pages behind one another, with contents, page numbers and links, printed by Chromium.

What is printed are the pages as they lie in the report's folder. It is printed twice: the first PDF says on which page
each part begins, and the second has these numbers in its contents; once more where they moved a part.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rdfia.config import ConfigError
from rdfia.files import scratch
from rdfia.report.engine.render import COMPARE, templates

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = ("--headless", "--disable-gpu", "--no-first-run", "--hide-scrollbars")
PDF = ("--no-pdf-header-footer", "--generate-pdf-document-outline")
LIMIT = 900  # seconds that a browser may take
TIMES = 3  # that it is printed, at most
FILE = "report.pdf"


@dataclass(frozen=True)
class Leaf:
    """A page of the report as a part of the printed one, in which the names of its places begin with its own."""

    key: str
    title: str
    headings: tuple[tuple[str, str], ...]
    body: str


def write(folder: Path) -> Path:
    """Print the report in a folder to a PDF beside it, and return where that is."""
    browser = find_browser()
    if not (folder / "index.html").exists():
        raise ConfigError(f"{folder / 'index.html'}: missing; `make` or `python -m stages.report` writes it")
    leaves = list(read(folder))
    with scratch(folder / FILE) as fresh:
        pages: Mapping[str, int] = {}
        for _ in range(TIMES):
            (fresh / "report.html").write_text(lay_out(leaves, pages), encoding="utf-8")
            browse(browser, fresh / "report.html", fresh / FILE, *PDF, f"--print-to-pdf={fresh / FILE}")
            before, pages = pages, destinations((fresh / FILE).read_bytes())
            if pages == before:
                break
        (fresh / FILE).replace(folder / FILE)
    return folder / FILE


def find_browser() -> str:
    """Return the Chromium of this machine; one line that says how to get it where there is none."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise ConfigError(f"pdf: found none of {', '.join(BROWSERS)}, allowed: one of them, as by `apt install chromium`")


def read(folder: Path) -> Iterator[Leaf]:
    """Yield the pages in the order of the contents, the overview first."""
    overview = (folder / "index.html").read_text(encoding="utf-8")
    contents = overview[overview.index("<nav") : overview.index("</nav>")]
    yield leaf("index", overview)
    for key in re.findall(r'href="pages/(\w+)\.html"', contents):
        if key != COMPARE:  # there is nothing to see on it without scripts
            yield leaf(key, (folder / "pages" / f"{key}.html").read_text(encoding="utf-8"))


def leaf(key: str, page: str) -> Leaf:
    """Return a page without its frame, its folds open, its links leading to places of the printed report."""
    begin = page.index(">", page.index("<main")) + 1
    body = re.sub(r"<(footer|script)\b.*?</\1>", "", page[begin : page.rindex("</main>")], flags=re.DOTALL)
    body = body.replace("<details", "<details open")
    body = re.sub(r'\b(id|aria-labelledby)="([^"]+)"', rf'\1="{key}.\2"', body)
    body = re.sub(r'href="#([^"]+)"', rf'href="#{key}.\1"', body)
    body = re.sub(r'href="(?:\.\./)?(?:pages/)?(\w+)\.html(?:#([^"]+))?"', _place, body)
    title = re.search(r"<h1>(.*?)</h1>", body, flags=re.DOTALL)
    headings = re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', body)
    return Leaf(key, title[1] if title else key, tuple(headings), body)


def _place(link: re.Match[str]) -> str:
    return "" if link[1] == COMPARE else f'href="#{link[1]}.{link[2] or "top"}"'


def lay_out(leaves: list[Leaf], pages: Mapping[str, int]) -> str:
    """Return the printed report as one page; `pages` are the numbers in its contents, none before the first print."""
    return templates().get_template("paper.html").render(leaves=leaves, pages=pages)


def browse(browser: str, page: Path, made: Path, *options: str) -> None:
    """Have the browser make a file of a page, with a profile of its own beside that file."""
    given = [*OPTIONS, *options, f"--user-data-dir={made.parent / 'browser'}"]
    if os.geteuid() == 0:
        given.append("--no-sandbox")  # a sandbox does not work for root
    command = [browser, *given, page.resolve().as_uri()]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{made.name}: {browser} was not done after {LIMIT} s") from None
    if ended.returncode or not made.exists():
        said = [line for line in ended.stderr.splitlines() if line.strip()]
        what = said[-1] if said else "it said nothing"
        raise ConfigError(f"{made.name}: {browser} ended with {ended.returncode}: {what}")


def destinations(pdf: bytes) -> dict[str, int]:
    """Return the page, from 1, of each named place in a PDF as Chromium writes it: its objects are plain text."""
    text = pdf.decode("latin-1")
    objects = dict(re.findall(r"\n(\d+) 0 obj\n(.*?)\nendobj", text, flags=re.DOTALL))
    catalog = next(body for body in objects.values() if "/Type /Catalog" in body)
    order = list(_pages(objects, _reference(catalog, "Pages")))
    dests = objects[_reference(catalog, "Dests")]
    found = re.findall(r"/((?:[^\s/\[]|#\w\w)+) \[(\d+) 0 R", dests)
    return {re.sub(r"#(\w\w)", lambda c: chr(int(c[1], 16)), name): order.index(page) + 1 for name, page in found}


def _reference(body: str, name: str) -> str:
    found = re.search(rf"/{name} (\d+) 0 R", body)
    if found is None:
        raise ConfigError(f"pdf: found no /{name} in what the browser printed")
    return found[1]


def _pages(objects: Mapping[str, str], number: str) -> Iterator[str]:
    """Yield the pages below a node of the page tree, in their order."""
    kids = re.search(r"/Kids \[([^]]*)\]", objects[number])
    if kids is None:
        yield number
    else:
        for kid in re.findall(r"(\d+) 0 R", kids[1]):
            yield from _pages(objects, kid)
