"""The page in a real browser, from a file: complete, quiet and alone."""

import csv
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
    """The browser with the report open."""
    browser.get((report / "index.html").as_uri())
    return browser


def test_every_image_is_decoded(opened: Any, report: Path) -> None:
    widths = opened.execute_script("return [...document.images].map(image => image.naturalWidth)")
    assert min(widths) > 0
    figures = opened.execute_script("return document.querySelectorAll('figure img').length")
    assert figures == len(list((report / "figures").glob("*.svg")))
    assert opened.execute_script("return document.querySelectorAll('.formula img').length") > 10


def test_every_table_has_the_rows_of_its_csv(opened: Any, report: Path) -> None:
    for path in (report / "tables").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            expected = [row[0] for row in csv.reader(lines)][1:]
        script = (
            "return [...document.querySelectorAll(`#table-${arguments[0]} tbody tr`)].map(r => r.cells[0].innerText)"
        )
        assert opened.execute_script(script, path.stem) == expected


def test_a_click_sorts_by_number_and_a_second_turns_it_round(opened: Any) -> None:
    script = """
        const table = document.querySelector("#table-cnn");
        const column = [...table.querySelectorAll("th")].findIndex(h => h.innerText.startsWith("test accuracy"));
        table.querySelectorAll("th button")[column].click();
        return [...table.tBodies[0].rows].map(row => row.cells[column].dataset.sort)
    """
    up, down = opened.execute_script(script), opened.execute_script(script)
    numbers = [float(cell) for cell in up if cell]
    assert numbers == sorted(numbers)
    assert [float(cell) for cell in down if cell] == sorted(numbers, reverse=True)
    assert (up[-1], down[-1]) == ("", "")
    opened.refresh()


def test_nothing_is_wider_than_a_phone(opened: Any) -> None:
    opened.set_window_size(500, 900)
    width, inner = opened.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    opened.set_window_size(1280, 900)
    assert width <= inner


def test_contents_lead_to_their_sections(opened: Any) -> None:
    script = "return [...document.querySelectorAll('nav a')].filter(a => !document.querySelector(a.hash)).length"
    assert opened.execute_script(script) == 0


def test_console_is_quiet_and_no_request_leaves(opened: Any) -> None:
    assert [entry["message"] for entry in opened.get_log("browser") if entry["level"] == "SEVERE"] == []
    sent = [entry["message"] for entry in opened.get_log("performance") if "requestWillBeSent" in entry["message"]]
    assert sent
    assert [message for message in sent if '"url":"http' in message] == []
