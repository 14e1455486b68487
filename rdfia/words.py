"""Phrases that sentences are made of."""

from collections.abc import Sequence


def listed(names: Sequence[str]) -> str:
    """Join names as a phrase: "a, b and c"; "none" where there are none."""
    if len(names) > 1:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return names[0] if names else "none"


def first_line(error: BaseException) -> str:
    """Say an error in one line; one that is no sentence of ours begins with its kind."""
    kind = "" if type(error).__name__ == "ConfigError" else f"{type(error).__name__}: "
    return f"{kind}{error}".splitlines()[0]
