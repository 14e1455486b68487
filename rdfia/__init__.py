"""The first part of a course on deep learning for vision, redone as one reproducible study."""

import signal
import sys

if sys.argv[:1] == ["-m"]:  # a command that still imports: Ctrl-C ends it without a word, until `rdfia.command` listens
    signal.signal(signal.SIGINT, signal.SIG_DFL)
