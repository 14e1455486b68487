"""Stage `evaluate`: a chapter on the test split, which no other stage reads. `python -m stages.evaluate cnn`"""

import sys
from typing import Any

from torch import Tensor

from rdfia import chapters, config, places
from rdfia.analyse.evaluate import evaluate, sound_seeds
from rdfia.analyse.probe import probe
from rdfia.command import one_line
from rdfia.data.store import load_split, save_tensors
from rdfia.files import read_json, write_json


def main(chapter: str) -> None:
    params = config.load()
    profile = config.profile(params)
    folder = places.data(profile, chapters.dataset(params, chapter))
    validation, test = (load_split(folder / f"{split}.safetensors") for split in ("validation", "test"))
    found: dict[str, Any] = {}
    probes: dict[str, Tensor] = {}
    for name in chapters.runs(params, chapter):
        metrics = read_json(places.run(profile, chapter, name) / "metrics.json", "`dvc repro` trains the run")
        weights = places.weights(profile, chapter, name)
        found[name] = evaluate(metrics, weights, test)
        for seed in sound_seeds(metrics)[:1]:
            drawn = probe(chapters.predictor(metrics, weights, seed), validation)
            probes |= {f"{name}/{key}": value for key, value in drawn.items()}
    save_tensors(probes, places.probes(profile, chapter))
    write_json(found, places.test(profile, chapter))


if __name__ == "__main__":
    with one_line():
        main(*sys.argv[1:])
