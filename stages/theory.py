"""Stage `theory`: the written questions of part 1, answered on the train split of the circles."""

import torch

from rdfia import config, places, theory
from rdfia.command import one_line
from rdfia.data.store import load_split, save_tensors
from rdfia.files import write_json


def main() -> None:
    torch.set_num_threads(1)  # small products: more threads only wait for each other
    params = config.load()
    profile = config.profile(params)
    questions = theory.resolve(params)
    circles = load_split(places.data(profile, "circles") / "train.safetensors")
    for name, question in questions.items():
        answer = question.answer(circles)
        path = places.theory(profile, name)
        write_json(answer.facts, path)
        save_tensors(answer.arrays, path.with_suffix(".safetensors"))


if __name__ == "__main__":
    with one_line():
        main()
