"""The pages as HTML: every element is closed where it was opened and may stand there, and every name is one's own."""

from collections import Counter
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.report.test_browser import PAGES

VOID = {"meta", "link", "img", "br", "wbr", "input", "hr"}
PHRASES = {"p", "h1", "h2", "h3", "summary", "button", "a", "span", "code", "small", "b", "strong", "cite"}
BLOCKS = {"p", "div", "section", "article", "table", "figure", "ul", "ol", "dl", "details", "h1", "h2", "h3", "footer"}
INSIDE = {  # where an element may stand alone
    "li": {"ul", "ol"},
    "dt": {"dl"},
    "dd": {"dl"},
    "tr": {"thead", "tbody"},
    "td": {"tr"},
    "th": {"tr"},
    "thead": {"table"},
    "tbody": {"table"},
    "figcaption": {"figure"},
    "summary": {"details"},
}
NEEDED = {"html": ("lang",), "img": ("alt", "src"), "a": ("href",), "th": ("scope",), "button": ("type",)}
NAMES = ("aria-labelledby", "aria-describedby", "for")


class Strict(HTMLParser):
    """A reader that forgives nothing: `wrong` has what it found."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: Counter[str] = Counter()
        self.named: set[str] = set()

    def handle_starttag(self, tag: str, attributes: Sequence[tuple[str, str | None]]) -> None:
        here = f"line {self.getpos()[0]}: <{tag}>"
        given = dict(attributes)
        around = self.open[-1] if self.open else ""
        twice = [name for name, count in Counter(name for name, _ in attributes).items() if count > 1]
        self.wrong += [f"{here} has {name} twice" for name in twice]
        self.wrong += [f"{here} lacks {name}" for name in NEEDED.get(tag, ()) if name not in given]
        if around not in INSIDE.get(tag, {around}):
            self.wrong.append(f"{here} stands in <{around}>")
        heading = tag in ("h1", "h2", "h3") and around == "summary"  # where one may stand
        if tag in BLOCKS and not heading and (phrase := next((name for name in self.open if name in PHRASES), "")):
            self.wrong.append(f"{here} stands in <{phrase}>, which holds words alone")
        if tag in ("a", "button") and {"a", "button"} & set(self.open):
            self.wrong.append(f"{here} stands in another link or button")
        self.ids.update(value for name, value in attributes if name == "id" and value)
        self.named |= {name for key in NAMES for name in (given.get(key) or "").split()}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"line {self.getpos()[0]}: </{tag}> closes <{self.open[-1] if self.open else ''}>")
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open and self.open[-1] in {"table", "thead", "tbody", "tr", "ul", "ol", "dl"}:
            self.wrong.append(f"line {self.getpos()[0]}: {data.strip()[:30]!r} stands in <{self.open[-1]}>")


def faults(html: str) -> list[str]:
    """Return what is wrong with a page."""
    reader = Strict()
    reader.feed(html)
    reader.close()
    twice = [f"id {name} stands twice" for name, count in reader.ids.items() if count > 1]
    missing = [f"no element has the id {name}" for name in sorted(reader.named - reader.ids.keys())]
    return [*reader.wrong, *(f"<{tag}> is left open" for tag in reader.open), *twice, *missing]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_valid(report: Path, page: str) -> None:
    html = (report / page).read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>\n<html lang=")
    assert faults(html) == []


def test_pages_are_light(report: Path) -> None:
    """When the order of cells and the numbers of curves stood in a page besides, both limits were passed."""
    sizes = {path: path.stat().st_size for path in report.rglob("*.html")}
    assert max(sizes.values()) < 330_000
    assert sum(sizes.values()) < 1_450_000


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p><b>a</p></b>", "line 1: </p> closes <b>"),
        ("<div id='a'></div><p id='a'></p>", "id a stands twice"),
        ("<p>a<div>b</div></p>", "line 1: <div> stands in <p>, which holds words alone"),
        ("<ul><p>a</p></ul><li>a</li>", "line 1: <li> stands in <>"),
        ("<section aria-labelledby='b'></section>", "no element has the id b"),
        ("<div>", "<div> is left open"),
        ("<img src='a'>", "line 1: <img> lacks alt"),
        ("<table>a</table>", "line 1: 'a' stands in <table>"),
    ],
)
def test_a_fault_is_found(html: str, said: str) -> None:
    assert said in faults(html)
