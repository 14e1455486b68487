"""Figures are the same bytes on every drawing, and take the page's colours."""

from importlib.resources import files
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.axes import Axes

from rdfia.report.engine import drawing as style
from rdfia.report.engine.drawing import Drawing
from rdfia.report.engine.powers import plain


def drawing() -> Drawing:
    """A small figure."""
    with style.style():
        figure, (axis,) = style.panels(1, 1, 1.5)
        axis.plot([0, 1], [0, 1], color=style.BLUE, label="line")
        axis.set_xlabel("epoch")
        return style.finish(figure, "line", "A line.", "A line that rises.")


def test_drawing_twice_gives_the_same_bytes() -> None:
    first, second = drawing(), drawing()
    assert first.svg == second.svg


def many(name: str) -> Drawing:
    """A figure whose ticks are shared, logarithmic, minor, or kept square by the layout."""
    with style.style():
        figure, axes = style.panels(4, 4 if name == "narrow" else 2, 1.5, sharey=name == "shared")
        for place, axis in enumerate(axes, 1):
            axis.plot([0.1, 1234.5 * place], [1e-7, 3.0 * place])
        axes[0].set_xlabel("a\nlabel\nof\nlines")
        axes[1].set(xscale="log", yscale="log") if name == "logarithmic" else None
        axes[2].set_aspect("equal", adjustable="datalim" if name == "square" else "box")
        axes[3].minorticks_on()
        return style.finish(figure, name, "Many.", "Many panels.")


@pytest.mark.parametrize("name", ["narrow", "shared", "logarithmic", "square"])
def test_lean_axes_have_the_places_and_words_of_matplotlibs_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lean = words(many(name))
    monkeypatch.setattr(style, "Panel", Axes)
    own = words(many(name))
    assert [word for word, *_ in lean] == [word for word, *_ in own]
    assert len(own) > 20
    assert np.allclose([place for _, *place in lean], [place for _, *place in own], atol=3)  # points


def words(drawing: Drawing) -> list[tuple[str, float, float]]:
    """The texts of a figure in order, with where they stand in points."""
    found = ElementTree.fromstring(drawing.svg).iter("{http://www.w3.org/2000/svg}text")
    return sorted((text.text or "", float(text.get("x", 0)), float(text.get("y", 0))) for text in found)


def test_svg_keeps_text_as_text_and_has_no_date() -> None:
    svg = drawing().svg.decode()
    assert ">epoch</text>" in svg
    assert "dc:date" not in svg


def test_the_page_swaps_every_named_colour() -> None:
    text = style.themed(drawing().svg)
    assert text.startswith("<svg")
    assert "prefers-color-scheme:dark" in text
    body = text.split("</style>", 1)[1]
    assert "var(--blue)" in body
    assert "var(--ink)" in body
    assert [colour for colour in (*style.THEME, style.PAPER) if f": {colour}" in body] == []


def test_a_figure_without_axes_leaves_the_pages_paper() -> None:
    with style.style():
        figure = style.canvas(2, 1)
        figure.text(0.5, 0.5, "alone")
        text = style.themed(style.finish(figure, "alone", "Alone.", "A word alone.").svg)
    assert style.PAPER not in text


def test_words_on_a_line_have_the_page_behind_them() -> None:
    with style.style():
        figure, (axis,) = style.panels(1, 1, 1.5)
        axis.plot([0, 1], [0, 0])
        axis.text(0.5, 0, "words", bbox={"facecolor": style.PAGE})
        text = style.themed(style.finish(figure, "words", "Words.", "Words on a line.").svg)
    assert text.count("fill: var(--paper)") == 1
    css = files("rdfia.report").joinpath("templates/style.css").read_text()
    assert f"--paper: {style.LIGHT['--paper']};" in css
    assert f"--paper: {style.DARK['--paper']};" in css


def test_every_colour_has_a_dark_and_a_light_side() -> None:
    assert set(style.LIGHT) == set(style.DARK)


def contrast(first: str, second: str) -> float:
    """The ratio of the luminances of two colours, from 1 to 21 (WCAG 2.2)."""
    bright = []
    for colour in (first, second):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        bright.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
    return max(bright) / min(bright)


MARKS, FAINT = {"--blue", "--orange", "--green", "--pink"}, {"--line", "--paper"}


@pytest.mark.parametrize("palette", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_words_and_marks_stand_out_from_the_paper(palette: dict[str, str]) -> None:
    """Words by 4.5 to 1 and marks by 3 to 1, as WCAG asks; a grid need not."""
    ratios = {name: contrast(colour, palette["--paper"]) for name, colour in palette.items()}
    assert {name for name, ratio in ratios.items() if ratio < 4.5} <= MARKS | FAINT
    assert {name for name, ratio in ratios.items() if ratio < 3} <= FAINT


def test_montage_lays_images_in_rows() -> None:
    images = 85 * np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 3, 2, 2), dtype=np.uint8)
    for shown in (images, images[:, :1], images / 255):
        sheet = style.montage(shown, 2)
        assert sheet.shape == (5, 5, 4)
        assert (sheet[:2, 3:, :3] == 85).all()
        assert (sheet[3:, :2, :3] == 170).all()
        assert (sheet[3:, :2, 3] == 255).all()
        assert (sheet[2, :, 3] == 0).all()  # between the images the page is seen
        assert (sheet[3:, 3:, 3] == 0).all()


def test_a_montage_keeps_every_colour_to_a_hundredth_and_the_ends_as_they_are() -> None:
    images = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    for shown in (images, images / 255):
        sheet = style.montage(shown, 1)[..., 0].astype(int)
        assert np.abs(sheet - images[0, 0]).max() == 2
        assert (sheet.min(), sheet.max(), len(np.unique(sheet))) == (0, 255, 64)


@pytest.mark.parametrize(("names", "text"), [([], "none"), (["a"], "a"), (["a", "b", "c"], "a, b and c")])
def test_lists_read_as_phrases(names: list[str], text: str) -> None:
    assert style.listed(names) == text


@pytest.mark.parametrize("words", [r"$\foo$", "$a$ and $b$", "$", r"\frac{1}{0}$$"])
def test_dollars_in_a_text_are_dollars(words: str) -> None:
    with style.style():
        figure, (axis,) = style.panels(1, 1, 1.5)
        axis.plot([0, 1], [1e-3, 1e3], label=words)
        axis.set(title=words, yscale="log")
        axis.set_xticks([0, 1], [words, "b"])
        axis.legend()
        svg = style.finish(figure, "words", "Words.", "Words.").svg.decode()
    assert svg.count(f">{words}</text>") == 3


def test_powers_on_a_logarithmic_axis_are_plain_text() -> None:
    with style.style():
        figure, (axis,) = style.panels(1, 1, 1.5)
        axis.plot([0, 1], [1e-3, 1e3])
        axis.set(yscale="log")
        svg = style.finish(figure, "powers", "Powers.", "Powers.").svg.decode()
    assert ">10⁻³</text>" in svg
    assert ">10³</text>" in svg
    assert "mathdefault" not in svg


@pytest.mark.parametrize(
    ("latex", "text"),
    [(r"$\mathdefault{10^{-3}}$", "10⁻³"), (r"$\mathdefault{2\times10^{12}}$", "2×10¹²"), ("", ""), ("3", "3")],
)
def test_a_power_without_latex(latex: str, text: str) -> None:
    assert plain(latex) == text
