"""Code dependencies: what a hash listens to, and that it follows every import."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rdfia.closure import CHAPTERS, FAMILIES, _essence_of, closure, essence, fingerprint, imports, locate

ROOT = Path(__file__).parent.parent

SOURCE = '''"""What it is."""

import math  # for pi


def area(r):
    """π r²."""
    # the square first
    return math.pi * r**2  # area
'''


def test_comments_docstrings_and_blank_lines_do_not_count() -> None:
    bare = "import math\ndef area(r):\n    return math.pi * r**2"
    assert essence(SOURCE) == bare


@pytest.mark.parametrize(
    ("old", "new"), [("r**2", "r**3"), ("import math", "import cmath as math"), ("area(r)", "a(r)")]
)
def test_code_counts(old: str, new: str) -> None:
    assert essence(SOURCE.replace(old, new, 1)) != essence(SOURCE)


def test_a_hash_sign_in_a_string_is_no_comment() -> None:
    assert essence('x = "a # b"\n') == 'x = "a # b"'


def test_a_docstring_alone_leaves_an_empty_body_apart() -> None:
    assert essence('class A:\n    """Only words."""\n') == essence('class A:\n    """Other words."""\n')


def test_one_network_is_one_family() -> None:
    families = {name for name, entries in FAMILIES.items() if "rdfia.models.cnn" in closure(entries, ROOT)}
    assert families == {"cnn", "cnn_mnist", "check", "evaluate"}  # which read every declaration, and draw filters


def test_training_does_not_depend_on_report_and_tracking() -> None:
    for chapter in CHAPTERS:
        modules = closure(FAMILIES[chapter], ROOT)
        assert not [m for m in modules if m.startswith(("rdfia.report", "rdfia.track", "rdfia.analyse"))]


@pytest.mark.parametrize("family", ["prepare", "cnn", "report", "track"])
def test_the_closure_holds_every_module_that_is_really_imported(family: str) -> None:
    code = f"import sys; [__import__(m) for m in {FAMILIES[family]}]; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    ours = {name for name in loaded.stdout.split() if name.split(".")[0] in ("rdfia", "stages")}
    assert ours <= set(closure(FAMILIES[family], ROOT))
    assert ours


def test_every_family_has_an_output_and_a_reader_in_the_pipeline() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    written = {key for out in stages["code"]["outs"] for key in out}
    assert written == {f"reports/code/{family}.txt" for family in FAMILIES}
    read = {dep for name, stage in stages.items() if name != "code" for dep in stage["deps"]}
    assert written <= read | {f"reports/code/{c}.txt" for c in stages["evaluate"]["matrix"]["chapter"]}


def test_a_change_below_changes_the_hash(tmp_path: Path) -> None:
    (tmp_path / "stages").mkdir()
    (tmp_path / "rdfia").mkdir()
    for package in ("stages", "rdfia"):
        (tmp_path / package / "__init__.py").write_text("")
    (tmp_path / "stages" / "a.py").write_text("def f():\n    from rdfia.b import c\n    return c\n")
    (tmp_path / "rdfia" / "b.py").write_text("c = 1\n")

    def anew() -> str:
        imports.cache_clear()
        _essence_of.cache_clear()
        return fingerprint(["stages.a"], tmp_path)

    before = anew()
    (tmp_path / "rdfia" / "b.py").write_text("c = 1  # one\n")
    assert anew() == before
    (tmp_path / "rdfia" / "b.py").write_text("c = 2\n")
    assert anew() != before
    assert locate("rdfia", tmp_path).name == "__init__.py"
