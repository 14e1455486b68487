"""The training stages. `python -m stages.train cnn zca` is one run, `python -m stages.train mlp` a whole chapter.

The runs of a chapter train side by side: `RDFIA_JOBS=8 python -m stages.train cnn` has eight at a time.
"""

from functools import partial

from rdfia import chapters, config
from rdfia.command import run_stage
from rdfia.parallel import map_forked
from rdfia.study import runs
from rdfia.study.needs import cost
from rdfia.study.train_run import load_data, make_ready, tasks, train
from rdfia.train import device


def main(chapter: str, *names: str) -> None:
    params = config.load()
    runs.allowed(params, [chapter])
    for name in names:
        runs.own(params, chapter, name)
    data = load_data(config.profile(params), chapters.dataset(params, chapter))
    chosen = tasks(params, {chapter: names or runs.runs(params, chapter)})
    chosen.sort(key=lambda task: -cost(task.run, data.card) if task.run else 0)
    make_ready(chosen, {chapter: data})
    within = device.jobs_within() if len(chosen) == 1 else 1
    map_forked([partial(train, task, data, within) for task in chosen], device.jobs())


if __name__ == "__main__":
    run_stage(main)
