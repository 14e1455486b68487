"""The command `rdfia doctor`: what is not as it should be in this folder and on this machine, each with its remedy.

It trains nothing, asks DVC and MLflow for nothing, and reads small files alone, so that it answers in seconds.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from rdfia.command import with_remedy
from rdfia.config import ConfigError, load, profile
from rdfia.doctor import folder, machine, study
from rdfia.doctor.finding import Finding, Weight, broken, fine


def examine() -> int:
    """Print a line for each finding; return 1 if something must be mended, else 0."""
    findings = []
    for finding in _all():
        print(finding, flush=True)
        findings.append(finding)
    return int(any(finding.weight is Weight.BROKEN for finding in findings))


def _all() -> Iterator[Finding]:
    """Yield every finding; what needs the parameters is left aside where they cannot be read."""
    yield from _sound("python", machine.packages)
    yield from _sound("device", machine.processor)
    try:
        params: Mapping[str, Any] | None = load()
        name = profile(params or {})
        yield fine("profile", name)
    except ConfigError as error:
        params, name = None, ""
        yield broken("profile", str(error))
    yield from _sound("dvc", partial(folder.dvc, name))
    yield from _sound("mlflow", partial(folder.mlflow, name))
    yield from _sound("left", folder.left)
    if params is None:
        return
    yield from _sound("data", partial(study.data, params))
    yield from _sound("precision", partial(machine.precision, params))
    yield from _sound("files", partial(study.files, name))
    yield from _sound("runs", partial(study.results, params))


def _sound(about: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Yield what a look finds; an error that names its remedy is a finding too."""
    try:
        yield from look()
    except ConfigError as error:
        yield broken(about, str(error))
    except OSError as error:
        yield broken(about, with_remedy(error) or str(error))
