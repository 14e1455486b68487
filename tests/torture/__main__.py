"""Try the promises of recovery for a while, and write what came out: `python -m tests.torture --minutes 60`."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from rdfia.command import one_line
from tests.project import ROOT
from tests.torture.page import page
from tests.torture.trial import Bench, Trial
from tests.torture.works import CUT, FULL, WAYS, WORKS, Work

PAGE = ROOT / "docs/reliability.md"
ALONE = ("unshare", "--user", "--map-root-user", "--mount")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long, after the project is made (60)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="which trials are drawn")
    parser.add_argument("--page", type=Path, default=PAGE, help="what is written (docs/reliability.md)")
    arguments = parser.parse_args()
    own_mounts()
    with one_line(), tempfile.TemporaryDirectory() as folder:
        broke = torture(Bench(Path(folder), Random(arguments.seed)), arguments)
    sys.exit(int(broke > 0))


def torture(bench: Bench, arguments: argparse.Namespace) -> int:
    """Make the project, try, write the page; how many trials broke."""
    found, begun = list[Trial](), time.time()
    try:
        bench.finish("evaluate@tiny-cnn", "mlp@tiny")
        for trial in trials(bench, WORKS, WAYS, 60 * arguments.minutes):
            found.append(trial)
    finally:
        subprocess.run(["umount", bench.root], check=False) if bench.mounted else None
        arguments.page.write_text(page(found, arguments.seed, begun, bench), encoding="utf-8") if found else None
    broke = sum(bool(trial.broke) for trial in found)
    print(f"{arguments.page}: {len(found)} trials, {broke} broke")
    return broke


def own_mounts() -> None:
    """Begin anew where a file system can be mounted that nobody else sees; without one no disk is full."""
    if os.environ.get("TORTURE_ALONE") or not shutil.which("unshare"):
        return
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        print("no name space of its own here: a full disk is not tried")
        return
    os.execvpe(
        "unshare", [*ALONE, sys.executable, "-m", "tests.torture", *sys.argv[1:]], os.environ | {"TORTURE_ALONE": "1"}
    )


def trials(bench: Bench, works: Sequence[Work], ways: Sequence[str], seconds: float) -> Iterator[Trial]:
    """Try each way on each command, the one that had the least time next, until the time is over."""
    until = time.monotonic() + seconds
    pairs = [(work, way) for work in works for way in ways if fits(work, way, bench.mounted)]
    bench.random.shuffle(pairs)
    spent = dict.fromkeys(pairs, 0.0)
    while time.monotonic() < until:
        work, way = pair = min(spent, key=lambda one: spent[one])
        trial = bench.trial(work, way)
        spent[pair] += trial.seconds
        outcome = "; ".join(trial.broke) or ("held" if trial.disturbed else "had ended")
        print(f"{work.name}, {way}, {trial.detail}: exit {trial.code}, {outcome} ({trial.seconds:.0f} s)", flush=True)
        yield trial


def fits(work: Work, way: str, mounted: bool) -> bool:
    """Tell whether a way can be tried on a command."""
    return way not in (CUT, FULL) or (way == CUT and work.name == "repro") or (way == FULL and mounted)


if __name__ == "__main__":
    main()
