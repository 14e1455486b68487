"""Stage `mlp`, `cnn`, `vit`: every seed of one run. `python -m stages.train cnn zca`"""

import sys

from rdfia import chapters, config
from rdfia.command import one_line
from rdfia.train.progress import Progress
from rdfia.train.result import Outcome, load_data, write
from rdfia.train.run import train_run


def main(chapter: str, name: str) -> None:
    params = config.load()
    profile = config.profile(params)
    run = chapters.resolve(params, chapter, name)
    data = load_data(profile, chapters.dataset(params, chapter))
    chapters.check(run, data.card, f"{chapter}.runs.{name}")
    outcome = Outcome()
    with Progress(profile, chapter, name, run) as progress:
        for seed, report in train_run(run, data):
            outcome.add(seed, report)
            progress(seed, report)
    write(outcome, profile, chapter, name, run, data)


if __name__ == "__main__":
    with one_line():
        main(*sys.argv[1:])
