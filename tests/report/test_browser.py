"""The page in a real browser, from a file: complete, quiet and alone."""

import csv
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rdfia.analyse import claims, provenance
from rdfia.analyse.results import Study
from rdfia.report.engine.blocks import LONG, section
from rdfia.report.engine.render import Report, files
from rdfia.report.engine.table import Column, Table

OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium with a profile of its own; a machine without it skips, except in continuous integration."""
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")
    if not (driver and chromium):
        reason = "chromium and chromedriver are not on this machine, so the page was not opened"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    webdriver = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(driver))
    yield opened
    opened.quit()


@pytest.fixture(scope="module")
def opened(browser: Any, report: Path) -> Any:
    """The browser with the overview open."""
    return _open(browser, report / "index.html")


PAPER = 687  # pixels between the margins of a sheet
KEYS = ("mlp", "cnn", "questions", "claims", "errors", "data", "published", "cost", "compare", "references")
PAGES = ("index.html", *(f"pages/{key}.html" for key in KEYS))


def _open(browser: Any, path: Path) -> Any:
    browser.get(path.as_uri())
    return browser


def test_every_image_is_decoded(browser: Any, report: Path) -> None:
    shown = []
    for page in PAGES:
        opened = _open(browser, report / page)
        assert opened.execute_script("return [...document.images].every(image => image.naturalWidth > 0)")
        shown += opened.execute_script("return [...document.querySelectorAll('figure')].map(figure => figure.id)")
    assert sorted(shown) == sorted(f"figure-{path.stem}" for path in (report / "figures").glob("*.svg"))
    _open(browser, report / "pages" / "mlp.html")
    assert browser.execute_script("return document.querySelectorAll('.formula img').length") > 10


def test_every_table_has_the_rows_of_its_csv(browser: Any, report: Path) -> None:
    script = """
        const rows = table => [...table.tBodies[0].rows].map(row => row.cells[0].textContent);
        return Object.fromEntries([...document.querySelectorAll("table")].map(table => [table.id, rows(table)]))
    """
    shown: dict[str, list[str]] = {}
    for page in PAGES:
        shown |= _open(browser, report / page).execute_script(script)
    for path in (report / "tables").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            assert shown[f"table-{path.stem}"] == [row[0] for row in csv.reader(lines)][1:]


def test_a_click_sorts_by_number_and_a_second_turns_it_round(browser: Any, report: Path) -> None:
    opened = _open(browser, report / "pages" / "cnn.html")
    script = """
        const table = document.querySelector("#table-cnn");
        const column = [...table.querySelectorAll("th")].findIndex(h => h.innerText.startsWith(arguments[0]));
        table.querySelectorAll("th button")[column].click();
        return [...table.tBodies[0].rows].map(row => row.cells[column].innerText)
    """
    for heading in ("test accuracy", "train minus test", "weights"):
        up, down = (opened.execute_script(script, heading) for _ in range(2))
        counted = sum(cell != "–" for cell in up)
        numbers = [float(cell.split()[0].replace(",", "")) for cell in up[:counted]]
        assert numbers == sorted(numbers)
        assert [float(cell.split()[0].replace(",", "")) for cell in down[:counted]] == numbers[::-1]
        assert up[counted:] == down[counted:]


def test_claims_can_be_chosen_by_report_chapter_and_verdict(browser: Any, report: Path) -> None:
    opened = _open(browser, report / "pages" / "claims.html")
    script = """
        for (const [name, value] of Object.entries(arguments[0])) {
          const label = [...document.querySelectorAll(".filters label")].find(l => l.textContent.startsWith(name));
          label.querySelector("select").value = value;
          label.querySelector("select").dispatchEvent(new Event("input", {bubbles: true}));
        }
        const rows = [...document.querySelector("#table-claims").tBodies[0].rows].filter(row => row.offsetHeight);
        return rows.map(row => row.cells[0].textContent)
    """
    assert set(opened.execute_script(script, {})) == set(claims.read())
    theirs = {name for name, each in claims.read().items() if "R2026" in (*each.said_by, *each.denied_by)}
    shown = set(opened.execute_script(script, {"report": "R2026"}))
    assert shown == theirs
    shown = set(opened.execute_script(script, {"report": "R2026", "chapter": "cnn", "verdict": "holds"}))
    found = json.loads((report / "claims.json").read_text("utf-8"))
    assert shown == {name for name in theirs if (found[name]["chapter"], found[name]["verdict"]) == ("cnn", "holds")}
    assert shown
    opened.execute_script("document.querySelectorAll('.filters select').forEach(choice => { choice.value = ''; })")


def test_the_code_beside_an_equation_is_seen(browser: Any, report: Path) -> None:
    opened = _open(browser, report / "pages" / "mlp.html")
    script = """
        document.querySelectorAll("details").forEach(each => { each.open = true; });
        return [...document.querySelectorAll(".formula")].map(formula => {
          const code = formula.querySelector("code"), box = code?.parentElement.getBoundingClientRect();
          return code && [code.textContent, box.width, box.height];
        })
    """
    shown = [each for each in opened.execute_script(script) if each]
    assert len(shown) > 5
    assert [code for code, width, height in shown if width < 40 or height < 10] == []


WIDE = """
    const edge = document.documentElement.clientWidth + 1;
    const scrolls = (e) => getComputedStyle(e).overflowX !== "visible";
    const cut = ({parentElement: e}) => e && (scrolls(e) || cut(e));
    const beyond = (e) => e.getBoundingClientRect().width && e.getBoundingClientRect().right > edge && !cut(e);
    return [...document.querySelectorAll("body *")].filter(beyond).map((e) => e.outerHTML.slice(0, 120))
