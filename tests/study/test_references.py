"""Where the names in a definition lead, and which lead nowhere."""

from pathlib import Path
from textwrap import dedent

import pytest

from rdfia.study.module import LOOSE, WHOLE
from tests.study.making import sources


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
