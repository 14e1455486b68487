"""Configuration classes: one merge rule, settings that know their layer, and strict frozen classes."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from rdfia import config
from rdfia.config import Config, ConfigError, leaves, listed, merge, named, parse, written


def grown(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Settings of few names, with these values, at any depth."""
    return st.recursive(values, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8)


trees = grown(st.integers() | st.text(max_size=3) | st.booleans())
mappings = st.dictionaries(st.sampled_from("abc"), trees, max_size=3)
numbers = st.dictionaries(st.sampled_from("abc"), grown(st.integers()), max_size=3)  # no words: no short forms
layered = st.lists(numbers, min_size=1, max_size=4).map(lambda found: dict(zip("wxyz", found, strict=False)))


class Plain(Config):
    """A tagged class of no settings."""

    name: Literal["plain"] = "plain"


class Round(Config):
    """A tagged class of two settings, one of which must be there."""

    name: Literal["round"] = "round"
    radius: float = Field(gt=0)
    parts: Annotated[tuple[int, ...], listed] = ()


class Thing(Config):
    """A class with a tagged one inside."""

    shape: Annotated[Annotated[Plain | Round, Field(discriminator="name")], named] = Plain()
    size: int = 1


@given(mappings)
def test_merging_nothing_changes_nothing(tree: dict[str, Any]) -> None:
    assert merge(tree, {}) == tree
    assert merge({}, tree) == tree


@given(trees, trees)
def test_the_second_wins_where_both_speak(base: Any, delta: Any) -> None:
    assert merge(merge(base, delta), delta) == merge(base, delta)


def test_another_name_replaces_the_whole_class() -> None:
    assert merge({"name": "zca", "epsilon": 1}, {"name": "none"}) == {"name": "none"}
    assert merge({"name": "zca", "epsilon": 1}, "none") == {"name": "none"}
    assert merge({"name": "zca", "epsilon": 1}, "zca") == {"name": "zca", "epsilon": 1}
    assert merge({"name": "zca", "epsilon": 1}, {"epsilon": 2}) == {"name": "zca", "epsilon": 2}
    assert merge("zca", {"epsilon": 2}) == {"name": "zca", "epsilon": 2}


@given(layered)
def test_every_merged_setting_comes_from_a_layer_that_writes_it_and_none_above_does(layers: dict[str, Any]) -> None:
    merged: Any = {}
    for layer in layers.values():
        merged = merge(merged, layer)
    homes = written(layers)
    assert set(homes) == {key for key, _ in leaves(merged)}
    for key, value in leaves(merged):
        path = key.split(".")
        assert value == at(layers[homes[key]], path) or value == {}  # an empty mapping may be what several leave
        stronger = list(layers)[list(layers).index(homes[key]) + 1 :]
        assert all(at(layers[name], path) in (None, {}) for name in stronger)


def at(node: Any, path: list[str]) -> Any:
    """The value at a path, None if there is none."""
    for step in path:
        node = node.get(step) if isinstance(node, Mapping) else None
    return node


@pytest.mark.parametrize(
    ("layers", "homes"),
    [
        ({"a": {"n": "zca"}}, {"n": "a"}),
        ({"a": {"n": "zca"}, "b": {"n": {"epsilon": 1}}}, {"n.name": "a", "n.epsilon": "b"}),
        ({"a": {"n": {"name": "zca", "epsilon": 1}}, "b": {"n": "zca"}}, {"n.name": "b", "n.epsilon": "a"}),
        ({"a": {"n": {"name": "zca", "epsilon": 1}}, "b": {"n": "pca"}}, {"n.name": "b"}),
        ({"a": {"n": {"name": "zca", "epsilon": 1}}, "b": {"n": None}, "c": {"n": "zca"}}, {"n": "c"}),
        ({"a": {"n": {"m": {"x": 1}, "y": 2}}, "b": {"n": {"m": {"x": 3}}}}, {"n.m.x": "b", "n.y": "a"}),
    ],
)
def test_a_setting_of_a_class_that_was_replaced_has_no_layer(layers: dict[str, Any], homes: dict[str, str]) -> None:
    assert written(layers) == homes


