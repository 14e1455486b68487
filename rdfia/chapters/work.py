"""One run of a chapter, from its declaration to its files."""

from collections.abc import Callable, Mapping
from typing import Any

from rdfia import chapters, config
from rdfia.train.progress import Progress
from rdfia.train.result import Outcome, load_data, write
from rdfia.train.run import Data, Run


def prepared(params: Mapping[str, Any], chapter: str, names: list[str]) -> tuple[dict[str, Run], Data]:
    """The named runs of a chapter, resolved, and its data."""
    data = load_data(config.profile(params), chapters.dataset(params, chapter))
    return {name: chapters.resolve(params, chapter, name) for name in names}, data


def train(
    profile: str, chapter: str, name: str, run: Run, data: Data, jobs: int, say: Callable[[str], None] = print
) -> None:
    """Every seed of one run, `jobs` at a time, and its files; one that cannot be built on the data is a ConfigError."""
    chapters.check(run, data.card, f"{chapter}.runs.{name}")
    outcome = Outcome()
    with Progress(profile, chapter, name, run, say) as progress, chapters.at(f"{chapter}.runs.{name}"):
        for seed, report in run.events(data, jobs):
            outcome.add(seed, report)
            progress(seed, report)
    write(outcome, profile, chapter, name, run, data)
