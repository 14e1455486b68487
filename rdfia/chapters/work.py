"""One run of a chapter, from its declaration to its files."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rdfia import chapters, config, places
from rdfia.declared import left_out
from rdfia.train.progress import Progress
from rdfia.train.result import Outcome, leave_out, load_data, write
from rdfia.train.run import Data, Run


def prepared(params: Mapping[str, Any], chapter: str, names: list[str]) -> tuple[dict[str, Run | None], Data]:
    """The named runs of a chapter, resolved, and its data; None is a run that the profile leaves out."""
    data, without = load_data(config.profile(params), chapters.dataset(params, chapter)), left_out(params, chapter)
    return {name: None if name in without else chapters.resolve(params, chapter, name) for name in names}, data


def effort(run: Run | None) -> float:
    """How long a run takes, in any unit."""
    return 0.0 if run is None else run.effort


def train(
    profile: str, chapter: str, name: str, run: Run | None, data: Data, jobs: int, say: Callable[[str], None] = print
) -> None:
    """Every seed of one run, `jobs` at a time, and its files; one that cannot be built on the data is a ConfigError."""
    if run is None:
        say(f"{chapter}/{name}: left out of the profile {profile}")
        leave_out(profile, chapter, name)
        return
    with chapters.at(f"{chapter}.runs.{name}"):
        run = located(run, profile)
    chapters.check(run, data.card, f"{chapter}.runs.{name}")
    outcome = Outcome()
    with Progress(profile, chapter, name, run, say) as progress, chapters.at(f"{chapter}.runs.{name}"):
        for seed, report in run.events(data, jobs):
            outcome.add(seed, report)
            progress(seed, report)
    write(outcome, profile, chapter, name, run, data)


def source(run: Run) -> tuple[str, str] | None:
    """The chapter and the run whose weights a run begins from, if they are another run's."""
    start = getattr(run.model, "start", None)
    return (start.chapter, start.run) if start is not None and start.name == "run" else None


def located(run: Run, profile: str) -> Run:
    """The run with the weights at hand that its model starts from, and their hash among its settings, if it has any."""
    if not hasattr(run.model, "resolve_weights"):
        return run
    return run.model_copy(update={"model": run.model.resolve_weights(partial(places.weights, profile))})
