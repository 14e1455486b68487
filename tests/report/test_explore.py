"""What the pages let a reader do, in a real browser and from files: charts, *Compare*, runs' pages, copying."""

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from rdfia.record.run import RunRecord
from rdfia.report.engine import assemble
from rdfia.report.engine.context import Context
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.make import make
from rdfia.report.engine.registry import Maker
from rdfia.report.engine.table import Table
from rdfia.report.engine.text import TEMPLATES
from rdfia.report.engine.write import write
from tests.report import sample
from tests.report.test_browser import browser as browser

HOSTILE = "</script><script>alert(1)</script> <!-- & 50 % of $x_1$ \\ [a](b)"
PATIENCE = 60  # seconds, for a machine that does other things too
FIGURE = "#figure-cnn_accuracy"


def curves_and_tables(maker: Maker, context: Context) -> list[Drawing | Table]:
    """Make no figures but those of curves, because the others take long."""
    return make(maker, context) if maker.kind == "table" or maker.function.__name__ in ("loss", "accuracy") else []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with a run whose title is an attack; a class has markup in its name too."""
    root: Path = tmp_path_factory.mktemp("explored")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sample.CNN_RUNS, "crop_flip", {**sample.CNN_RUNS["crop_flip"], "title": HOSTILE})
        patch.setattr(assemble, "make", curves_and_tables)
        write(sample.write(root), root)
    return root / "reports" / "full"


class Page:
    """A page that is open, and what a reader does with it."""

    def __init__(self, browser: Any, path: Path, state: str = "") -> None:
        self.browser = browser
        browser.get("about:blank")  # the same page with another state is loaded anew
        browser.get(path.as_uri() + state)

    def find(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def all(self, selector: str) -> list[Any]:
        found: list[Any] = self.browser.find_elements("css selector", selector)
        return found

    def run(self, script: str, *given: Any) -> Any:
        return self.browser.execute_script(script, *given)

    def wait(self, ready: Callable[[Any], Any]) -> Any:
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.browser, PATIENCE).until(ready)

    def chart(self, figure: str) -> Any:
        """Bring a chart into sight, and wait until it is drawn."""
        self.run("document.querySelector(arguments[0]).scrollIntoView({behavior: 'instant', block: 'center'})", figure)
        self.wait(lambda _: self.all(f"{figure} .u-over"))
        return self.find(f"{figure} .plot")

    def press(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        for key in keys:
            ActionChains(self.browser).send_keys(key).perform()

    def quiet(self) -> bool:
        """Whether nothing failed since the last look."""
        return [each["message"] for each in self.browser.get_log("browser") if each["level"] == "SEVERE"] == []


def history(folder: Path, run: str) -> list[dict[str, Any]]:
    return list(csv.DictReader((folder / "runs" / run / "history.csv").read_text("utf-8").splitlines()))


def last_means(folder: Path, run: str) -> float:
    """The mean over the seeds of the last validation accuracy, in percent."""
    rows = history(folder, run)
    last = max(int(row["epoch"]) for row in rows)
    return mean(100 * float(row["validation_accuracy"]) for row in rows if int(row["epoch"]) == last)


def test_a_pointer_on_a_chart_shows_the_epoch_and_its_values(browser: Any, folder: Path) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    page = Page(browser, folder / "pages/cnn.html")
    page.chart(FIGURE)
    ActionChains(browser).move_to_element(page.find(f"{FIGURE} .u-over")).perform()
    page.wait(lambda _: page.find(f"{FIGURE} .tip").is_displayed())
    lines = page.run(
        "return [...document.querySelector(arguments[0]).children].map(p => p.innerText)", f"{FIGURE} .tip"
    )
    epoch = int(lines[0].removeprefix("epoch "))
    run, part, shown = re.match(r"(\w+)(?:, (.+))?: ([\d.]+) %", lines[1]).groups()  # type: ignore[union-attr]
    key = "frozen_accuracy" if part and "frozen" in part else "validation_accuracy"
    seeds = {
        int(row["seed"]): 100 * float(row[key]) for row in history(folder, f"cnn/{run}") if int(row["epoch"]) == epoch
    }
    assert float(shown) == pytest.approx(mean(seeds.values()), abs=0.01)
    said = dict(re.findall(r"(\d): ([\d.]+) %", lines[-1]))
    assert {int(seed): float(value) for seed, value in said.items()} == pytest.approx(seeds, abs=0.01)
    assert page.quiet()


def test_keys_walk_along_the_epochs_and_say_each_value(browser: Any, folder: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    page = Page(browser, folder / "pages/cnn.html")
    plot = page.chart(FIGURE)
    page.run("arguments[0].focus()", plot)
    page.press(Keys.END)
    said = page.find(f"{FIGURE} .said").get_attribute("textContent")
    assert said.startswith("epoch 8; ")
    assert f"standardise, validation: {last_means(folder, 'cnn/standardise'):.2f} %" in said
    page.press(Keys.ARROW_LEFT)
    assert page.find(f"{FIGURE} .said").get_attribute("textContent").startswith("epoch 7; ")
    page.press("+")
    assert re.search(r"by epoch [\d.]+ to [\d.]+,", plot.get_attribute("aria-label"))
    page.press(Keys.ESCAPE)
    assert "by epoch, " in plot.get_attribute("aria-label")


def test_a_drag_zooms_in_and_a_double_click_shows_all(browser: Any, folder: Path) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    page = Page(browser, folder / "pages/cnn.html")
    plot, over = page.chart(FIGURE), page.find(f"{FIGURE} .u-over")
    ActionChains(browser).move_to_element(over).click_and_hold().move_by_offset(120, 0).release().perform()
    page.wait(lambda _: re.search(r"by epoch [\d.]+ to [\d.]+,", plot.get_attribute("aria-label")))
    ActionChains(browser).double_click(over).perform()
    page.wait(lambda _: "by epoch, " in plot.get_attribute("aria-label"))


def test_switches_hide_a_run_and_show_other_parts(browser: Any, folder: Path) -> None:
    page = Page(browser, folder / "pages/cnn.html")
    plot = page.chart(FIGURE)

    def lines() -> int:
        return int(re.search(r"(\d+) lines?\.", plot.get_attribute("aria-label"))[1])  # type: ignore[index]

    before, runs = lines(), page.all(f"{FIGURE} .runs input")
    assert before == 2 * len(runs)
    runs[0].send_keys(" ")  # a key is enough
    assert lines() == before - 2
    switches = page.all(f"{FIGURE} .switches input")
    switches[-2].click()
    assert lines() == 3 * (len(runs) - 1)
    switches[-1].click()
    assert lines() == 3 * (len(runs) - 1)  # seeds are drawn beside means
    for button in page.all(f"{FIGURE} .legend button"):
        button.click()
    assert lines() == 0
    assert page.quiet()


def test_the_drawn_figure_stays_for_paper_and_readers_and_behind_a_button(browser: Any, folder: Path) -> None:
    page = Page(browser, folder / "pages/cnn.html")
    page.chart(FIGURE)
    size = "const box = document.querySelector(arguments[0]).getBoundingClientRect(); return box.width * box.height"
    drawn, chart = f"{FIGURE} > .scroll", f"{FIGURE} .explorer"
    assert page.run(size, drawn) <= 1 < page.run(size, chart)
    assert page.run("return getComputedStyle(document.querySelector(arguments[0])).display", drawn) != "none"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.run(size, chart) == 0 < 1 < page.run(size, drawn)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    page.find(f"{FIGURE} .swap").click()
    assert page.run(size, chart) == 0 < 1 < page.run(size, drawn)


def test_without_scripts_the_drawn_figure_is_seen(browser: Any, folder: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page = Page(browser, folder / "pages/cnn.html")
        assert page.find(f"{FIGURE} img").is_displayed()
        assert page.all(f"{FIGURE} .explorer") == []
        assert page.all(".origin button") == []
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_run_has_one_colour_on_all_pages(browser: Any, folder: Path) -> None:
    script = """
        const label = [...document.querySelectorAll(".runs li")].find(l => l.textContent.includes("standardise"));
        return getComputedStyle(label.querySelector(".swatch")).backgroundColor"""
    places = (
        ("pages/cnn.html", ""),
        ("pages/runs/cnn/crop_flip.html", ""),
        ("pages/compare.html", "#runs=cnn/standardise"),
    )
    colours = {Page(browser, folder / path, state).run(script) for path, state in places}
    assert len(colours) == 1
    others = Page(browser, folder / "pages/cnn.html").run(
        "return [...document.querySelectorAll('#figure-cnn_loss .runs .swatch')].map(s => s.style.backgroundColor)"
    )
    assert len(set(others)) == len(others) > 2


@pytest.mark.parametrize(
    "place", ["compare.html#runs=cnn/standardise,cnn/crop_flip,mlp/wide", "runs/cnn/crop_flip.html"]
)
def test_nothing_is_wider_than_a_phone(browser: Any, folder: Path, place: str) -> None:
    path, _, state = place.partition("#")
    browser.set_window_size(500, 900)
    page = Page(browser, folder / "pages" / path, f"#{state}")
    page.wait(lambda _: page.all(".u-over"))
    width, inner = page.run("return [document.documentElement.scrollWidth, window.innerWidth]")
    browser.set_window_size(1280, 900)
    assert width <= inner


def test_the_page_that_compares_proposes_runs_to_begin_with(compared: "Page") -> None:
    link = compared.find(".chapter a[href^='#runs=cnn/']")
    link.click()
    compared.wait(lambda _: compared.all("#compare .runs li"))
    keys = link.get_attribute("href").partition("#runs=")[2].split(",")
    assert [each.text.split()[0] for each in compared.all("#compare .runs li")] == list(dict.fromkeys(keys))


@pytest.fixture
def compared(browser: Any, folder: Path) -> Page:
    """The page *Compare* before anything is chosen."""
    return Page(browser, folder / "pages/compare.html")


def test_runs_are_found_by_typing_and_compared(compared: Page, folder: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    compared.find("#search").send_keys("crop")
    compared.wait(lambda _: compared.all("#found li"))
    assert compared.all("#found li")[0].text.startswith("cnn/crop_flip")
    compared.press(Keys.ENTER)
    compared.find("#search").send_keys("cnn/ stand")
    compared.press(Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.ENTER)
    assert compared.run("return location.hash") == "#runs=cnn/crop_flip,cnn/standardise&parts=validation"
    cells = (
        "return [...document.querySelectorAll(arguments[0] + ' tbody tr')].map(r => [...r.cells].map(c => c.innerText))"
    )
    found = json.loads((folder / "summary.json").read_text("utf-8"))["runs"]
    for key, title, test, *_ in compared.run(cells, "#table-final"):
        estimate = found[key]["test_accuracy"]
        assert test == "{mean:.2f} [{low:.2f}, {high:.2f}]".format(**estimate)
        assert title == (HOSTILE if key == "cnn/crop_flip" else "standardise")
    assert [row[0] for row in compared.run(cells, "#table-differences")] == ["augment"]
    assert len(compared.all(".pair .u-over")) == 2
    assert compared.quiet()


def test_an_address_is_read_back_and_changes_with_the_choice(browser: Any, folder: Path) -> None:
    state = "#runs=cnn/baseline,mlp/wide&off=mlp/wide&parts=validation,frozen&seeds=1"
    page = Page(browser, folder / "pages/compare.html", state)
    ticked = "return [...document.querySelectorAll(arguments[0] + ' input')].map(box => box.checked)"
    assert page.run(ticked, ".runs") == [True, False]
    assert page.run(ticked, ".switches") == [True, True, False, True]
    page.all(".runs input")[1].click()
    assert page.run("return location.hash") == state.replace("&off=mlp/wide", "")
    page.all(".runs li button")[0].click()
    assert page.run("return location.hash").startswith("#runs=mlp/wide&")
    page.run("location.hash = '#runs=cnn/crop_flip'")
    page.wait(lambda _: page.all("a[href='runs/cnn/crop_flip.html']"))
    assert page.quiet()


def test_an_address_can_inject_nothing(browser: Any, folder: Path) -> None:
    stranger = "<img src=x onerror=alert(1)>"
    page = Page(
        browser, folder / "pages/compare.html", f"#runs=cnn/baseline,{stranger},__proto__&off=x&parts=constructor"
    )
    assert stranger in page.find("#compare [role=status]").text
    assert page.all("#compare img") == []
    assert len(page.all(".runs li")) == 1
    assert page.quiet()


def copied(page: Page, place: str, kind: str) -> str:
    """What a button copies, in a browser that gives no clipboard: the text then stands selected in a field."""
    script = """
        Object.defineProperty(navigator, "clipboard", {value: undefined, configurable: true});
        const buttons = [...document.querySelector(arguments[0]).querySelectorAll("button")];
        buttons.find(button => button.textContent === `copy ${arguments[1]}`).click()"""
    page.run(script, place, kind)
    page.wait(lambda _: page.all("textarea.copied"))
    text = page.run("return getSelection().toString() || document.querySelector('textarea.copied').value")
    page.run("document.activeElement.blur()")
    page.wait(lambda _: not page.all("textarea.copied"))
    return str(text)


def test_markdown_is_copied_as_the_files_have_it(browser: Any, folder: Path) -> None:
    compared = 0
    for name in ("cnn", "published", "errors"):
        page = Page(browser, folder / f"pages/{name}.html")
        page.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        for table in page.run("return [...document.querySelectorAll('main table')].map(table => table.id)"):
            page.run("document.getElementById(arguments[0]).closest('.scroll').nextElementSibling.id = 'below'", table)
            written = (folder / "tables" / f"{table.removeprefix('table-')}.md").read_text("utf-8")
            assert copied(page, "#below", "Markdown") == written
            page.run("document.querySelector('#below').removeAttribute('id')")
            compared += 1
    assert compared >= 5


def test_latex_is_escaped_and_a_figures_numbers_are_copied_too(browser: Any, folder: Path) -> None:
    page = Page(browser, folder / "pages/cnn.html")
    page.run("document.querySelector('#table-cnn').closest('.scroll').nextElementSibling.id = 'below'")
    text = copied(page, "#below", "LaTeX")
    words = r"\textless{}/script\textgreater{}\textless{}script\textgreater{}alert(1)\textless{}/script\textgreater{}"
    assert words in text
    assert r"\& 50 \% of \$x\_1\$ \textbackslash{} [a](b)" in text
    head, *rows = text.split(r"\midrule")
    columns = re.search(r"tabular\}\{([lr]+)\}", head)
    assert columns
    lines = rows[0].split(r"\bottomrule")[0].strip().split("\n")
    assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in lines} == {len(columns[1])}
    assert page.quiet()


def test_of_a_figure_of_curves_what_is_shown_is_copied(browser: Any, folder: Path) -> None:
    page = Page(browser, folder / "pages/cnn.html")
    page.chart(FIGURE)
    with (folder / "figures/cnn_accuracy.csv").open(encoding="utf-8") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    off: set[str] = set()
    for run in ("baseline", "standardise"):
        head, _, *lines = (
            line.strip("| ").split(" | ") for line in copied(page, f"{FIGURE} .origin", "Markdown").split("\n")[:-1]
        )
        assert head == ["run", "data", "epoch", "low", "mean", "high"]
        given = {tuple(row[:3]): [float(cell) for cell in row[3:]] for row in lines}
        shown = [row for row in rows if row[1] != "train" and row[0] not in off]
        expected = {row[:3]: [float(cell) for cell in row[3:]] for row in shown}
        assert given.keys() == expected.keys()
        assert given
        assert all(given[key] == pytest.approx(expected[key], abs=0.006) for key in given)
        labels = "[...document.querySelectorAll(`${arguments[0]} .runs label`)]"
        page.run(f"{labels}.find(each => each.innerText.trim() === arguments[1]).control.click()", FIGURE, run)
        off.add(run)


def test_a_sorted_and_filtered_table_is_copied_as_it_is_seen(browser: Any, folder: Path) -> None:
    page = Page(browser, folder / "pages/claims.html")
    page.run("document.querySelector('#table-claims').closest('.scroll').nextElementSibling.id = 'below'")
    page.run("""
        const choice = [...document.querySelectorAll(".filters label")].find(l => l.textContent.startsWith("verdict"));
        choice.querySelector("select").value = "holds";
        choice.querySelector("select").dispatchEvent(new Event("input", {bubbles: true}));
        document.querySelector("#table-claims th button").click();
        document.querySelector("#table-claims th button").click()""")
    names = [
        line.split(" | ")[0].removeprefix("| ") for line in copied(page, "#below", "Markdown").strip().split("\n")[2:]
    ]
    found = json.loads((folder / "claims.json").read_text("utf-8"))
    holding = [name for name, each in found.items() if each["verdict"] == "holds"]
    assert names == sorted(holding, reverse=True)
    page.run("document.querySelectorAll('.filters select').forEach(choice => { choice.value = ''; })")


def test_a_runs_page_says_what_it_was_and_how_to_have_it_again(browser: Any, folder: Path) -> None:
    page = Page(browser, folder / "pages/runs/cnn/crop_flip.html")
    assert page.find("h1").text == HOSTILE
    page.chart("#figure-accuracy")
    origin = page.run("return Object.fromEntries([...document.querySelectorAll('#origin + dl dt')].map("
                      "name => [name.textContent, name.nextElementSibling.textContent]))")  # fmt: skip
    assert origin["train it"] == "dvc repro cnn@full-crop_flip"
    record = RunRecord.read(folder / "runs/cnn/crop_flip")
    test = json.loads((folder / "test/cnn.json").read_text("utf-8"))["crop_flip"]
    assert record.digest(test) in origin["in MLflow, once it is published"]
    assert origin["hash of its code"] == record.metrics["code_sha256"]
    right = page.run(
        "return [...document.querySelectorAll('#table-confusion tbody tr')].map(row => row.cells[1].innerText)"
    )
    counts = test["confusion"]
    assert [float(share) for share in right] == pytest.approx(
        [100 * row[at] / sum(row) for at, row in enumerate(counts)], abs=0.01
    )
    assert [head.text for head in page.all("#table-confusion th button")][2:] == sample.card("cifar10", None)["classes"]
    assert page.all("#table-settings tbody tr")[0].text.startswith("augment")
    assert page.quiet()


def test_every_named_run_leads_to_its_page_and_pages_are_light(browser: Any, folder: Path) -> None:
    page = Page(browser, folder / "pages/cnn.html")
    cells = "[...document.querySelectorAll('#table-cnn td:first-child')]"
    links = page.run(f"return {cells}.map(cell => [cell.innerText, cell.querySelector('a')?.href])")
    expected = {run: (folder / f"pages/runs/cnn/{run}.html").as_uri() for run in sample.CNN_RUNS if run != "planned"}
    assert {name: link for name, link in links if link} == expected
    assert [path for path in folder.glob("pages/runs/*/*") if path.stat().st_size > 150_000] == []
    for run in ("mlp/wide", "cnn/unstable"):
        assert Page(browser, folder / f"pages/runs/{run}.html").quiet()


def vendored() -> Iterator[tuple[str, str]]:
    """Each file of uPlot that lies in the project, with its recorded hash."""
    for line in (TEMPLATES / "uplot/SHA256SUMS").read_text("utf-8").splitlines():
        digest, name = line.split()
        if not name.endswith(".tgz"):
            yield name, digest


def test_uplot_is_what_was_recorded_and_in_a_page_whole_and_once(folder: Path) -> None:
    files = dict(vendored())
    assert set(files) == {path.name for path in (TEMPLATES / "uplot").iterdir()} - {"SHA256SUMS"}
    assert {name: hashlib.sha256((TEMPLATES / "uplot" / name).read_bytes()).hexdigest() for name in files} == files
    page = (folder / "pages/cnn.html").read_text("utf-8")
    for name in files:
        assert page.count((TEMPLATES / "uplot" / name).read_text("utf-8").strip()) == 1
    assert "uPlot" not in (folder / "pages/published.html").read_text("utf-8")
