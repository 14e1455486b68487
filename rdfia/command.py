"""How a command ends: a setting that cannot be used is one line on stderr and exit code 1, never a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
