"""The speed of training against yardsticks, all of them in turn within one run, on images of CIFAR-10's shape.

(a) the course's loop, (b) today's advice, (c) the bare step on one fixed batch, (d) the machine's best matrix product.
Ours is a run of the study as the sweep trains it, an epoch with its records, in as many processes side by side as there
are cores, each with one thread; so are (c) and (d), while (a) and (b) have all threads and two workers.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from torch import Generator

from rdfia.bench import yardsticks
from rdfia.bench.throughput_page import page
from rdfia.bench.yardsticks import Pace
from rdfia.data.normalise import fit_all
from rdfia.files import write_json, write_text
from rdfia.parallel import cores, messages
from rdfia.study import runs
from rdfia.train import device
from rdfia.train.classifier import forward_flops, network
from rdfia.train.epochs import EpochRecord
from rdfia.train.flops import Flops
from rdfia.train.run import Data

CHAPTER, PRECISIONS = "cnn", ("float32", "bfloat16")
VALIDATION = 9  # train images for each of validation, as of CIFAR-10's 50,000
WARM = 2  # batches
Task = Callable[[Callable[[], object]], Pace]
Measured = dict[str, list[dict[str, float]]]  # of each yardstick in each round


def measure(
    folder: Path, params: Mapping[str, Any], rounds: int = 3, images: int = 1536, names: Sequence[str] = ()
) -> None:
    """Measure runs, without names one for each augmentation of the chapter, and write throughput.json and .md."""
    torch.set_num_threads(1)  # what is forked later must not inherit a pool of threads
    chosen = names or augmented(params)
    made: dict[str, Any] = {name: runs.resolve(params, CHAPTER, name) for name in chosen}
    sets = {name: pictures(run, images) for name, run in made.items()}
    measured: dict[str, Measured] = {name: {} for name in chosen}
    for turn in range(rounds):
        for name, run in made.items():
            for yardstick, paces in one_round(run, sets[name], name == chosen[0]).items():
                measured[name].setdefault(yardstick, []).append(_rates(paces))
            print(f"round {turn + 1} of {rounds}: {name}", flush=True)
    content = {
        "batch": made[chosen[0]].batch_size,
        "images": images,
        "rounds": rounds,
        "machine": device.machine(torch.device("cpu")) | {"torch": torch.__version__},
        "runs": {name: _summary(made[name], sets[name], measured[name]) for name in chosen},
    }
    write_json(content, folder / "throughput.json")
    write_text(page(content), folder / "throughput.md")
    print(page(content), end="")


def augmented(params: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the chapter's runs that differ in augmentation or mixing alone, one for each."""
    found: dict[Any, str] = {}
    for name in runs.runs(params, CHAPTER):
        run: Any = runs.resolve(params, CHAPTER, name)
        if run.normalise.name == "standardise" and not run.label_smoothing:
            found.setdefault((run.augment, run.mixing), name)
    return tuple(found.values())


