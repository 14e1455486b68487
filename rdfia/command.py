"""How a command ends: a setting that cannot be used is one line on stderr and exit code 1, never a traceback."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import signature
from pathlib import Path

from rdfia.config import ConfigError


@contextmanager
def one_line() -> Iterator[None]:
    """Turn a ConfigError into its line."""
    try:
        yield
    except ConfigError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing was written")


def run_stage(main: Callable[..., None]) -> None:
    """Call a stage with the words of its command line; too few or too many are one line."""
    expected = signature(main)
    with one_line():
        try:
            words = expected.bind(*sys.argv[1:]).args
        except TypeError as error:
            allowed = ", ".join(map(str, expected.parameters.values())) or "none"
            raise ConfigError(f"{Path(sys.argv[0]).stem}: found {sys.argv[1:]}, allowed: {allowed} ({error})") from None
        main(*words)
