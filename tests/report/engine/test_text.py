"""A chapter's text with its numbers, and which network stands in for the course's, from the run as it was trained."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from rdfia import config
from rdfia.analyse.results import FINISHED, LEFT_OUT, Card, ChapterResult, RunResult, Study
from rdfia.report.engine import text
from rdfia.report.engine.context import Context
from rdfia.study import runs

PARAMS = config.load()


def chapter(profile: str, name: str, run: str) -> ChapterResult:
    """The chapter with one run left out and one trained as the profile has it."""
    settings = runs.resolve({**PARAMS, "profile": profile}, name, run).model_dump(mode="json")
    trained = RunResult(name, run, run, run, "", Card("mnist"), FINISHED, parameters=12_345, config=settings)
    return ChapterResult(name, "mnist", (replace(trained, name="first", status=LEFT_OUT, config={}), trained))


def sentence(profile: str, result: ChapterResult) -> str:
    """Return what the chapter's text may quote."""
    found: str = text.chapter_facts(Context(Study(Path(), profile, (), {}), (), result))["stand_in"]
    return found


def test_a_chapter_without_a_text_has_its_name() -> None:
    unwritten = ChapterResult("another_chapter", "mnist", ())
    assert text.chapter_text(Context(Study(Path(), "full", (), {}), (), unwritten)) == "Another chapter"


def test_a_number_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    template = tmp_path / "text.md"
    template.write_text("Title\n\n{{ theory.missing.number }}", encoding="utf-8")
    with pytest.raises(UndefinedError):
        text.fill(template, {"theory": {}})


@pytest.mark.parametrize("path", [*text.CHAPTERS.glob("*/text.md"), *text.TEMPLATES.glob("closing/*.md")], ids=str)
def test_texts_type_no_measured_number(path: Path) -> None:
    """A number with a decimal point or a per cent sign is a measurement, and comes from a file."""
    typed = re.sub(r"\{[{%].*?[}%]\}", "", path.read_text(encoding="utf-8"))
    assert re.findall(r"\d+\.\d+|\d ?%", typed) == []


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (
            "quick",
            "a reduced network of 2 blocks, a width of 32, 4 heads stands in for it, 12,345 weights in `patch_7`.",
        ),
        ("laptop", "`vit_tiny_patch16_224` stands in for it"),
        ("paper", ""),
    ],
)
def test_what_is_trained_in_the_place_of_the_large_network(profile: str, said: str) -> None:
    found = sentence(profile, chapter(profile, "vit_timm", "patch_7"))
    assert said in found
    assert bool(found) == bool(said)
    assert not found or f"profile `{profile}`" in found


@pytest.mark.parametrize(("name", "channels"), [("cnn", "8 and 16"), ("cnn_mnist", "16 and 16")])
def test_what_is_trained_in_the_place_of_the_courses_network(name: str, channels: str) -> None:
    said = f"convolutions of {channels} channels with kernels of 3, 12,345 weights in `baseline`."
    assert said in sentence("quick", chapter("quick", name, "baseline"))
    assert sentence("laptop", chapter("laptop", name, "baseline")) == ""


def test_other_networks_stand_for_themselves() -> None:
    result = chapter("quick", "vit", "small")
    assert sentence("quick", result) == ""
    assert sentence("quick", replace(result, runs=result.runs[:1])) == ""
