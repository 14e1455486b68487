"""Switches in the environment: 1 is on; 0, nothing and no such variable are off."""

import os

from rdfia.config.errors import ConfigError


def switched_on(name: str) -> bool:
    """Return whether an environment variable is on; one that is neither on nor off is refused."""
    text = os.environ.get(name) or "0"
    if text not in ("0", "1"):
        raise ConfigError(f"{name}: found {text!r}, allowed: 0 or 1")
    return text == "1"
