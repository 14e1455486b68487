"""How a command ends: with one line on stderr, never a traceback, and a code that says what kind of end it was.

0 is success; 1 a failure, such as a full disk or a run that failed; 2 input that cannot be used, as for a wrong option;
130 an interruption by Ctrl-C or SIGTERM. DVC takes all but 0 as a failure.
"""

import errno
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import signature
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rdfia.config import ConfigError

FAILURE, UNUSABLE, INTERRUPTED = 1, 2, 130
REMEDIES = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some space there",
    errno.EFBIG: "raise the limit on the size of files (`ulimit -f`)",
    errno.EACCES: "give yourself the right to read and write there",
    errno.EPERM: "give yourself the right to read and write there",
    errno.EEXIST: "a folder belongs there: move the file away",
    errno.ENOTDIR: "a folder belongs there: move the file away",
    errno.EISDIR: "a file belongs there: move the folder away",
    errno.EROFS: "the file system is read-only: mount it for writing, or move the project",
}


class Parser(ArgumentParser):
    """A parser that says in one line which words it cannot use."""

    def error(self, message: str) -> NoReturn:
        self.exit(UNUSABLE, f"error: {message}; `{self.prog} --help` says what is allowed\n")


@contextmanager
def one_line() -> Iterator[None]:
    """Turn a ConfigError into its line, and so errors of the file system; SIGTERM ends as Ctrl-C does.

    Signs that a terminal or a pipe cannot show are printed as their numbers.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    except ConfigError as error:
        _end(UNUSABLE, f"error: {error}")
    except BrokenPipeError:  # the reader has seen enough, as `head` does; nothing may be flushed to it at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILURE)
    except OSError as error:
        if not (said := with_remedy(error)):
            raise
        _end(FAILURE, f"error: {said}, then start again")
    except KeyboardInterrupt as error:
        _end(INTERRUPTED, f"interrupted: {error}" if error.args else "interrupted: nothing is half written")


def with_remedy(error: OSError) -> str:
    """Say an error of the file system in one line with what to do, empty where that is not known."""
    remedy = REMEDIES.get(error.errno or 0)
    return f"{error.filename or 'a file'}: {os.strerror(error.errno or 0)}; {remedy}" if remedy else ""


def _end(code: int, line: str) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(code)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


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
