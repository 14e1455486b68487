"""The pages for everyone, in a real browser: rules of accessibility, both themes, the keyboard alone, less motion."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.project import ROOT
from tests.report.sample import SCRIPT
from tests.report.test_browser import PAGES, shown
from tests.report.test_browser import browser as browser

AXE = ROOT / "tests" / "report" / "axe"
PATIENCE = 60  # seconds that a loaded machine may take for what is waited for
RUN = """
    const done = arguments[arguments.length - 1];
    const rules = {"target-size": {enabled: true}};
    axe.run(document, {resultTypes: ["violations"], rules}).then(({violations}) => done(violations.map(
        (found) => `${found.id}: ${found.help}: ${found.nodes.slice(0, 2).map((node) => node.html.slice(0, 150))}`)))
"""


def test_axe_is_what_was_published() -> None:
    for line in (AXE / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        expected, name = line.split()
        if not name.endswith(".tgz"):
            assert hashlib.sha256((AXE / name).read_bytes()).hexdigest() == expected


@pytest.mark.parametrize("page", PAGES)
def test_no_rule_is_violated_in_either_theme(browser: Any, report: Path, page: str) -> None:
    browser.set_script_timeout(PATIENCE)
    browser.get((report / page).as_uri())
    browser.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    browser.execute_script((AXE / "axe.min.js").read_text(encoding="utf-8"))
    for width, theme in ((1300, "light"), (420, "dark")):
        with shown(browser, width, prefers_color_scheme=theme):
            assert browser.execute_async_script(RUN) == []


def test_figures_follow_the_theme(browser: Any, report: Path) -> None:
    """Of an image the page may read the pixels: the words of a figure are dark on light and light on dark."""
    script = """
        const image = document.querySelector("figure:not([data-measure]) img");
        const sheet = Object.assign(document.createElement("canvas"), {width: image.width, height: image.height});
        const canvas = sheet.getContext("2d");
        canvas.drawImage(image, 0, 0, image.width, image.height);
        const data = canvas.getImageData(0, 0, image.width, image.height).data;
        const seen = new Set();  // red, green and blue together, of each pixel that is drawn
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) seen.add(data[i] + data[i + 1] + data[i + 2]);
        return [Math.min(...seen), Math.max(...seen)]
    """
    found = {}
    for theme in ("light", "dark"):
        with shown(browser, prefers_color_scheme=theme):
            browser.get((report / "pages" / "cnn.html").as_uri())
            found[theme] = browser.execute_script(script)
    assert found["light"][0] < 0x1D + 0x23 + 0x30 + 30
    assert found["dark"][1] > 0xE6 + 0xE9 + 0xEF - 30
    assert found["dark"][0] > found["light"][0]


def test_keys_alone_skip_the_contents_sort_find_and_unfold(browser: Any, report: Path) -> None:
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get((report / "pages" / "claims.html").as_uri())
    browser.find_element("css selector", "body").send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("class") == "skip"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    WebDriverWait(browser, PATIENCE).until(lambda it: it.switch_to.active_element.tag_name == "main")
    stops = []  # of the key, until the field is reached
    while "search" not in stops and len(stops) < 20:
        browser.switch_to.active_element.send_keys(Keys.TAB)
        stops.append(browser.switch_to.active_element.get_attribute("type"))
    browser.switch_to.active_element.send_keys("whitening")
    rows = browser.find_elements("css selector", "#table-claims tbody tr")
    left = [row.text.lower() for row in rows if row.is_displayed()]
    assert 0 < len(left) < len(rows)
    assert all("whitening" in text for text in left)
    head = browser.find_element("css selector", "#table-claims th button")
    head.send_keys(Keys.ENTER)
    assert head.find_element("xpath", "..").get_attribute("aria-sort") == "ascending"
    browser.get((report / "pages" / "questions.html").as_uri())
    browser.find_element("css selector", "summary").send_keys(Keys.ENTER)
    assert browser.find_element("css selector", "details").get_attribute("open")


def test_nothing_glides_for_who_prefers_less_motion(browser: Any, report: Path) -> None:
    browser.get((report / "index.html").as_uri())
    moved = []
    for wish in ("no-preference", "reduce"):
        with shown(browser, prefers_reduced_motion=wish):
            moved.append(browser.execute_script("return getComputedStyle(document.documentElement).scrollBehavior"))
    assert moved == ["smooth", "auto"]


def test_heads_stay_in_sight_on_a_screen_and_first_columns_on_a_phone(browser: Any, report: Path) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get((report / "pages" / "published.html").as_uri())
    last = "const rows = document.querySelectorAll('#table-published tbody tr'); rows[rows.length - 5]"
    place = "const box = (e) => document.querySelector(`#table-published ${e}`).getBoundingClientRect();"
    for width in (1300, 420):
        with shown(browser, width, prefers_reduced_motion="reduce"):
            fits = f"return document.querySelector('.scroll').classList.contains('fits') === {str(width > 500).lower()}"
            WebDriverWait(browser, PATIENCE).until(lambda it, fits=fits: it.execute_script(fits))
            browser.execute_script(f"{last}.scrollIntoView({{block: 'end'}})")
            top, height = browser.execute_script(f"{place} return [box('th').top, innerHeight]")
            assert 0 <= top < height / 2
    with shown(browser, 420):
        at = "const frame = document.querySelector('.scroll'); frame.scrollLeft = 300;"
        edges = browser.execute_script(f"{at} {place} return [box('td').left, frame.getBoundingClientRect().left]")
        assert edges[0] == edges[1]


def test_a_class_and_a_title_that_are_scripts_are_words(browser: Any, report: Path) -> None:
    for page in PAGES:
        browser.get((report / page).as_uri())  # an alert would end the test here
        scripts = "return document.querySelectorAll('main script:not([type$=json])').length"
        assert browser.execute_script(scripts) == 0
    browser.get((report / "pages" / "mlp.html").as_uri())
    assert SCRIPT in browser.execute_script("return document.querySelector('main').textContent")
    texts = [path for path in report.rglob("*") if path.suffix in (".svg", ".md")]
    assert len(texts) > 30
    assert [path.name for path in texts if "<script" in path.read_text(encoding="utf-8")] == []
    assert [path.name for path in report.rglob("*") if "<" in path.name] == []
