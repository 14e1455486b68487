"""Where the results come from: commits, versions and machines, each with how many runs it stands behind."""

from collections import Counter
from collections.abc import Mapping

from rdfia.analyse.results import Study, counted

Lines = tuple[tuple[str, str], ...]


def lines(study: Study) -> Lines:
    """What to know to make the same figures again."""
    timed = [run for run in study.runs if run.timing]
    commits = Counter(str(run.timing.get("commit", "unknown"))[:12] for run in timed)
    machines = Counter(machine_line(run.timing.get("machine", {})) for run in timed)
    versions = Counter(versions_line(run.versions) for run in study.runs if run.versions)
    started = sorted(str(run.timing["started"]) for run in timed if run.timing.get("started"))
    spent = sum(float(run.timing.get("seconds") or 0) for run in timed)
    return (
        ("profile", study.profile),
        ("runs with results", counted(sum(run.ran for run in study.runs), study.runs)),
        ("commit", _counted(commits)),
        ("versions", _counted(versions)),
        ("machine", _counted(machines)),
        ("first and last run started", f"{started[0]} and {started[-1]}" if started else "unknown"),
        ("time of all runs", f"{spent / 60:.1f} minutes"),
    )


def machine_line(machine: Mapping[str, object]) -> str:
    """A machine in words."""
    keys = ("processor", "device", "precision", "platform")
    parts = [str(machine[key]) for key in keys if machine.get(key)]
    cores = [f"{machine['cores']} cores"] if machine.get("cores") else []
    return ", ".join(parts[:1] + cores + parts[1:]) or "unknown"


def versions_line(versions: Mapping[str, str]) -> str:
    """Each package with its version."""
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))


def _counted(found: Counter[str]) -> str:
    """Each value, with its number of runs where there is more than one value."""
    if len(found) == 1:
        return next(iter(found))
    each = (f"{value} ({count} {'run' if count == 1 else 'runs'})" for value, count in found.most_common())
    return "; ".join(each) or "unknown"
