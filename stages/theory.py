"""Stage `theory`: the written questions whose answer is a number; points are the train split of the circles."""

import torch

from rdfia import config, theory
from rdfia.command import run_stage
from rdfia.data.store import load_split, save_tensors
from rdfia.files import write_json
from rdfia.record import layout


def main() -> None:
    torch.set_num_threads(1)  # small products: more threads only wait for each other
    params = config.load()
    profile = config.profile(params)
    circles = load_split(layout.split(profile, "circles", "train"))
    for name, question in theory.resolve(params).items():
        answer = question.answer(circles)
        path = layout.theory(profile, name)
        write_json(answer.facts, path)
        save_tensors(answer.arrays, path.with_suffix(".safetensors"))


if __name__ == "__main__":
    run_stage(main)
