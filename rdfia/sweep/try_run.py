"""The command `rdfia try`: a run with other settings, trained and shown beside its record; nothing is written."""

import copy
from collections.abc import Collection, Mapping, Sequence
from statistics import fmean
from typing import Any

from rdfia import chapters
from rdfia.chapters import checks
from rdfia.config import ConfigError, at, load, parse_yaml, profile, shorten
from rdfia.record import layout
from rdfia.record.outcome import Outcome, last
from rdfia.record.run import FINISHED, RunRecord
from rdfia.study import runs
from rdfia.study.train_run import events, load_data, with_weights
from rdfia.train import device


def try_run(chapter: str, name: str, settings: Sequence[str]) -> None:
    """Train every seed with the settings changed, and print the validation accuracy beside the recorded one."""
    params = load()
    (chapter,) = runs.allowed(params, [chapter])
    params = changed(params, chapter, name, settings)
    run, data = runs.resolve(params, chapter, name), load_data(profile(params), chapters.dataset(params, chapter))
    checks.trainable(run, data.card, layers := runs.layers(params, chapter, name))
    outcome = Outcome()
    with at(layers):
        for seed, report in events(with_weights(run, profile(params)), data, device.jobs_within()):
            outcome.add(seed, report)
    record = RunRecord.read(layout.trained(profile(params), chapter, name))
    print(f"{chapter}/{name} as recorded: {summary(record.seeds.values())}")
    tried = [last(outcome, seed) for seed in sorted(outcome.history)]
    print(f"{chapter}/{name} with {', '.join(settings) or 'its own settings'}: {summary(tried)}")


def changed(params: dict[str, Any], chapter: str, name: str, settings: Sequence[str]) -> dict[str, Any]:
    """Return the parameters with settings such as normalise.epsilon=0.01 over a run's own lines."""
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
            if not isinstance(inner, str | Mapping | None):
                raise ConfigError(f"{setting!r}: found {step} = {shorten(inner)}, allowed: a key within a mapping")
            node[step] = {"name": inner} if isinstance(inner, str) else dict(inner or {})
            node = node[step]
        node[last] = parse_yaml(value, setting)
    return params


def summary(seeds: Collection[Mapping[str, Any]]) -> str:
    """Say the mean of what remains of the seeds that trained to their end, and each of them."""
    values = [100 * seed["validation_accuracy"] for seed in seeds if seed["status"] == FINISHED]
    diverged = f", {len(seeds) - len(values)} diverged" if len(values) < len(seeds) else ""
    if not values:
        return f"no result{diverged}"
    each = f" ({', '.join(f'{value:.2f}' for value in values)})" if len(values) > 1 else ""
    return f"validation accuracy {fmean(values):.2f} %{each}, seeds: {len(values)}{diverged}"
