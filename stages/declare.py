"""Stage `declare`: one small file for each run of a chapter, or of several. `python -m stages.declare cnn`

It adds to what the stage `check` wrote the hash of the data, and that of the weights that a run begins from. A run that
will be trained is checked against its data here, before DVC removes its old result; where there is none, nothing of
PyTorch is imported.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rdfia import config
from rdfia.command import run_stage
from rdfia.files import read_list, whole_folder, write_text
from rdfia.record import layout, shape
from rdfia.record.declaration import Declaration
from rdfia.record.run import RunRecord
from rdfia.study import runs


def main(chapter: str, *others: str) -> None:
    params = config.load()
    for name in runs.allowed(params, (chapter, *others)):
        declare(params, name)


def declare(params: Mapping[str, Any], chapter: str) -> None:
    """Write the files of one chapter."""
    profile = config.profile(params)
    path = layout.declared(profile) / "chapters" / f"{chapter}.json"
    found = [completed(profile, Declaration(**one)) for one in read_list(path, "`dvc repro check` writes it")]
    for one in found:
        if not one.left_out and one.changed(RunRecord.read(layout.trained(profile, chapter, one.run))):
            check_trainable(params, profile, one)
    with whole_folder(layout.declared_run(profile, chapter, "any").parent) as fresh:
        for one in found:
            write_text(one.text(), fresh / layout.declared_run(profile, chapter, one.run).name)


def check_trainable(params: Mapping[str, Any], profile: str, one: Declaration) -> None:
    """Refuse a run that cannot be trained on its data."""
    from rdfia.chapters.checks import trainable

    card = shape.read(layout.card(profile, one.dataset), shape.Prepared, "")
    trainable(runs.resolve(params, one.chapter, one.run), card, runs.layers(params, one.chapter, one.run))


def completed(profile: str, one: Declaration) -> Declaration:
    """Return a declaration with the hashes of its data and of the weights that it begins from."""
    if one.left_out:
        return one
    remedy = f"`dvc repro prepare@{profile}-{one.dataset}` prepares it"
    data = shape.read(layout.card(profile, one.dataset), shape.Prepared, remedy)
    begins = ""
    if one.begins:
        weights = layout.weights(profile, *one.begins.split("/"))
        if not weights.is_file():
            raise config.ConfigError(f"{weights}: no such file; `dvc repro` trains {one.begins}")
        begins = hashlib.sha256(weights.read_bytes()).hexdigest()
    return replace(one, data_sha256=data["sha256"], begins_sha256=begins)


if __name__ == "__main__":
    run_stage(main)
