"""Stage `declare`: one small file for each run of a chapter. `python -m stages.declare cnn`

It adds to what the stage `check` wrote the hash of the data, and that of the weights that a run begins from. Nothing of
PyTorch is imported.
"""

import hashlib
from dataclasses import replace

from rdfia import config
from rdfia.command import run_stage
from rdfia.files import read_json, read_list, write_text
from rdfia.record import layout
from rdfia.record.declaration import Declaration


def main(chapter: str) -> None:
    profile = config.profile(config.load())
    path = layout.declared(profile) / "chapters" / f"{chapter}.json"
    for one in [Declaration(**found) for found in read_list(path, "`dvc repro check` writes it")]:
        write_text(completed(profile, one).text(), layout.declared_run(profile, one.chapter, one.run))


def completed(profile: str, one: Declaration) -> Declaration:
    """Return a declaration with the hashes of its data and of the weights that it begins from."""
    if one.left_out:
        return one
    data = read_json(layout.card(profile, one.dataset), f"`dvc repro prepare@{profile}-{one.dataset}` prepares it")
    begins = ""
    if one.begins:
        weights = layout.weights(profile, *one.begins.split("/"))
        if not weights.is_file():
            raise config.ConfigError(f"{weights}: no such file; `dvc repro` trains {one.begins}")
        begins = hashlib.sha256(weights.read_bytes()).hexdigest()
    return replace(one, data_sha256=data["sha256"], begins_sha256=begins)


if __name__ == "__main__":
    run_stage(main)
