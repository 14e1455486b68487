"""How many processes should share one device: each trains a run as the sweep does, at rising numbers side by side.

On a GPU the steps are taken one by one, or replayed as a CUDA graph. Beside them stands the other way to train seeds at
once: their weights stacked into one tensor program, whose bare steps are replayed too.
"""

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from rdfia.bench.throughput import CHAPTER, forked, pictures
from rdfia.bench.yardsticks import Pace, paced
from rdfia.files import write_json, write_text
from rdfia.parallel import cores
from rdfia.study import runs
from rdfia.train import device
from rdfia.train.classifier import build
from rdfia.train.epochs import EpochRecord
from rdfia.train.fit import cross_entropy
from rdfia.train.graphs import replay
from rdfia.train.precision import FLOAT32, Precision, others
from rdfia.train.run import Data
from rdfia.words import table

RUN = "crop_flip"
IMAGES, IMAGES_OF_GPU = 4_500, 18_000  # of an epoch
STEPS = 200  # of networks that are stacked


def measure(
    folder: Path,
    params: Mapping[str, Any],
    images: int | None = None,
    numbers: Sequence[int] = (),
    precisions: Sequence[str] = (),
) -> None:
    """Train the run in 1, 2, 4 … processes, up to one a core; write sharing.json and sharing.md."""
    where = device.device()
    run: Any = runs.resolve(params, CHAPTER, RUN)
    on_gpu = where.type == "cuda"
    data = pictures(run, images or (IMAGES_OF_GPU if on_gpu else IMAGES))
    numbers = numbers or [2**power for power in range(cores().bit_length())]
    shared = "through one server (MPS)" if os.environ.get("CUDA_MPS_PIPE_DIRECTORY") else "in turn"
    content: dict[str, Any] = {
        "run": f"{CHAPTER}/{RUN}",
        "batch": run.batch_size,
        "images": len(data.train[1]),
        "shared": shared if on_gpu else "a core each",
        "rates": {},
    }
    for precision in precisions or (FLOAT32, *others(where)):
        one = run.model_copy(update={"precision": precision, "epochs": 3, "seeds": 1})
        ways: dict[str, Callable[[int], list[Pace]]] = {"taken": partial(_side_by_side, one, data, "0")}
        if on_gpu:
            ways |= {"replayed": partial(_side_by_side, one, data, "1"), "stacked": partial(_stacked, one, data)}
        for way, act in ways.items():
            found = {str(number): _rate(act(number)) for number in numbers}
            content["rates"].setdefault(precision, {})[way] = found
            print(f"{precision}, {way}: " + ", ".join(f"{n} {rate:,.0f}" for n, rate in found.items()), flush=True)
    content["machine"] = device.machine(where) | {"torch": torch.__version__}  # after the forks: it starts CUDA here
    write_json(content, folder / "sharing.json")
    write_text(page(content), folder / "sharing.md")
    print(page(content), end="")


def _rate(paces: list[Pace]) -> float:
    """Return the images a second of all processes together, to the end of the last."""
    return round(sum(pace.images for pace in paces) / max(pace.seconds for pace in paces), 1)


def _side_by_side(run: Any, data: Data, graphs: str, number: int) -> list[Pace]:
    return forked([partial(_epochs, run, data, graphs)] * number)


def _epochs(run: Any, data: Data, graphs: str, start: Callable[[], object]) -> Pace:
    """Time the epochs of a run after the first, with their records."""
    device.settle()
    os.environ["RDFIA_GRAPHS"] = graphs
    records = (report for _, report in run.events(data) if isinstance(report, EpochRecord))
    next(records), next(records)  # the second is of an epoch in which everything began
    start()
    return paced(lambda: len(data.train[1]) * len(list(records)))


def _stacked(run: Any, data: Data, number: int) -> list[Pace]:
    return forked([partial(_stacked_steps, run, data, number)])


def _stacked_steps(run: Any, data: Data, number: int, start: Callable[[], object]) -> Pace:
    """Time steps of as many networks in one tensor program, replayed as a CUDA graph."""
    device.settle()
    _, step = stacked(run, data, number)
    again = replay(step)
    again()
    torch.cuda.synchronize()
    start()

    def steps() -> int:
        for _ in range(STEPS):
            again()
        torch.cuda.synchronize()
        return STEPS * int(run.batch_size) * number

    return paced(steps)


def stacked(run: Any, data: Data, number: int) -> tuple[dict[str, Tensor], Callable[[], None]]:
    """Return the weights of as many networks, and what moves them all by one step on one fixed batch."""
    where = device.device()
    built = [build(run, data.card, data.statistics, Generator().manual_seed(seed)).to(where) for seed in range(number)]
    weights, _ = torch.func.stack_module_state([one.network for one in built])
    shape, precision = copy.deepcopy(built[0].network).to("meta"), Precision(run.precision, where)
    images = built[0].augmented(data.train[0][: run.batch_size].to(where), Generator(where).manual_seed(0))
    labels = data.train[1][: run.batch_size].to(where)
    x = images.contiguous(memory_format=torch.channels_last)

    def loss(w: dict[str, Tensor]) -> Tensor:
        with precision.forward():
            logits = torch.func.functional_call(shape, w, (x,))
        return cross_entropy(logits, labels)

    gradient = torch.func.vmap(torch.func.grad(loss))

    def step() -> None:
        with precision.backward():
            changes = gradient(weights)
        with torch.no_grad():
            for name, w in weights.items():
                w.sub_(changes[name], alpha=run.optimiser.learning_rate)

    return weights, step


def page(content: dict[str, Any]) -> str:
    """Return the page of what `measure` found."""
    rows = [
        [precision, way, *(f"{rate:,.0f}" for rate in found.values())]
        for precision, ways in content["rates"].items()
        for way, found in ways.items()
    ]
    numbers = next(iter(next(iter(content["rates"].values())).values()))
    machine = content["machine"]
    return (
        f"# Runs that share one device\n\nImages a second of all processes together: {content['run']} with batches of "
        f"{content['batch']}, epochs of {content['images']} images with their records. Steps are taken one by one or "
        "replayed as a CUDA graph; stacked are bare steps of as many networks in one tensor program.\n\n"
        f"{table(('precision', 'steps', *numbers), rows)}\n\n{machine['processor']}, {machine['cores']} cores, PyTorch "
        f"{machine['torch']}; the processes work {content['shared']}.\n"
    )
