"""The command `rdfia try`: a run with other settings, trained and shown beside its record; nothing is written."""

import copy
from collections.abc import Sequence
from typing import Any

from rdfia import chapters
from rdfia.analyse.metrics import interval
from rdfia.config import ConfigError, load, parse_yaml, profile
from rdfia.record import layout
from rdfia.record.outcome import Outcome
from rdfia.record.run import RunRecord
from rdfia.study import runs
from rdfia.study.train_run import events, load_data, with_weights
from rdfia.train import device
from rdfia.train.run import Run


def try_run(chapter: str, name: str, settings: Sequence[str]) -> None:
    """Train every seed with the settings changed, and print the validation accuracy beside the recorded one."""
    params = load()
    (chapter,) = runs.allowed(params, [chapter])
    run = with_weights(changed(params, chapter, name, settings), profile(params))
    outcome = Outcome()
    for seed, report in events(
        run, load_data(profile(params), chapters.dataset(params, chapter)), device.jobs_within()
    ):
        outcome.add(seed, report)
    tried = [100 * outcome.history[seed][-1].validation_accuracy for seed in sorted(outcome.history)]  # type: ignore[attr-defined]
    record = RunRecord.read(layout.trained(profile(params), chapter, name))
    known = [100 * last["validation_accuracy"] for last in record.sound_seeds.values() if "validation_accuracy" in last]
    print(f"{chapter}/{name} as recorded: {summary(known)}")
    print(f"{chapter}/{name} with {', '.join(settings) or 'its own settings'}: {summary(tried)}")


def changed(params: dict[str, Any], chapter: str, name: str, settings: Sequence[str]) -> Run:
    """Return the run with settings such as normalise.epsilon=0.01 over its own lines."""
    params = copy.deepcopy(params)
    lines = params[chapter]["runs"][name] = runs.own(params, chapter, name)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise ConfigError(f"{setting!r}: found no key=value, allowed: such as normalise.epsilon=0.01")
        node = lines
        *above, last = key.split(".")
        for step in above:
            inner = node.get(step)
            node[step] = {"name": inner} if isinstance(inner, str) else dict(inner or {})
            node = node[step]
        node[last] = parse_yaml(value, setting)
    return runs.resolve(params, chapter, name)


def summary(values: Sequence[float]) -> str:
    """Say a mean with its interval."""
    if not values:
        return "no result"
    estimate = interval(values)
    ends = "" if estimate.low is None else f" [{estimate.low:.2f}, {estimate.high:.2f}]"
    return f"validation accuracy {estimate.mean:.2f} %{ends}, {len(values)} seeds"
