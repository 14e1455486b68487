"""The hash of what a definition reaches: what counts and what does not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rdfia.study.module import Reference
from tests.study.making import sources

Tree = dict[str, str]  # the text of each file by its path
Hash = Callable[[Tree], str]

NET = '''
"""A module."""

import math
from typing import Any

from rdfia.tools import helper

SIZE = 3
UNUSED = 4


class Base:
    depth = 2


class Unused:
    """A class that nothing names."""


@helper
class Net(Base):
    """A network."""

    width: int = 2

    def build(self, scale: float = 1.0, *, flag: bool = True) -> Any:
        """Return a network."""
        # the size first
        return math.sqrt(SIZE * scale), self.width
'''
TREE: Tree = {
    "rdfia/__init__.py": "",
    "rdfia/net.py": NET,
    "rdfia/tools.py": "from rdfia.deep import inner as helper\n",  # a re-export
    "rdfia/deep/__init__.py": "from rdfia.deep.second import inner\n",
    "rdfia/deep/second.py": "from rdfia.deep import third\n\n\ndef inner(x):\n    return third.last(x)\n",
    "rdfia/deep/third.py": "FACTOR = 2\n\n\ndef last(x):\n    return FACTOR * x\n\n\ndef beside(x):\n    return x\n",
}
NET_ROOT: Reference = ("rdfia.net", "Net")


@pytest.fixture
def hashed(tmp_path: Path) -> Hash:
    """Return the function that hashes what `Net` reaches in a tree."""
    return lambda tree: sources(tmp_path, tree).fingerprint([NET_ROOT])


def edited(file: str, old: str, new: str) -> Tree:
    """Return the tree with one text of a file replaced."""
    assert old in TREE[file]
    return {**TREE, file: TREE[file].replace(old, new, 1)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# the size first", "# first the size"),
        ("        # the size first\n", ""),
        ("width: int = 2\n", "width: int = 2  # of a layer\n"),
        ('"""A network."""', '"""Another text,\n\n    over several lines.\n    """'),
        ('"""Return a network."""\n        ', ""),
        ('"""A module."""', '"""A text."""'),
        ("width: int = 2", "width: float = 2"),
        ("scale: float = 1.0", "scale: int | float = 1.0"),
        ("flag: bool = True", "flag: Unused | None = True"),
        (") -> Any:", ") -> dict[str, Any]:"),
        (") -> Any:", "):"),
        ("    width: int", "\n\n    width: int"),
        ("UNUSED = 4", "UNUSED = 5"),
        ('"""A class that nothing names."""', "x = 1"),
        ("class Unused:", "class Renamed:"),
        ("import math\nfrom typing import Any\n", "from typing import Any\nimport math\n"),
    ],
)
def test_what_changes_no_result_changes_no_hash(hashed: Hash, old: str, new: str) -> None:
    assert hashed(edited("rdfia/net.py", old, new)) == hashed(TREE)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("net", "SIZE * scale", "SIZE + scale"),
        ("net", "scale: float = 1.0", "scale: float = 2.0"),
        ("net", "flag: bool = True", "flag: bool = False"),
        ("net", "width: int = 2", "width: int = 3"),
        ("net", "self, scale", "self, size"),
        ("net", "@helper\n", ""),
        ("net", "Net(Base)", "Net"),
        ("net", "depth = 2", "depth = 3"),
        ("net", "SIZE = 3", "SIZE = 4"),
        ("net", "UNUSED = 4", "UNUSED = 4\nprint(UNUSED)"),
        ("deep/second", "return third.last(x)", "return -third.last(x)"),
        ("deep/third", "FACTOR * x", "FACTOR + x"),
        ("deep/third", "FACTOR = 2", "FACTOR = 3"),
        ("deep/second", "third.last(x)", "third.beside(x)"),
    ],
)
def test_what_may_change_a_result_changes_the_hash(hashed: Hash, file: str, old: str, new: str) -> None:
    assert hashed(edited(f"rdfia/{file}.py", old, new)) != hashed(TREE)


def test_what_stands_beside_a_helper_does_not_count(hashed: Hash) -> None:
    assert hashed(edited("rdfia/deep/third.py", "    return x\n", "    return -x\n")) == hashed(TREE)


def test_a_hash_sign_in_a_string_is_no_comment(hashed: Hash) -> None:
    first, second = (edited("rdfia/net.py", "SIZE = 3", f'SIZE = "a # {word}"') for word in ("b", "c"))
    assert hashed(first) != hashed(second)


def test_letters_of_several_bytes_shift_no_cut(hashed: Hash) -> None:
    texts = ('("αβγ", "ε")  # ζ', '("αβγ", "ε")', '("αβδ", "ε")')
    plain, same, other = (edited("rdfia/net.py", "SIZE = 3", f'ΣΙΖΕ: "μ" = 3\nSIZE = {text}') for text in texts)
    assert hashed(plain) == hashed(same) != hashed(other)
    wide = [edited("rdfia/net.py", "scale: float", f'γ: "{word}" = "δ", scale: float') for word in ("α", "αβγ")]
    assert hashed(wide[0]) == hashed(wide[1]) != hashed(TREE)
