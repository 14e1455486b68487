"""Sizes, weights and fields of convolutions against PyTorch's own layers run for real, and against numbers by hand."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from rdfia.config import ConfigError, parse
from rdfia.data.store import Split
from rdfia.models.cnn import CNN, ConvNet
from rdfia.theory.convolution import Convolution, accumulate_sides, convolutional, counted, named_layers, seen
from rdfia.theory.printed_counts import FORMULAS, Sizes


@pytest.fixture(scope="module")
def facts(circles: Split) -> dict[str, Any]:
    return Convolution(heights=(6, 9), widths=(7,)).answer(circles).facts


@pytest.fixture(scope="module")
def network() -> ConvNet:
    built = CNN(channels=(4, 6, 6), hidden=12).build((3, 32, 32), 10, torch.Generator().manual_seed(0))
    assert isinstance(built, ConvNet)
    return built.double().eval()


sizes = st.builds(Sizes, *(st.integers(*ends) for ends in ((1, 12), (1, 12), (1, 4), (1, 6), (0, 3), (1, 4))))


@settings(max_examples=60, deadline=None)
@given(sizes.filter(lambda each: each.fits))
def test_counts_are_those_of_layers_that_ran(case: Sizes) -> None:
    x, y, z, k, p, s = case
    convolution = nn.Conv2d(z, 1, k, s, p, bias=False)
    image = torch.rand(1, z, x, y)
    out = convolution(image)
    places = functional.unfold(image, k, padding=p, stride=s).shape[-1]  # the patches that own kernels would read
    found = counted(case)
    assert (found["values"], found["weights"]) == (out.numel(), convolution.weight.numel())
    assert found["unshared"] == places * convolution.weight.numel()
    assert found["dense"] == nn.Linear(image.numel(), out.numel(), bias=False).weight.numel()
    assert [f.written for f in FORMULAS if f.right and f.value(case) != found[f.quantity]] == []


def test_right_formulas_hold_everywhere_and_no_other_does(facts: dict[str, Any]) -> None:
    for formula, found in zip(FORMULAS, facts["formulas"], strict=True):
        assert (found["right"] == facts["cases"]) == formula.right == (found["first_wrong"] is None), found
    assert {formula.quantity for formula in FORMULAS if formula.right} == {"values", "weights", "dense", "unshared"}


def test_a_wrong_formula_comes_with_a_case_that_shows_it(facts: dict[str, Any]) -> None:
    (bad,) = [f for f in facts["formulas"] if f["written"] == "k²"]
    assert bad["first_wrong"] == {"x": 6, "y": 7, "z": 3, "k": 1, "p": 0, "s": 1, "gives": 1, "counted": 3}


def test_the_example_of_a_report(facts: dict[str, Any]) -> None:
    example = facts["example"]
    assert (example["weights"] + 1, example["dense"]) == (49_153, 3_271_753_728)
    assert example["printed"] == 256 * 256 * 3 * 128**2


def test_the_layers_of_the_courses_network(facts: dict[str, Any]) -> None:
    found = {layer["layer"]: (layer["output"], layer["weights"]) for layer in facts["layers"]}
    assert found == {
        "conv1": ([32, 32, 32], 32 * (5 * 5 * 3 + 1)), "pool1": ([32, 16, 16], 0),
        "conv2": ([64, 16, 16], 64 * (5 * 5 * 32 + 1)), "pool2": ([64, 8, 8], 0),
        "conv3": ([64, 8, 8], 64 * (5 * 5 * 64 + 1)), "pool3": ([64, 4, 4], 0),
        "fc4": ([1000], 1000 * (4 * 4 * 64 + 1)), "fc5": ([10], 10 * 1001),
    }  # fmt: skip
    assert facts["total"] == sum(weights for _, weights in found.values()) == 1_191_170
    assert facts["crop"]["total"] == 1_191_170 - (16 - 9) * 64 * 1000 == 743_170
    assert [each["with_dictionary"] for each in facts["words"]] == [13_810, 138_010]
    assert f"{100 * facts['dense'] / facts['total']:.1f}" == "86.9"
    assert f"{facts['total'] / facts['examples']:.1f}" == "23.8"


@pytest.mark.parametrize("report", ["R2023a", "R2026"])
def test_printed_layers_add_up_to_the_printed_total(facts: dict[str, Any], report: str) -> None:
    printed = [layer["printed"][report] or 0 for layer in facts["layers"]]
    assert sum(printed) == facts["printed_totals"][report] != facts["total"]


def test_receptive_fields_by_recurrence_and_by_the_gradient(facts: dict[str, Any]) -> None:
    fields = facts["fields"]
    assert [field["sides"]["ours"] for field in fields] == [field["seen"] for field in fields] == [5, 6, 14, 16, 32, 36]
    assert [field["within"] for field in fields] == [5, 6, 14, 16, 30, 30]
    assert [field["sides"]["R2024"] for field in fields] != [field["seen"] for field in fields]


@pytest.mark.parametrize(("stride", "right", "printed"), [(1, 5, 11), (2, 7, 10)])
def test_the_recurrence_of_a_report_gives_not_what_its_text_says(stride: int, right: int, printed: int) -> None:
    assert accumulate_sides("ours", [(3, stride)] * 2)[1] == right
    assert accumulate_sides("R2023a", [(3, stride)] * 2)[1] == printed
    layers = [("", nn.Conv2d(1, 1, 3, stride))] * 2
    assert seen(layers, 32) == right  # type: ignore[arg-type]


def test_the_footprint_is_that_of_the_network_itself(network: ConvNet) -> None:
    """Over many images each pixel of the field is the largest of some pooling: the real layers see what ours do."""
    generator = torch.Generator().manual_seed(0)
    layers = [(name, layer) for name, layer in named_layers(network) if not isinstance(layer, nn.Linear)]
    images = torch.rand(40, 3, 96, 96, generator=generator, dtype=torch.float64, requires_grad=True)
    out = network.features(images)
    (slope,) = torch.autograd.grad(out[..., 6, 6].sum(), images)
    rows = (slope != 0).any(0).any(0).any(1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == seen(layers, 96) == 36


def test_a_convolutional_network_gives_the_same_logits_at_every_place(network: ConvNet) -> None:
    whole = convolutional(network)
    images = torch.rand(2, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(whole(images).flatten(1), network(images), atol=1e-12)
    assert sum(p.numel() for p in whole.parameters()) == sum(p.numel() for p in network.parameters())
    for height, width in ((33, 47), (40, 56), (70, 32)):
        shape = whole(torch.zeros(1, 3, height, width, dtype=torch.float64)).shape
        assert shape == (1, 10, height // 8 - 3, width // 8 - 3)


def test_larger_images_and_shifts(facts: dict[str, Any]) -> None:
    larger = facts["larger"]
    assert larger["apart"] < 1e-10
    assert "cannot be multiplied" in larger["refused"]
    assert [each["map"] for each in larger["maps"]] == [
        [h // 8 - 3, w // 8 - 3] for h, w in ((32, 32), (39, 40), (40, 56), (64, 48))
    ]
    shifts = facts["shifts"]
    assert shifts["convolution, by 1"] == pytest.approx(0, abs=1e-10)
    assert shifts["with pooling, by 2"] == pytest.approx(0, abs=1e-10)
    assert shifts["with pooling, by 1"] > 1


@pytest.mark.parametrize("k", range(1, 10))
def test_which_padding_keeps_and_which_halves_the_size(k: int) -> None:
    keep = [p for p in range(10) if all(Sizes(n, n, 1, k, p, 1).side(n) == n for n in range(k, 40))]
    halve = [p for p in range(10) if all(Sizes(n, n, 1, k, p, 2).side(n) == n // 2 for n in range(10, 40, 2))]
    assert keep == ([(k - 1) // 2] if k % 2 else [])
    assert halve == [(k - 1) // 2]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kernels": []}, "theory.convolution.kernels: found []"),
        ({"strides": [0]}, "theory.convolution.strides.0: found 0, allowed: greater than or equal to 1"),
        ({"depth": [1]}, "theory.convolution.depth: unknown key (did you mean depths?)"),
    ],
)
def test_bad_settings_end_in_one_line(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(Convolution, given, where=["theory.convolution"])
    assert message in str(caught.value)
