"""What code a stage depends on: the modules it imports, hashed without comments, docstrings and blank lines.

`stages.code` writes one hash a family, and the stages depend on the hashes: a comment edit re-runs nothing, and a
change in `rdfia/models/cnn.py` re-runs the CNNs alone. Source text is hashed, not a syntax tree, so that the hash is
the same under every version of Python.
"""

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGES = ("rdfia", "stages")

# Each chapter's module in rdfia.chapters: the same network on another data set is another chapter.
CHAPTERS = {
    "mlp": "mlp",
    "mlp_mnist": "mlp",
    "svm": "svm",
    "svm_mnist": "svm",
    "cnn": "cnn",
    "cnn_mnist": "cnn",
    "vit": "vit",
    "pretrain": "vit_timm",
    "masked": "masked",
    "vit_timm": "vit_timm",
}

FAMILIES: dict[str, tuple[str, ...]] = {
    "check": ("stages.check", *(f"rdfia.chapters.{module}.run" for module in sorted(set(CHAPTERS.values())))),
    "prepare": ("stages.prepare",),
    **{chapter: ("stages.train", f"rdfia.chapters.{module}.run") for chapter, module in CHAPTERS.items()},
    "evaluate": ("stages.evaluate",),
    "theory": ("stages.theory",),
    "report": ("stages.report",),
    "track": ("stages.track",),
}


def closure(entries: Iterable[str], root: Path) -> list[str]:
    """The modules of the project that `entries` import, themselves included, at whatever depth, sorted."""
    found: set[str] = set()
    waiting = list(entries)
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        waiting += imports(module, root)
    return sorted(found)


@cache
def imports(module: str, root: Path) -> list[str]:
    """The project's modules that `module` imports anywhere in its text, and the packages that it lies in."""
    names = [module.rsplit(".", depth)[0] for depth in range(1, module.count(".") + 1)]
    for node in ast.walk(ast.parse(locate(module, root).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] in PACKAGES and _exists(name, root)]


def locate(module: str, root: Path) -> Path:
    """The file of a module or package."""
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _exists(module: str, root: Path) -> bool:
    return locate(module, root).is_file()


def essence(source: str) -> str:
    """The source without comments, docstrings, blank lines and trailing blanks."""
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column] + "\n"
    for first, last in _docstrings(ast.parse(source)):
        lines[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _docstrings(tree: ast.Module) -> list[tuple[int, int]]:
    """First and last line of every docstring."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node.body[0] for node in ast.walk(tree) if isinstance(node, holders) and node.body]
    values = [s.value for s in bodies if isinstance(s, ast.Expr)]
    strings = [v for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    return [(s.lineno, s.end_lineno or s.lineno) for s in strings]


def reread() -> None:
    """Forget the sources that were read: they may have been edited since."""
    imports.cache_clear()
    _essence_of.cache_clear()


def fingerprint(entries: Iterable[str], root: Path) -> str:
    """SHA-256 over the essence of every module in the closure."""
    digest = hashlib.sha256()
    for module in closure(entries, root):
        digest.update(f"{module}\n{_essence_of(module, root)}\n".encode())
    return digest.hexdigest()


@cache
def _essence_of(module: str, root: Path) -> str:
    return essence(locate(module, root).read_text(encoding="utf-8"))