"""
SCROLLING = """
    const frames = [...document.querySelectorAll(".scroll:has(> table)")];
    return frames.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.firstElementChild.id)
"""


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wider_than_the_page(browser: Any, report: Path, page: str) -> None:
    opened = _open(browser, report / page)
    opened.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for width in (1300, 800, 420):
        with shown(opened, width):
            assert opened.execute_script(WIDE) == []
            assert width < 1300 or opened.execute_script(SCROLLING) == []
    with shown(opened, PAPER, media="print"):
        assert opened.execute_script(WIDE) == []


@contextmanager
def shown(browser: Any, width: int = 1300, media: str = "", **features: str) -> Iterator[None]:
    """Show the page at a width, on paper, or with what a reader prefers, as in prefers_color_scheme="dark"."""
    wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": wanted})
    browser.set_script_timeout(60)  # for a loaded machine
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")  # it is laid out
    yield
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_what_is_folded_is_open_on_paper_and_folded_again(browser: Any, report: Path) -> None:
    opened = _open(browser, report / "pages" / "cost.html")
    script = "dispatchEvent(new Event(arguments[0])); return [...document.querySelectorAll('details')].map(d => d.open)"
    assert opened.execute_script(script, "beforeprint") == [True]
    assert opened.execute_script(script, "afterprint") == [False]


def test_the_verdicts_are_seen_without_scrolling(browser: Any, report: Path) -> None:
    script = """
        document.querySelectorAll("details").forEach(one => one.open = true);
        return [...document.querySelectorAll("th")].filter(head => head.innerText.startsWith("verdict")).map(
            head => [head.getBoundingClientRect().right, head.closest(".scroll").getBoundingClientRect().right])
    """
    places = [place for page in PAGES for place in _open(browser, report / page).execute_script(script)]
    assert len(places) >= 3
    assert all(right <= edge for right, edge in places)


def test_contents_lead_to_every_page_and_back(opened: Any, report: Path) -> None:
    hops = 0
    while turns := opened.execute_script(
        "return [...document.querySelectorAll('a[rel=next], article a')].map(a => a.href)"
    ):
        opened.get(turns[0])
        hops += 1
        inside = (
            "return [...document.querySelectorAll('nav a[href^=\"#\"]')].every(a => document.querySelector(a.hash))"
        )
        assert opened.execute_script(inside)
    assert hops == len(PAGES) - 1
    opened.find_element("link text", "Overview").click()
    assert opened.current_url == (report / "index.html").as_uri()


def test_the_page_that_is_open_is_in_sight_on_a_phone(browser: Any, report: Path) -> None:
    browser.set_window_size(500, 900)
    opened = _open(browser, report / "pages" / "cost.html")
    script = (
        "const box = document.querySelector('[aria-current]').getBoundingClientRect(); return [box.left, box.right]"
    )
    left, right = opened.execute_script(script)
    inner = opened.execute_script("return window.innerWidth")
    opened.set_window_size(1280, 900)
    assert 0 <= left < right <= inner


def test_console_is_quiet_and_no_request_leaves(opened: Any) -> None:
    assert [entry["message"] for entry in opened.get_log("browser") if entry["level"] == "SEVERE"] == []
    sent = [entry["message"] for entry in opened.get_log("performance") if "requestWillBeSent" in entry["message"]]
    assert sent
    assert [message for message in sent if '"url":"http' in message] == []


def test_questions_are_folded_on_the_screen_and_open_on_paper(browser: Any, report: Path) -> None:
    opened = _open(browser, report / "pages" / "questions.html")
    height = "return document.querySelector('main').getBoundingClientRect().height"
    folded = opened.execute_script(height)
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    printed = opened.execute_script(height)
    opened.execute_script("document.querySelectorAll('details').forEach(details => details.open = true)")
    whole = opened.execute_script(height)
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert printed == whole > 2 * folded


@pytest.fixture
def folded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of three parts, so long that they are folded."""
    monkeypatch.setattr(provenance, "lines", lambda _: ())
    tables = [Table(f"t{number}", "A table.", (Column("a"),), (("1",),)) for number in range(LONG)]
    text = "\n\n".join(["Long", "## First", "Words.", "## Second", "[table t0]", "## Third", "[table t1]"])
    chapter = section("long", text, tables, (), {table.name for table in tables})
    made = files(Report(Study(Path(), "full", (), {}), tables[0], (chapter,), ()))
    page = tmp_path / "long.html"
    page.write_text(dict(made)["pages/long.html"], encoding="utf-8")
    return page


def test_an_address_opens_the_fold_that_it_points_into(browser: Any, folded: Path) -> None:
    """By its address, by a click on the contents, and by the button that opens all and folds all."""
    from selenium.webdriver.support.wait import WebDriverWait

    state = "return [...document.querySelectorAll('details.part')].map(part => part.open)"
    assert _open(browser, folded).execute_script(state) == [True, False, False, False]
    browser.get(f"{folded.as_uri()}#table-t1")
    WebDriverWait(browser, 60).until(lambda _: browser.execute_script(state) == [True, False, True, False])
    browser.execute_script("document.querySelector('nav a[href=\"#second\"]').click()")
    assert browser.execute_script(state) == [True, True, True, False]
    button, name = "document.querySelector('.unfold')", "return document.querySelector('.unfold').textContent"
    browser.execute_script(f"{button}.click()")
    assert browser.execute_script(state) == [True] * 4
    WebDriverWait(browser, 60).until(lambda _: browser.execute_script(name) == "Fold all parts")
    browser.execute_script(f"{button}.click()")
    assert browser.execute_script(state) == [False] * 4
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert browser.execute_script(state) == [True] * 4
