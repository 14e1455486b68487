"""The code that a result depends on, definition by definition.

From the definitions that a run or a data set names (the classes of its settings) the names in their bodies are
followed, through every module of the project and at any depth. Annotations, comments and docstrings count for nothing,
so that an alternative which stands in a type alone concerns nobody. With a definition count the statements of its
module that are none, as they run when it is imported. A definition whose names cannot be read (`import_module`, `eval`,
a module used as a value) counts the whole module.

Source text is hashed, not a syntax tree, so that the hash is the same under every version of Python.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rdfia.study.module import LOOSE, WHOLE, Module, Reference, imported

PACKAGES = ("rdfia", "stages")
OPAQUE = {"import_module", "__import__", "eval", "exec", "globals"}  # calls whose names reading cannot follow
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass
class Scope:
    """The names in the body of a definition that mean something outside of it, as references to follow."""

    sources: "Sources"
    module: Module
    found: set[Reference] = field(default_factory=set)

    def visit(self, node: ast.AST, local: frozenset[str], imports: dict[str, Reference]) -> None:
        """Collect the references below a node; `local` are names that the function around it binds."""
        if isinstance(node, ast.Name):
            if node.id not in local:
                self._name(node.id, imports)
        elif isinstance(node, ast.Attribute):
            self._attribute(node, local, imports)
        elif isinstance(node, Function):
            self._function(node, local, imports)
        elif isinstance(node, Comprehension):
            self._comprehension(node, local, imports)
        else:
            for name, reference in imported(node):
                imports = {**imports, name: reference}
            for child in _children(node):
                if isinstance(child, ast.Import | ast.ImportFrom):
                    imports = {**imports, **dict(imported(child))}
                self.visit(child, local, imports)

    def _function(self, node: Function, local: frozenset[str], imports: dict[str, Reference]) -> None:
        """Visit defaults and decorators outside of the function, its body with the names that it binds."""
        outside = [*node.args.defaults, *filter(None, node.args.kw_defaults), *getattr(node, "decorator_list", [])]
        for part in outside:
            self.visit(part, local, imports)
        body = node.body if isinstance(node.body, list) else [node.body]
        own = {name: reference for part in _own(body) for name, reference in imported(part)}
        for part in body:
            self.visit(part, (local | _arguments(node) | _bound(body)) - frozenset(own), {**imports, **own})

    def _comprehension(self, node: Comprehension, local: frozenset[str], imports: dict[str, Reference]) -> None:
        """Visit a comprehension with the names that its loops bind."""
        targets = _bound([loop.target for loop in node.generators])
        for child in _children(node):
            self.visit(child, local | targets, imports)

    def _name(self, name: str, imports: dict[str, Reference]) -> None:
        if name in OPAQUE:
            self.found.add((self.module.name, WHOLE))
            return
        reference = imports.get(name) or (self.module.name, name)
        resolved = self.sources.resolve(reference)
        if resolved:
            self.found.add(resolved)

    def _attribute(self, node: ast.Attribute, local: frozenset[str], imports: dict[str, Reference]) -> None:
        """Follow `module.name`; of any other value, what the value is made of."""
        steps: list[str] = []
        value: ast.expr = node
        while isinstance(value, ast.Attribute):
            steps.insert(0, value.attr)
            value = value.value
        if not isinstance(value, ast.Name) or value.id in local:
            self.visit(value, local, imports)
            return
        reference = self.sources.resolve(imports.get(value.id) or (self.module.name, value.id))
        while reference and reference[1] == WHOLE and steps:
            reference = self.sources.resolve((reference[0], steps.pop(0)))
        if value.id in OPAQUE or (reference is None and steps and steps[0] in OPAQUE):
            reference = (self.module.name, WHOLE)
        if reference:
            self.found.add(reference)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is below a node, but for annotations and docstrings."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_comment"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _own(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of a scope: not what is below the functions, classes and comprehensions in it."""
    for node in nodes:
        yield node
        if not isinstance(node, Function | Comprehension | ast.ClassDef):
            yield from _own(ast.iter_child_nodes(node))


def _bound(nodes: Sequence[ast.AST]) -> frozenset[str]:
    """Return the names that the nodes of a scope bind."""
    own = list(_own(nodes))
    found = {node.id for node in own if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)
    found |= {node.name for node in own if isinstance(node, named) and node.name}
    return frozenset(found - {name for node in own if isinstance(node, ast.Global) for name in node.names})


def _arguments(node: Function) -> frozenset[str]:
    """Return the names of a function's arguments."""
    parts = node.args
    several = (parts.posonlyargs, parts.args, parts.kwonlyargs, filter(None, (parts.vararg, parts.kwarg)))
    return frozenset(argument.arg for part in several for argument in part)


class Sources:
    """The project's modules below a folder, read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.modules: dict[str, Module | None] = {}
        self.below: dict[Reference, frozenset[Reference]] = {}

    def module(self, name: str) -> Module | None:
        """Return a module of the project, None for any other."""
        if name not in self.modules:
            path = self.root.joinpath(*name.split("."))
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            own = name.split(".")[0] in PACKAGES and file.is_file()
            self.modules[name] = Module(name, file.read_text(encoding="utf-8")) if own else None
        return self.modules[name]

    def resolve(self, reference: Reference) -> Reference | None:
        """Return where a name is defined, through any re-export; None where it is not of the project."""
        place, name = reference
        module = self.module(place)
        if module is None:
            return None
        if name in (LOOSE, WHOLE) or name in module.definitions:
            return reference
        if name in module.imports and module.imports[name] != reference:
            return self.resolve(module.imports[name])
        return (f"{place}.{name}", WHOLE) if self.module(f"{place}.{name}") else None

    def references(self, reference: Reference) -> frozenset[Reference]:
        """Return what a definition mentions, and the loose statements of its module."""
        if reference not in self.below:
            module = self.module(reference[0])
            assert module is not None
            scope = Scope(self, module)
            for statement in module.statements(reference[1]):
                if reference[1] == WHOLE or not isinstance(statement, ast.Import | ast.ImportFrom):
                    scope.visit(statement, frozenset(), module.imports)
            loose = {(module.name, LOOSE)} if module.loose else set()
            self.below[reference] = frozenset(scope.found | loose)
        return self.below[reference]

    def reached(self, roots: Iterable[Reference]) -> list[Reference]:
        """Return every definition that the roots reach, themselves included, in order."""
        found: set[Reference] = set()
        waiting = [reference for root in roots if (reference := self.resolve(root))]
        while waiting:
            reference = waiting.pop()
            if reference not in found:
                found.add(reference)
                waiting += self.references(reference)
        return sorted(found)

    def fingerprint(self, roots: Iterable[Reference]) -> str:
        """Return the SHA-256 of every definition that the roots reach."""
        digest = hashlib.sha256()
        for reference in self.reached(roots):
            digest.update(f"{reference[0]}:{reference[1]}\n{self.text(reference)}\n".encode())
        return digest.hexdigest()

    @cache  # noqa: B019
    def text(self, reference: Reference) -> str:
        """Return the text of a definition that counts."""
        module = self.module(reference[0])
        assert module is not None
        return "\n".join(module.text(statement) for statement in module.statements(reference[1]))
