"""docs/growth.md: how costs grow, what breaks first, and what was done about it; all numbers are of growth.json."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import Any

from rdfia.bench.power import Power
from rdfia.words import table

PAGE = Path("docs/growth.md")
FACTORS = (1, 10, 1000)
HOUR = 3600
NIGHT, LARGE_PAGE = 8 * HOUR, 100e6  # seconds; bytes that a browser lays out in seconds
KILOBYTE, MEGABYTE, GIGABYTE = 1e3, 1e6, 1e9
UNITS = ((GIGABYTE, "GB"), (MEGABYTE, "MB"), (KILOBYTE, "kB"))


@dataclass(frozen=True)
class Quantity:
    """Something that grows along an axis: its name without the unit, the unit, values, law, and today's size."""

    axis: str
    name: str
    unit: str
    values: Sequence[float]
    law: Power
    today: float | None

    def text(self, value: float) -> str:
        """Write a value in its unit."""
        if self.unit.startswith("bytes"):
            unit, name = next(one for one in UNITS if value >= one[0] or one is UNITS[-1])
            return f"{_short(value / unit)} {name}"
        if "seconds" in self.unit:
            return f"{_short(value / HOUR)} h" if value > 2 * HOUR else f"{_short(value)} s"
        return f"{value:,.0f}"


def page(content: Mapping[str, Any]) -> str:
    """Return the page of what `growth.measure` found."""
    found = list(_quantities(content))
    parts = [_head(content["machine"]), _breaks(found, content), DONE]
    for axis in content["axes"]:
        parts += [TEXTS[axis], _table(axis, [one for one in found if one.axis == axis], content)]
    return "\n\n".join([*parts, _computed(content["workers"])]) + "\n"


def _quantities(content: Mapping[str, Any]) -> Iterator[Quantity]:
    for axis, measured in content["axes"].items():
        for name, quantity in measured["quantities"].items():
            words, _, unit = name.rpartition(": ")
            law = Power(**quantity["fit"])
            yield Quantity(axis, words, unit, quantity["values"], law, content["today"].get(axis))


def _head(machine: Mapping[str, Any]) -> str:
    return f"""# Growth

Written by `rdfia bench growth` on {machine["cores"]} cores ({machine["processor"]},
{machine["memory"] / GIGABYTE:.0f} GB).
Everything was measured by commands of the project in folders of their own, at a small scale: what is said here is how
costs grow, not how large they are. Times are those of processors where nothing else is said. In

    cost = fixed + factor · size ^ exponent

all three are fitted to the logarithms of the costs by least squares; behind the exponent stands its standard error.
What grows by less than a fifth, or than two errors, has none. Numbers beyond the largest size are those of the law."""


def _breaks(found: Iterable[Quantity], content: Mapping[str, Any]) -> str:
    """What reaches a limit at up to a thousand times today's study, the first first."""
    machine, rows = content["machine"], list[tuple[float, list[str]]]()
    limits = {
        "bytes of memory": machine["memory"],
        "bytes": machine["disk"],
        "bytes of a page": LARGE_PAGE,
        "processor seconds": NIGHT,
    }
    for one in found:
        if one.today and one.unit in limits:
            factor = one.law.reaches(limits[one.unit]) / one.today
            if factor < FACTORS[-1]:
                sizes = [one.text(one.law.at(times * one.today)) for times in FACTORS]
                rows.append((factor, [one.axis, one.name, *sizes, one.text(limits[one.unit]), f"{_short(factor)} ×"]))
    rows.sort(key=lambda row: row[0])
    today = ", ".join(f"{count:,} {axis}" for axis, count in content["today"].items() if axis != "stages")
    head = ("axis", "cost", *(f"at {times:,} ×" for times in FACTORS), "limit", "reached at")
    text = f"""## What breaks first

Today's study at its own scale has {today}. Limits are this machine's
memory and disk, a night of one core, and a page of {LARGE_PAGE / MEGABYTE:.0f} MB.
What is not in the table keeps within them at 1,000 ×."""
    return f"{text}\n\n{table(head, (row for _, row in rows))}"


