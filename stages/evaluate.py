"""Stage `evaluate`: a chapter on the test split, which no other stage reads. `python -m stages.evaluate cnn`"""

import sys

from rdfia import chapters, config, declared, places
from rdfia.analyse.look import look
from rdfia.command import one_line
from rdfia.data.store import load_split, save_tensors
from rdfia.files import read_json, write_json
from rdfia.train import device


def main(chapter: str) -> None:
    params = config.load()
    profile = config.profile(params)
    folder = places.data(profile, chapters.dataset(params, chapter))
    train, validation, test = (load_split(folder / f"{split}.safetensors") for split in ("train", "validation", "test"))
    names = declared.trained(params, chapter)
    weights = {name: places.weights(profile, chapter, name) for name in names}
    runs = {
        name: read_json(places.run(profile, chapter, name) / "metrics.json", "`dvc repro` trains the run")
        for name in names
    }
    answers, probes = look(runs, weights, (train, validation, test), device.jobs())
    save_tensors(probes, places.probes(profile, chapter))
    write_json(answers, places.test(profile, chapter))


if __name__ == "__main__":
    with one_line():
        main(*sys.argv[1:])
