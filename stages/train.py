"""The training stages. `python -m stages.train cnn zca` is one run, `python -m stages.train mlp` a whole chapter."""

import sys
from functools import partial

from rdfia import chapters, config
from rdfia.command import one_line
from rdfia.train import device
from rdfia.train.progress import Progress
from rdfia.train.result import Outcome, load_data, write
from rdfia.train.run import Data, Run
from rdfia.train.together import together


def main(chapter: str, *names: str) -> None:
    params = config.load()
    profile = config.profile(params)
    runs = {name: chapters.resolve(params, chapter, name) for name in names or chapters.runs(params, chapter)}
    data = load_data(profile, chapters.dataset(params, chapter))
    for name, run in runs.items():
        chapters.check(run, data.card, f"{chapter}.runs.{name}")
    longest_first = sorted(runs.items(), key=lambda item: -item[1].effort)
    jobs = device.jobs()
    alone = jobs if len(runs) == 1 else 1
    together([partial(train, profile, chapter, name, run, data, alone) for name, run in longest_first], jobs)


def train(profile: str, chapter: str, name: str, run: Run, data: Data, jobs: int) -> None:
    """Every seed of one run, `jobs` at a time."""
    outcome = Outcome()
    with Progress(profile, chapter, name, run) as progress, chapters.at(f"{chapter}.runs.{name}"):
        for seed, report in run.events(data, jobs):
            outcome.add(seed, report)
            progress(seed, report)
    write(outcome, profile, chapter, name, run, data)


if __name__ == "__main__":
    with one_line():
        main(*sys.argv[1:])