def _table(axis: str, found: Sequence[Quantity], content: Mapping[str, Any]) -> str:
    """The values of an axis, without those by the clock where others worked beside."""
    sizes = content["axes"][axis]["sizes"]
    shown = [one for one in found if one.unit != "seconds" or axis == "workers"]
    head = (axis, *(f"{size:,}" for size in sizes), "exponent")
    rows = ([_label(one), *map(one.text, one.values), _exponent(one.law)] for one in shown)
    return table(head, rows)


def _label(one: Quantity) -> str:
    """Name what a row shows beside the command."""
    kinds = {"bytes of memory": ", memory", "seconds": ", by the clock", "lines": ", lines", "files": ", files"}
    return one.name + kinds.get(one.unit, "")


def _exponent(law: Power) -> str:
    if not law.exponent:
        return "none"
    return f"{law.exponent:.2f}" + ("" if law.error is None else f" ± {law.error:.2f}")


def _computed(workers: Mapping[str, Any]) -> str:
    """What more workers would do for a sweep of the profile whose runs were timed."""
    head = ("workers", *(str(count) for count in workers["counts"]))
    row = ["times as fast", *(_short(speed) for speed in workers["speed"])]
    most = _short(workers["most"])
    return f"""Beyond the cores of a machine it is simulated: {workers["runs"]} runs of the profile
`{workers["profile"]}`, each as long as it took, on workers that each take the next run in the order of a sweep
([cluster](cluster.md)). However many these are, a sweep is never more than {most} times as fast: no run is divided,
and those that begin from the weights of others wait.

{table(head, [row])}"""


def _short(value: float) -> str:
    """Write three digits of a number."""
    digits = 2 - int(log10(value)) if value >= 1 else 2
    return f"{value:,.{max(digits, 0)}f}"


DONE = """What was done about it:

- **DVC, a stage after the other**: after each stage it reads and writes the whole of `dvc.lock`, so that runs cost
  their square. `rdfia sweep`, with which `make` begins, trains beside DVC and hands all in by one `dvc commit`
  ([decision 0012](decisions/0012-sweep.md)); a run is thirteen lines, and a chapter of small runs one stage
  ([0014](decisions/0014-a-hundred-runs-in-dvc.md)). `dvc repro` alone is for tens of runs.
- **Publication** read the evaluation of a chapter anew for each of its runs, their square again. It is read once.
- **Evaluation** measures what is new, and a network is built once a seed. **The report** draws the runs of a group
  together, so that figures grow with groups; a chapter is a page, and one that is too large is best made two chapters.
- **Training** is what it is: epochs, seeds and images each in proportion. More cores, a GPU or a
  [cluster](cluster.md) divide it by runs.
- **Images** lie in memory, train and validation of the chapters that are trained. `rdfia doctor` compares what the runs
  will need of memory and disk with what is free, and `prepare` asks before it reads. Data beyond memory are not what
  this study is for."""

TEXTS = {
    "stages": """## DVC alone, a stage after the other

Stages that write a byte each, as `dvc repro` runs them without a sweep.""",
    "runs": """## Runs

Each run is a stage of DVC. One of them is trained, and the others get its files, under a declaration of
their own; all else is as ever. What is *without work* finds all as it should be.""",
    "images": """## Images

Grey images of 28×28: a data set is prepared, and a small network trains on it for an
epoch.""",
    "epochs": """## Epochs

One run of one seed, in a process of its own; its fixed cost is mostly that of importing PyTorch.""",
    "seeds": """## Seeds

One run, as above, of two epochs.""",
    "workers": """## Workers

The same eight runs by `rdfia sweep -j`. Memory is that of all processes together, what they share
counted once. More processes than cores take memory and no less time.""",
}