def pictures(run: Any, images: int) -> Data:
    """Return noise in CIFAR-10's shape as data, with as many images for validation as that has of so many."""
    generator = Generator().manual_seed(0)
    x = torch.randint(256, (images + images // VALIDATION, 3, 32, 32), dtype=torch.uint8, generator=generator)
    y = torch.randint(10, (len(x),), generator=generator)
    card = {"name": "noise", "kind": "images", "classes": list("abcdefghij"), "shape": [3, 32, 32], "sha256": "0"}
    return Data(card, fit_all(x[:images], [type(run.normalise)]), (x[:images], y[:images]), (x[images:], y[images:]))


def one_round(run: Any, data: Data, first: bool) -> dict[str, list[Pace]]:
    """Measure every yardstick and ours once; the step that is written plainly with the first run alone."""
    found = {"(a)": forked([partial(_alone, yardsticks.course, run, data)])}
    for precision in PRECISIONS:
        one = run.model_copy(update={"precision": precision, "epochs": 1, "seeds": 1})
        found |= {
            f"(b) {precision}": forked([partial(_alone, yardsticks.advised, one, data)]),
            f"ours {precision}": forked([partial(ours, one, data)] * cores()),
            f"(c) {precision}": forked([partial(yardsticks.bare, one, data)] * cores()),
        }
        if first:
            found[f"plain {precision}"] = forked([partial(yardsticks.bare, one, data, fast=False)] * cores())
    return found


def _alone(yardstick: Callable[[Any, Data], Pace], run: Any, data: Data, start: Callable[[], object]) -> Pace:
    """Measure what waits for nobody."""
    return yardstick(run, data)


def forked(tasks: Sequence[Task]) -> list[Pace]:
    """Do tasks side by side, each in its own process even where it is alone; they may wait for each other to start."""
    together = get_context("fork").Barrier(len(tasks))

    def work(task: Task, send: Callable[[Any], None]) -> None:
        send(task(together.wait))

    found = []
    for message in messages([partial(work, task) for task in tasks], len(tasks)):
        if message.error is not None:
            raise message.error
        if message.content is not None:
            found.append(message.content)
    return found


def ours(run: Any, data: Data, start: Callable[[], object]) -> Pace:
    """Time an epoch of a run with its records, from the record before it to the one after it."""
    few = run.batch_size * WARM
    x, y = data.train
    for _ in run.events(Data(data.card, data.statistics, (x[:few], y[:few]), (x[:few], y[:few]))):
        pass
    events = run.events(data)
    next(report for _, report in events if isinstance(report, EpochRecord))
    start()
    return yardsticks.paced(lambda: len(y) * _epochs(events))


def _epochs(events: Any) -> int:
    """Train until the next record; return how many epochs it took."""
    return next(report for _, report in events if isinstance(report, EpochRecord)).epoch


def _rates(paces: Sequence[Pace]) -> dict[str, float]:
    """Return images a second of all processes together, and images and operations of products a processor second."""
    return {
        "second": sum(pace.images / pace.seconds for pace in paces),
        "processor_second": sum(pace.images for pace in paces) / sum(pace.processor for pace in paces),
        "product": sum(pace.product for pace in paces) / len(paces),
    }


def _summary(run: Any, data: Data, measured: Measured) -> dict[str, Any]:
    """Return the rates of a run in every round, and its ratios."""
    cost, ratios = step_flops(run, data), dict[str, Any]()
    for precision in PRECISIONS:
        mine, step = measured[f"ours {precision}"], measured[f"(c) {precision}"]
        pairs = {
            "ours / (a)": (mine, measured["(a)"]),
            "ours / (b)": (mine, measured[f"(b) {precision}"]),
            "ours / (c)": (mine, step),
            "(c) / plain": (step, measured.get(f"plain {precision}")),
        }
        found = {name: _ratios(*pair) for name, pair in pairs.items() if pair[1]}
        products = [{"processor_second": one["product"] / cost} for one in step]
        ratios[precision] = found | {"(c) / (d)": {"processor_second": _ratio(step, products, "processor_second")}}
    rates = {name: [{k: round(v, 1) for k, v in one.items()} for one in rounds] for name, rounds in measured.items()}
    return {"flops_an_image": cost, "ratios": ratios, "images_a": rates}


def _ratios(some: list[dict[str, float]], others: Any) -> dict[str, list[float]]:
    return {kind: _ratio(some, others, kind) for kind in ("second", "processor_second")}


def _ratio(some: list[dict[str, float]], others: list[dict[str, float]], kind: str) -> list[float]:
    """Return the ratio of the best rounds, which something else disturbed least, and the extremes within a round."""
    within = [one[kind] / other[kind] for one, other in zip(some, others, strict=True)]
    best = max(one[kind] for one in some) / max(other[kind] for other in others)
    return [round(value, 3) for value in (best, min(within), max(within))]


def step_flops(run: Any, data: Data) -> int:
    """Count the operations of a step for one image: forward, and twice that backward, but for the images' gradient."""
    built, first = network(run, data.card, Generator()), Flops()
    example = torch.zeros(1, *data.card["shape"])
    for augmentation in run.augment:
        example = augmentation.evaluate(example)
    with first, torch.no_grad():
        built.features[0](example)  # type: ignore[index,operator]
    return 3 * forward_flops(run, data.card) - first.total