@pytest.mark.parametrize(
    ("base", "own", "said"),
    [
        ({"size": "much"}, {}, "base.size: found 'much', allowed: integer"),
        ({"size": 2}, {"size": True}, "own.size: found True, allowed: integer"),
        ({"size": 2}, {"sise": 3}, "own.sise: unknown key (did you mean size?); allowed: shape, size"),
        ({"sise": {"a": 1}}, {"size": 3}, "base.sise: unknown key (did you mean size?); allowed: shape, size"),
        ({"shape": {"name": "round", "radius": -1.0}}, {}, "base.shape.radius: found -1.0, allowed: greater than 0"),
        ({"shape": "round"}, {"shape": {"radius": 0.0}}, "own.shape.radius: found 0.0, allowed: greater than 0"),
        ({"shape": {"name": "plain"}}, {"shape": "ring"}, "own.shape.name: found 'ring', allowed: plain, round"),
        ({"shape": {"name": "plain"}}, {"shape": {"name": "round"}}, "own.shape.radius: missing; allowed: field requ"),
        ({"shape": {"name": "plain"}}, {"shape": 3}, "own.shape: found 3, allowed: plain, round"),
        ({"shape": {"name": "round", "radius": 1.0, "parts": [1, "x"]}}, {}, "base.shape.parts.1: found 'x', allowed"),
        (
            {"shape": {"name": "round", "radius": 1.0}},
            {"shape": {"parts": 3}},
            "own.shape.parts: found 3, allowed: list, as [3]",
        ),
        ({"size": "ten"}, {"size": 10}, "base.size: found 'ten', allowed: integer"),
        (
            {"size": 2},
            {"shape": {"name": "round", "radios": 1.0}},
            "own.shape.radios: unknown key (did you mean radius?)",
        ),
        ({"size": 10**9 + 1}, {}, "base.size: found 1000000001, allowed: at most 1000000000"),
        (
            {"shape": {"name": "round", "radius": float("inf")}},
            {},
            "base.shape.radius: found inf, allowed: a finite number",
        ),
        (
            {"shape": {"name": "round", "radius": 1e308}},
            {},
            "base.shape.radius: found 1e+308, allowed: at most 1e+30",
        ),
        ({"shape": {"name": "round", "radius": 1.0, "parts": [1, 2**63]}}, {}, "base.shape.parts: found [1, 92233720"),
    ],
)
def test_what_cannot_be_used_is_one_line_at_the_layer_that_writes_it(
    base: dict[str, Any], own: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as error:
        parse(Thing, base, own, where=["base", "own"])
    assert str(error.value).startswith(f"params.yaml: {said}")
    assert "\n" not in str(error.value)


def test_configurations_are_frozen_and_convert_nothing_but_short_forms_and_lists() -> None:
    thing = parse(Thing, {"shape": {"name": "round", "radius": 1.0, "parts": [1, 2]}}, where=["own"])
    assert thing.shape == Round(radius=1.0, parts=(1, 2))
    assert parse(Thing, {"shape": "plain"}, where=["own"]) == Thing()
    with pytest.raises(ValueError, match="frozen"):
        thing.size = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("rate: found 2", "params.yaml: a.base.rate: found 2"),
        ("model.size: found 2", "params.yaml: profiles.p.a.model.size: found 2"),
        ("model: found 2", "params.yaml: profiles.p.a.model: found 2"),
        ("model.depth: found 2", "params.yaml: a.runs.b.model.depth: found 2"),  # nobody writes it
        ("epochs: found 2", "params.yaml: a.runs.b.epochs: found 2"),
        ("RDFIA_DEVICE: found 'x'", "RDFIA_DEVICE: found 'x'"),
    ],
)
def test_an_error_is_said_at_the_layer_that_writes_the_setting(error: str, said: str) -> None:
    layers = {"a.base": {"rate": 2, "model": {"size": 1}}, "profiles.p.a": {"model": {"size": 2}}, "a.runs.b": {}}
    with pytest.raises(ConfigError) as raised, config.at(layers):
        raise ConfigError(error)
    assert str(raised.value) == said
