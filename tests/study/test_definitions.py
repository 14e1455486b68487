"""The definitions that a result depends on: what counts, what does not, and where names lead."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import pytest

from rdfia import config
from rdfia.data import augment, normalise
from rdfia.data.sampling import RandomAugmentation
from rdfia.study import runs
from rdfia.study.declaration import roots
from rdfia.study.definitions import Sources
from rdfia.study.module import LOOSE, WHOLE, Reference
from rdfia.train import optimise, schedule
from rdfia.train.run import Run

ROOT = Path(__file__).parents[2]
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


def sources(root: Path, tree: Tree) -> Sources:
    """Write a tree of modules and read it."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Sources(root)


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


def reached(root: Path, text: str, *names: str, **others: str) -> set[str]:
    """Return what the definitions `names` of one module reach, as module:name without the module's own prefix."""
    tree = {"rdfia/__init__.py": "", "rdfia/a.py": dedent(text)}
    tree |= {f"rdfia/{name}.py": dedent(other) for name, other in others.items()}
    found = sources(root, tree).reached([("rdfia.a", name) for name in names])
    return {f"{module.removeprefix('rdfia.')}:{name}" for module, name in found}


def test_an_import_inside_of_a_function_is_followed(tmp_path: Path) -> None:
    text = """
        def f():
            from rdfia.b import g as h
            return h()
        """
    assert reached(tmp_path, text, "f", b="def g():\n    return 1\n\n\ndef other():\n    return 2\n") == {"a:f", "b:g"}


@pytest.mark.parametrize(
    "text",
    [
        "import rdfia.b\n\n\ndef f():\n    return rdfia.b.g()\n",
        "import rdfia.b as b\n\n\ndef f():\n    return b.g()\n",
        "from rdfia import b\n\n\ndef f():\n    return b.g().real\n",
        "from rdfia import b\n\n\ndef f(x=b.g):\n    return x\n",
        "from rdfia.b import g\n\n\nf = [g]\n",
        "from rdfia.b import g\n\n\ndef f():\n    return lambda x, y=g: y\n",
    ],
)
def test_every_way_to_name_a_definition_is_followed(tmp_path: Path, text: str) -> None:
    other = "def g():\n    return 1\n\n\ndef other():\n    return 2\n"
    assert reached(tmp_path, text, "f", b=other) == {"a:f", "b:g"}


def test_a_module_as_a_value_counts_whole(tmp_path: Path) -> None:
    text = "from rdfia import b\n\n\ndef f(x):\n    return getattr(b, x)\n"
    assert reached(tmp_path, text, "f", b="def g():\n    return 1\n") == {"a:f", f"b:{WHOLE}"}


def test_alternatives_of_an_annotation_are_not_reached(tmp_path: Path) -> None:
    text = """
        from typing import Annotated

        class One:
            pass

        class Two:
            pass

        Either = Annotated[One | Two, "name"]

        class Run:
            part: Either
            other: One | Two = One()

            def f(self, x: Two) -> Two:
                y: Two = x
                return y
        """
    assert reached(tmp_path, text, "Run") == {"a:Run", "a:One"}
    assert reached(tmp_path, text, "Either") == {"a:Either", "a:One", "a:Two"}


@pytest.mark.parametrize(
    "call", ["import_module('rdfia.b')", "importlib.import_module('rdfia.b')", "eval('g')", "globals()"]
)
def test_names_that_cannot_be_read_count_their_whole_module(tmp_path: Path, call: str) -> None:
    text = f"""
        import importlib
        from importlib import import_module

        def f():
            return {call}

        def g():
            return 1
        """
    assert f"a:{WHOLE}" in reached(tmp_path, text, "f")
    assert reached(tmp_path, text, "g") == {"a:g"}
    changed = text.replace("return 1", "return 2")
    before, after = (
        sources(tmp_path, {"rdfia/a.py": dedent(t)}).fingerprint([("rdfia.a", "f")]) for t in (text, changed)
    )
    assert before != after


def test_loose_statements_count_with_all_that_they_name(tmp_path: Path) -> None:
    text = """
        from rdfia.b import register

        def f():
            return 1

        def unused():
            return 2

        register(f)
        """
    other = "def register(x):\n    return x\n"
    assert reached(tmp_path, text, "f", b=other) == {"a:f", f"a:{LOOSE}", "b:register"}


def test_imports_for_types_alone_do_not_count(tmp_path: Path) -> None:
    text = """
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from rdfia.b import g

        def f(x: "g") -> "g":
            return x
        """
    assert reached(tmp_path, text, "f", b="def g():\n    return 1\n") == {"a:f"}


@pytest.mark.parametrize(
    "body",
    [
        "def f(g):\n    return g",
        "def f(*g):\n    return g",
        "def f(**g):\n    return g",
        "def f(x):\n    g = x\n    return g",
        "def f(x):\n    return [g for g in x]",
        "def f(x):\n    for g in x:\n        return g",
        "def f(x):\n    return (lambda g: g)(x)",
        "def f(x):\n    def g():\n        return 1\n    return g",
        "def f(x):\n    with x as g:\n        return g",
        "def f(x):\n    try:\n        x()\n    except OSError as g:\n        return g",
        "def f(x):\n    return x.g",
        "def f(x):\n    return x(g=1)",
    ],
)
def test_a_local_name_reaches_no_definition_of_that_name(tmp_path: Path, body: str) -> None:
    assert reached(tmp_path, f"def g():\n    return 1\n\n\n{body}\n", "f") == {"a:f"}


