"""A made-up chapter with a run for each schedule."""

from typing import Any

from rdfia.analyse.results import Card, ChapterResult, RunResult

CARD = Card("objects", counts={"train": 1000})
DECLARED: dict[str, dict[str, Any]] = {
    "constant": {"name": "constant"},
    "constant_warmup": {"name": "constant", "warmup": 5},
    "exponential": {"name": "exponential", "gamma": 0.9},
    "step": {"name": "step", "at": [0.4, 0.8], "gamma": 0.3},
    "inverse_time": {"name": "inverse_time", "gamma": 0.2},
    "linear": {"name": "polynomial"},
    "polynomial": {"name": "polynomial", "power": 2.0},
    "cosine": {"name": "cosine"},
    "cosine_warmup": {"name": "cosine", "warmup": 3.0},
    "cyclical": {"name": "cyclical", "cycles": 4.0},
    "one_cycle": {"name": "one_cycle"},
    "range_test": {"name": "range_test"},
}


def run(name: str, schedule: Any, epochs: int = 30, batch_size: int | str = 64) -> RunResult:
    config = {"schedule": schedule, "epochs": epochs, "batch_size": batch_size}
    return RunResult("cnn", name, name, name, "", CARD, config=config)


def chapter() -> ChapterResult:
    """Return a run for each schedule, and twenty more that take the cosine with a warm-up."""
    runs = [run(name, schedule) for name, schedule in DECLARED.items()]
    more = [run(f"seed_{i}", DECLARED["cosine_warmup"], batch_size=2 ** (3 + i % 5)) for i in range(20)]
    return ChapterResult("cnn", "objects", (*runs, *more, RunResult("cnn", "planned", "", "", "", CARD)))
