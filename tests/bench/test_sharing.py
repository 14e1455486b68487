"""How many processes share a device is measured by real runs, and stacked networks take the steps of single ones."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Generator

from rdfia import config
from rdfia.bench import sharing
from rdfia.bench.throughput import pictures
from rdfia.study import runs
from rdfia.train.classifier import build
from rdfia.train.fit import cross_entropy

PARAMS = config.load() | {"profile": "quick"}
MEASURE = """
import sys
from pathlib import Path
from rdfia import config
from rdfia.bench import sharing

params = config.load() | {"profile": "quick"}
sharing.measure(Path(sys.argv[1]), params, images=96, numbers=(1, 2), precisions=("float32",))
"""


def test_the_file_and_the_page_are_whole(tmp_path: Path) -> None:
    """In a process of its own, as the command is: what is forked must not inherit threads that others have used."""
    command = [sys.executable, "-c", MEASURE, str(tmp_path)]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600).stdout
    found = json.loads((tmp_path / "sharing.json").read_text())
    for rates in found["rates"]["float32"].values():
        assert list(rates) == ["1", "2"]
        assert all(rate > 0 for rate in rates.values())
    page = (tmp_path / "sharing.md").read_text()
    assert page in printed
    assert "| float32 | taken |" in page


def test_stacked_networks_take_the_steps_of_single_ones() -> None:
    run: Any = runs.resolve(PARAMS, "cnn", "standardise").model_copy(update={"precision": "float32"})
    data = pictures(run, 2 * run.batch_size)
    weights, step = sharing.stacked(run, data, 2)
    for _ in range(3):
        step()
    for seed in range(2):
        model = build(run, data.card, data.statistics, Generator().manual_seed(seed))
        x, y = data.train[0][: run.batch_size], data.train[1][: run.batch_size]
        descent = run.optimiser.over(model.network.parameters())
        for _ in range(3):
            cross_entropy(model.logits(model.preprocess(x)), y).backward()
            descent.step(1.0)
        for name, w in model.network.named_parameters():
            assert torch.allclose(weights[name][seed].cpu(), w, atol=1e-5), name
