"""The costs of attention: counts that are exact, and powers of the number of tokens."""

import json

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from rdfia.config import ConfigError, parse
from rdfia.data.store import Split
from rdfia.theory.answer import Answer
from rdfia.theory.attention import ROWS, WAYS, AttentionCost, LivingBytes, counted, peak

SMALL = AttentionCost(tokens=(64, 128, 256, 512), batch=1, repeats=0)


@pytest.fixture(scope="module")
def answer(circles: Split) -> Answer:
    return SMALL.answer(circles)


def test_the_powers_of_operations_and_memory(answer: Answer) -> None:
    powers = {name: way["exponents"] for name, way in answer.facts["ways"].items()}
    assert {name: round(power["flops"], 2) for name, power in powers.items()} == {
        "written": 2, "fused": 2, "linear": 1, "windowed": 1
    }  # fmt: skip
    assert {name: round(power["bytes"], 1) for name, power in powers.items()} == {
        "written": 2, "fused": 1, "linear": 1, "windowed": 1
    }  # fmt: skip
    assert answer.facts["fitted_on"] == [256, 512]


@pytest.mark.parametrize("way", WAYS)
def test_operations_are_those_that_pytorch_counts(way: str) -> None:
    n = 64
    layer, parts = SMALL._layer(WAYS[way], n), SMALL._heads(n, torch.device("cpu"))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer.attend(*parts)
    assert counter.get_total_flops() == WAYS[way].flops(64, 4, (ROWS, n // ROWS), 0)


def test_queries_by_keys_cost_the_square_of_tokens_and_the_width(answer: Answer) -> None:
    product = answer.facts["product"]
    assert counted(32, 8) == 2 * 32 * 32 * 8
    assert product["tokens"]["exponent"] == pytest.approx(2)
    assert product["width"]["exponent"] == pytest.approx(1)
    assert (product["over_tokens"], product["over_width"]) == (1, 2)


def test_bytes_are_counted_while_tensors_live() -> None:
    living = LivingBytes()
    with living:
        one = torch.zeros(1000)  # 4,000 bytes
        view: Tensor | None = one[10:].view(-1)
        assert living.bytes == 4000
        other = one + 1
        one.add_(other)
        assert living.bytes == living.peak == 8000
        del other, one
        assert living.bytes == 4000  # the view keeps its storage
        view = None
        assert (view, living.bytes, living.peak) == (None, 0, 8000)


def test_written_attention_holds_its_weights_and_the_fused_kernel_none_of_them() -> None:
    n = 512
    parts = SMALL._heads(n, torch.device("cpu"))
    weights = 4 * n * n * 4  # heads, pairs, bytes of a number
    sizes = {name: peak(SMALL._layer(WAYS[name], n), parts) for name in ("written", "fused")}
    assert 2 * weights <= sizes["written"] <= 4 * weights
    assert sizes["fused"] < weights


def test_without_seconds_every_answer_is_the_same(answer: Answer, circles: Split) -> None:
    assert json.dumps(SMALL.answer(circles).facts) == json.dumps(answer.facts)
    timed = AttentionCost(tokens=(16, 32, 48, 64), repeats=1).answer(circles).facts
    assert all(min(way["nanoseconds"]) > 0 for way in timed["ways"].values())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tokens": [16, 32, 40, 64]}, "tokens.2: found 40, allowed: a multiple of 16"),
        ({"tokens": [32, 16, 48, 64]}, "allowed: numbers that rise"),
        ({"tokens": [16, 32]}, "tokens: found [16, 32]"),
        ({"heads": 3}, "heads: found 3, allowed: a divisor of width (64)"),
    ],
)
def test_bad_settings_name_the_key(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(AttentionCost, settings, where=["theory.attention"])
    assert message in str(caught.value)
