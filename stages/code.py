"""Stage `code`: one hash a family of stages, over the code that it imports."""

from pathlib import Path

from rdfia import places
from rdfia.closure import FAMILIES, fingerprint


def main() -> None:
    for family, entries in FAMILIES.items():
        path = places.code(family)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(fingerprint(entries, Path()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
