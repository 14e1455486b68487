"""What a card says of its data in words, and which data take the place of others."""

from typing import Any, get_args

import pytest

from rdfia.data.sources import Source
from rdfia.record.card import STAND_INS, Card

SOURCES = {kind.model_fields["name"].default: kind for kind in get_args(get_args(Source)[0])}


def test_a_card_without_remarks_has_nothing_to_say() -> None:
    card = Card.read({"name": "a", "source": "digits", "counts": {"test": 4}, "label": "digits"})
    assert (card.remarks, card.stand_in) == ((), True)


@pytest.mark.parametrize(
    ("extra", "remarks"),
    [
        ({"skipped": {".avif": 3, "val/": 1200}}, ("1,203 files skipped: 3 .avif, 1,200 in val/",)),
        ({"duplicates": 2}, ("2 of 40 test images are in train too",)),
    ],
)
def test_skipped_files_and_duplicates_are_counted(extra: dict[str, Any], remarks: tuple[str, ...]) -> None:
    assert Card.read({"name": "a", "counts": {"test": 40}, **extra}).remarks == remarks


def test_a_source_is_published_data_a_stand_in_or_the_users_own() -> None:
    published = {name for name, kind in SOURCES.items() if isinstance(kind.stands_for, str)}
    assert published | STAND_INS | {"folders"} == SOURCES.keys()
    assert published.isdisjoint(STAND_INS)
    assert not Card("flowers", source="folders", stands_for=None).stand_in
    assert not Card("flowers", source="folders", stands_for=None).copy
    assert Card("cifar10", source="folders", stands_for="cifar10").copy
    assert not Card("cifar10", source="cifar10", stands_for="cifar10").copy
