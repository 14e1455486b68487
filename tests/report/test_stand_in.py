"""A page says which network stands in for ViT-S, from the run as it was trained."""

from dataclasses import replace

import pytest

from rdfia import chapters, config
from rdfia.analyse.results import FINISHED, LEFT_OUT, Card, ChapterResult, RunResult
from rdfia.report.stand_in import sentence

PARAMS = config.load()


def chapter(profile: str, name: str, run: str) -> ChapterResult:
    """The chapter with one run left out and one trained as the profile has it."""
    settings = chapters.resolve({**PARAMS, "profile": profile}, name, run).model_dump(mode="json")
    trained = RunResult(name, run, run, run, "", Card("mnist"), FINISHED, parameters=12_345, config=settings)
    return ChapterResult(name, "mnist", (replace(trained, name="first", status=LEFT_OUT, config={}), trained))


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
    found = sentence(chapter(profile, "vit_timm", "patch_7"), profile)
    assert said in found
    assert bool(found) == bool(said)
    assert not found or f"profile `{profile}`" in found


def test_other_networks_stand_for_themselves() -> None:
    result = chapter("quick", "vit", "small")
    assert sentence(result, "quick") == ""
    assert sentence(replace(result, runs=result.runs[:1]), "quick") == ""
