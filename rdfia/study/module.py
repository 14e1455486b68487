"""A module as text: its definitions, what it imports, and what of a statement counts."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

Reference = tuple[str, str]  # a module, and the name of a definition in it; "" is its loose statements, * all of it
LOOSE, WHOLE = "", "*"


@dataclass(frozen=True)
class Module:
    """A module of the project as text: its definitions, what it imports, and its loose statements."""

    name: str
    source: str

    @cached_property
    def lines(self) -> list[bytes]:
        """The source without comments, line by line."""
        lines = [line.encode() for line in self.source.splitlines()]
        for token in tokenize.generate_tokens(io.StringIO(self.source).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                text = self.source.splitlines()[row - 1]
                lines[row - 1] = text[:column].rstrip().encode()
        return lines

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree, which says where things are."""
        return ast.parse(self.source)

    @cached_property
    def definitions(self) -> dict[str, list[ast.stmt]]:
        """The statements that give a name its value."""
        found: dict[str, list[ast.stmt]] = {}
        for statement in self.tree.body:
            for name in _defined(statement):
                found.setdefault(name, []).append(statement)
        return found

    @cached_property
    def imports(self) -> dict[str, Reference]:
        """The names that come from elsewhere, each with its module and its name there, * for a module itself."""
        found: dict[str, Reference] = {}
        for statement in self.tree.body:
            found |= dict(imported(statement))
        return found

    @cached_property
    def loose(self) -> list[ast.stmt]:
        """The statements that define nothing: they do something when the module is imported."""
        aside = (ast.Import, ast.ImportFrom)
        rest = [s for s in self.tree.body if not isinstance(s, aside) and not _defined(s) and not _typing_only(s)]
        return [s for s in rest if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]

    def statements(self, name: str) -> list[ast.stmt]:
        """Return the statements of a definition, the loose ones, or all."""
        return self.tree.body if name == WHOLE else self.loose if name == LOOSE else self.definitions[name]

    def text(self, statement: ast.stmt) -> str:
        """Return a statement without comments, docstrings, annotations and blank lines."""
        first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
        lines = {row: self.lines[row - 1] for row in range(first, (statement.end_lineno or first) + 1)}
        for start, end in sorted(_cuts(statement, self.lines), reverse=True):
            _blank(lines, start, end)
        return "\n".join(text for line in lines.values() if (text := line.decode().rstrip()))


Position = tuple[int, int]  # a line from 1, and a byte in it


def _blank(lines: dict[int, bytes], start: Position, end: Position) -> None:
    """Take the text from one position to another out of the lines."""
    (top, left), (bottom, right) = start, end
    tail = lines[bottom][right:]
    lines[top] = lines[top][:left] + (tail if bottom == top else b"")
    if bottom > top:
        lines[bottom] = tail
    for row in range(top + 1, bottom):
        lines[row] = b""


def _cuts(statement: ast.stmt, lines: list[bytes]) -> Iterator[tuple[Position, Position]]:
    """Yield from where to where a statement holds annotations and docstrings."""
    for node in ast.walk(statement):
        if isinstance(node, ast.arg) and node.annotation:
            yield (node.lineno, node.col_offset + len(node.arg.encode())), _end(node.annotation)
        elif isinstance(node, ast.AnnAssign):
            yield _end(node.target), _end(node.annotation)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            row, column = node.returns.lineno, node.returns.col_offset
            before = lines[row - 1][:column]
            yield (row, len(before[: before.rfind(b"->")].rstrip()) if b"->" in before else column), _end(node.returns)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            head = node.body[0]
            if (
                isinstance(head, ast.Expr)
                and isinstance(head.value, ast.Constant)
                and isinstance(head.value.value, str)
            ):
                yield (head.lineno, head.col_offset), _end(head)


def _end(node: ast.expr | ast.stmt) -> Position:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _defined(statement: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return (
        [statement.target.id] if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) else []
    )


def _typing_only(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test)


def imported(statement: ast.AST) -> Iterator[tuple[str, Reference]]:
    """Yield the names that an import gives, with where they come from."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            whole = alias.name if alias.asname else alias.name.split(".")[0]
            yield alias.asname or whole, (whole, WHOLE)
    elif isinstance(statement, ast.ImportFrom) and statement.module and statement.level == 0:
        for alias in statement.names:
            yield alias.asname or alias.name, (statement.module, alias.name)
