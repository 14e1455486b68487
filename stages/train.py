"""The training stages. `python -m stages.train cnn zca` is one run, `python -m stages.train mlp` a whole chapter."""

import sys
from functools import partial

from rdfia import chapters, config
from rdfia.chapters.work import effort, prepared, train
from rdfia.command import one_line
from rdfia.train import device
from rdfia.train.together import together


def main(chapter: str, *names: str) -> None:
    params = config.load()
    profile = config.profile(params)
    runs, data = prepared(params, chapter, list(names) or chapters.runs(params, chapter))
    longest_first = sorted(runs.items(), key=lambda item: -effort(item[1]))
    jobs = device.jobs()
    alone = jobs if len(runs) == 1 else 1
    together([partial(train, profile, chapter, name, run, data, alone) for name, run in longest_first], jobs)


if __name__ == "__main__":
    with one_line():
        main(*sys.argv[1:])
