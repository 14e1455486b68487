"""Stage `evaluate`: a chapter on the test split, which no other stage reads. `python -m stages.evaluate cnn`"""

import sys

from rdfia import chapters, config, declared, places
from rdfia.analyse.evaluate import best, evaluate
from rdfia.analyse.probe import arrays, points
from rdfia.command import one_line
from rdfia.data.store import load_split, save_tensors
from rdfia.files import read_json, write_json


def main(chapter: str) -> None:
    params = config.load()
    profile = config.profile(params)
    folder = places.data(profile, chapters.dataset(params, chapter))
    train, validation, test = (load_split(folder / f"{split}.safetensors") for split in ("train", "validation", "test"))
    runs = {
        name: read_json(places.run(profile, chapter, name) / "metrics.json", "`dvc repro` trains the run")
        for name in declared.trained(params, chapter)
    }
    chosen, answers, probes = best(runs), {}, {}
    if train.x.ndim == 2:
        probes = {"points/train": points(train), "points/validation": points(validation)}
    for name, metrics in runs.items():
        weights = places.weights(profile, chapter, name)
        answers[name] = evaluate(metrics, weights, test)
        chief = name in (chosen, next(iter(runs)))
        drawn = arrays(metrics, weights, train, validation, test if name == chosen else None, chief)
        probes |= {f"{name}/{key}": value for key, value in drawn.items()}
    save_tensors(probes, places.probes(profile, chapter))
    write_json(answers, places.test(profile, chapter))


if __name__ == "__main__":
    with one_line():
        main(*sys.argv[1:])
