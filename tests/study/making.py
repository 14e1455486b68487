"""Small trees of modules, read as the project is."""

from pathlib import Path

from rdfia.study.definitions import Sources


def sources(root: Path, tree: dict[str, str]) -> Sources:
    """Write a tree of modules and read it."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Sources(root)
