"""Gradients through graphs beside small differences, and an order of nodes where there is one."""

import torch

from rdfia.data.store import Split
from rdfia.theory.graphs import CHAIN, GRAPHS, Graph, Graphs, ordered, relu, skip


def test_all_but_a_cycle_have_an_order_and_right_gradients(circles: Split) -> None:
    found = {one["graph"]: one for one in Graphs(draws=30).answer(circles).facts["graphs"]}
    assert list(found) == list(GRAPHS)
    assert [name for name, one in found.items() if not one["ordered"]] == ["a cycle"]
    assert found["a cycle"]["error"] is None
    assert all(one["error"] < 1e-7 for name, one in found.items() if name != "a cycle")
    assert {name for name, one in found.items() if one["met"] == 0} == {"ReLU", "max-pooling"}


def test_a_gradient_that_forgets_the_skip_is_found_out() -> None:
    def forgotten(w: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        h = (w[0] @ x).tanh()
        return (h.detach() + (w[1] @ h).tanh()).square().sum()

    assert Graphs(draws=20).facts(Graph(CHAIN, forgotten))["error"] > 0.01
    assert Graphs(draws=20).facts(Graph(CHAIN, skip))["error"] < 1e-7


def test_a_corner_that_is_met_is_counted() -> None:
    always = Graph(CHAIN, relu, lambda w, x: torch.zeros(3))
    assert Graphs(draws=7).facts(always)["met"] == 7


def test_an_order_needs_every_node_before_those_that_use_it() -> None:
    assert ordered({"a": ("b",), "b": ()})
    assert not ordered({"a": ("b",), "b": ("c",), "c": ("a",)})
