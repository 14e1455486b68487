"""Strict configuration: frozen classes, one merge rule, and errors of one line that name the file and the key.

The classes that take part live beside what they configure (`rdfia.data`, `rdfia.models`, `rdfia.train`);
each is tagged by `name`, so that `normalise: zca` and `normalise: {name: zca, epsilon: 0.1}` both choose one.
"""

from rdfia.config.errors import ConfigError, nearest, options, shorten
from rdfia.config.params import KEY, LEAVE_OUT, ONLY, PARAMS, load, over, profile, read, section
from rdfia.config.schema import Config, at, leaves, listed, merge, named, parse, written
from rdfia.config.switch import switched_on
from rdfia.config.yaml_values import parse_yaml

__all__ = [
    "KEY", "LEAVE_OUT", "ONLY", "PARAMS", "Config", "ConfigError", "at", "leaves", "listed", "load", "merge", "named",
    "nearest", "options", "over", "parse", "parse_yaml", "profile", "read", "section", "shorten", "switched_on",
    "written",
]  # fmt: skip
