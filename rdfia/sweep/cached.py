"""Which stages DVC's run cache can restore: `python -m rdfia.sweep.cached cnn@quick-zca …` prints their names.

`dvc repro --dry` does not say it, as it looks for the dependencies of the lock file and not for those that are there. A
process of its own, so that a sweep's does not hold DVC.
"""

import sys
from collections.abc import Iterator, Sequence


def restorable(names: Sequence[str]) -> Iterator[str]:
    """Yield the stages whose outputs the cache holds for the dependencies as they are now."""
    from dvc.repo import Repo
    from dvc.stage.cache import RunCacheNotFoundError
    from dvc_data.hashfile.hash_info import HashInfo

    with Repo() as repo, repo.lock:
        stages = {str(stage.addressing): stage for stage in repo.index.stages}  # to collect each would resolve all
        for name in names:
            stage = stages[name]
            stage.save_deps()
            for out in stage.outs:
                out.hash_info = HashInfo()  # of the lock file: with it DVC would take its results for those of today
            try:
                repo.stage_cache.restore(stage, dry=True)
            except RunCacheNotFoundError:
                continue
            yield name


if __name__ == "__main__":
    print("\n".join(restorable(sys.argv[1:])))
