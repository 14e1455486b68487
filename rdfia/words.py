"""Phrases that sentences are made of, and tables of words."""

from collections.abc import Iterable, Mapping, Sequence


def listed(names: Sequence[str]) -> str:
    """Join names as a phrase: "a, b and c"; "none" where there are none."""
    if len(names) > 1:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return names[0] if names else "none"


def kinds(files: Mapping[str, int]) -> str:
    """Join counts of files by their kind, an ending or a folder: "3 .avif, 12 in val/"."""
    return ", ".join(f"{count:,} {'in ' if kind.endswith('/') else ''}{kind}" for kind, count in files.items())


def first_line(error: BaseException) -> str:
    """Say an error in one line; one that is no sentence of ours begins with its kind."""
    kind = "" if type(error).__name__ == "ConfigError" else f"{type(error).__name__}: "
    return f"{kind}{error}".splitlines()[0]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out rows as Markdown: the first column names them, the others are numbers."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