@pytest.mark.parametrize(
    "body",
    [
        "def f(x):\n    def inner(g):\n        return g\n    return inner(g)",
        "def f(x):\n    def inner():\n        g = 1\n        return g\n    return inner() + g()",
        "def f(x):\n    def inner():\n        import g\n        return g\n    return inner() + g()",
        "def f(x):\n    return [g for g in x] + [g()]",
        "def f(x):\n    return (lambda g: g)(g)",
        "def f(x, y=lambda g: g):\n    return y(g)",
        "def f(x):\n    class Inner:\n        g = 1\n    return g(Inner)",
        "def f(g=g):\n    return g",
        "def f(x):\n    global g\n    g = x",
    ],
)
def test_a_name_that_an_inner_scope_binds_is_none_of_the_outer(tmp_path: Path, body: str) -> None:
    assert reached(tmp_path, f"def g():\n    return 1\n\n\n{body}\n", "f") == {"a:f", "a:g"}


def test_a_name_is_local_where_it_is_bound_and_nowhere_else(tmp_path: Path) -> None:
    text = """
        def g():
            return 1

        class F:
            def first(self, g):
                return g

            def second(self):
                return g()
        """
    assert reached(tmp_path, text, "F") == {"a:F", "a:g"}


def test_definitions_of_other_packages_are_not_reached(tmp_path: Path) -> None:
    text = "import os\nfrom json import dumps\n\n\ndef f():\n    return dumps(os.environ)\n"
    assert reached(tmp_path, text, "f") == {"a:f"}


def test_a_circle_of_references_ends(tmp_path: Path) -> None:
    text = "def f():\n    return g()\n\n\ndef g():\n    return f()\n"
    assert reached(tmp_path, text, "f") == {"a:f", "a:g"}


PARAMS = config.load()
PROJECT = Sources(ROOT)
ALTERNATIVES = ("normalise", "augment", "geometry", "colours", "boxes", "policy")  # modules of rdfia.data
OUTSIDE = ("report", "track", "analyse", "sweep", "parallel", "study")


def settings(chapter: str, run: str) -> Run:
    return runs.resolve(PARAMS, chapter, run)


def definitions(chapter: str, run: str) -> set[Reference]:
    """Return what a declared run reaches in the project."""
    return set(PROJECT.reached(roots(settings(chapter, run))))


def classes(found: set[Reference], base: type) -> set[type]:
    """Return the classes among definitions that are kinds of a base, itself left out."""
    values = [getattr(import_module(module), name) for module, name in found if name.isidentifier()]
    return {value for value in values if isinstance(value, type) and issubclass(value, base) and value is not base}


def test_a_run_holds_its_loop_and_its_network() -> None:
    found = definitions("cnn", "baseline")
    assert {("rdfia.train.fit", "fit"), ("rdfia.models.cnn", "CNN"), ("rdfia.models.cnn", "ConvNet")} <= found
    outside = tuple(f"rdfia.{room}" for room in OUTSIDE)
    assert [module for module, _ in found if module.startswith((*outside, "stages"))] == []


def test_a_run_holds_no_alternative_that_it_does_not_name() -> None:
    found = definitions("cnn", "baseline")
    assert classes(found, normalise._Normaliser) == {normalise.Identity}
    assert classes(found, optimise._Optimiser) == {optimise.SGD}
    assert classes(found, schedule._Schedule) == {schedule.Constant}
    assert classes(found, RandomAugmentation) == set()
    cropped = definitions("cnn", "crop_flip")
    assert classes(cropped, RandomAugmentation) == {augment.Crop, augment.HorizontalFlip}
    assert classes(definitions("cnn", "zca"), normalise._Normaliser) == {normalise.Identity, normalise.ZCA}


@pytest.mark.parametrize("chapter", runs.chapters(PARAMS))
def test_every_definition_that_a_declared_run_reaches_is_there(chapter: str) -> None:
    for run in runs.runs(PARAMS, chapter):
        named = roots(settings(chapter, run))
        assert [root for root in named if PROJECT.resolve(root) != root] == []
        for module, name in PROJECT.reached(named):
            assert name in (LOOSE, WHOLE) or hasattr(import_module(module), name), (run, module, name)


def test_runs_of_two_optimisers_differ_in_these_alone() -> None:
    sgd, adam = definitions("cnn", "crop_flip"), definitions("cnn", "adam")
    assert {module for module, _ in sgd ^ adam} == {"rdfia.train.optimise"}
    assert classes(sgd - adam, optimise._Optimiser) == {optimise.SGD}
    assert classes(adam - sgd, optimise._Optimiser) == {optimise.Adam}
