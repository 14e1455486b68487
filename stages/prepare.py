"""Stage `prepare`: a data set from its source to splits, statistics, contact sheets and card.

`python -m stages.prepare mnist`, or several: one after the other, as each takes all cores.
"""

import hashlib
import sys
from collections.abc import Mapping
from typing import Any

from rdfia import config
from rdfia.command import run_stage
from rdfia.data.normalise import fit_all
from rdfia.data.sheets import contact_sheets, unsuitable
from rdfia.data.sources import dataset_layers, resolve_dataset
from rdfia.data.store import save_split, save_tensors
from rdfia.files import write_json, write_text
from rdfia.record import layout
from rdfia.record.card import Card


def main(name: str, *others: str) -> None:
    params = config.load()
    for one in (name, *others):
        prepare(params, one)


def prepare(params: Mapping[str, Any], name: str) -> None:
    """Prepare one data set."""
    profile = config.profile(params)
    splits, card = resolve_dataset(params, name).prepare(name, layout.downloads(), dataset_layers(params, name))
    for split, content in splits.items():
        save_split(content, layout.split(profile, name, split))
    print(f"{name}: statistics of {len(splits['train']):,} train examples", file=sys.stderr, flush=True)
    try:
        statistics = fit_all(splits["train"].x)
    except config.ConfigError as error:
        raise config.ConfigError(f"{config.PARAMS}: data.{name}: {error}") from None
    save_tensors(statistics, layout.data(profile, name) / "statistics.safetensors")
    sheets = layout.sheets(profile, name)
    save_tensors(contact_sheets(splits["train"], statistics, splits["validation"]), sheets)
    write_text(hashlib.sha256(sheets.read_bytes()).hexdigest() + "\n", layout.sheets_hash(profile, name))
    write_json(card, layout.card(profile, name))
    print(f"{name}: {card['label']}, {card['counts']}")
    hidden = [f"{kind} is not shown: {why}" for kind, why in unsuitable(splits["train"].x.shape[1:]).items()]
    for remark in (*Card.read(card).remarks, *hidden):
        print(f"{name}: {remark}")


if __name__ == "__main__":
    run_stage(main)
