"""Where the stages keep their files: every path of data, declarations, runs and results, below the profile's name.

What a sweep keeps for itself in `.dvc/tmp` is named in `rdfia.sweep`.
"""

from pathlib import Path

from rdfia.files import project

ROOT = Path()


def downloads() -> Path:
    """Return where originals are downloaded to: the project's own folder, also for an experiment in a copy of it."""
    return project() / "data" / "raw"


def checkpoints(profile: str, chapter: str = "", run: str = "") -> Path:
    """Return the folder of a run's checkpoints, where DVC removes nothing; of a copy, in the project itself."""
    return project() / ".dvc" / "tmp" / "rdfia" / "checkpoints" / profile / chapter / run


def data(profile: str, dataset: str) -> Path:
    """Return the folder of a prepared data set: splits, statistics and contact sheets, cached by DVC."""
    return Path("data") / profile / dataset


def split(profile: str, dataset: str, name: str) -> Path:
    """Return one split of a prepared data set."""
    return data(profile, dataset) / f"{name}.safetensors"


def declared(profile: str) -> Path:
    """Return the folder of what the parameters and the code declare, in small files that stages depend on."""
    return Path("declared") / profile


def images(profile: str, dataset: str) -> Path:
    """Return what the user's images were when they were last looked at; of other data sets it is empty."""
    return declared(profile) / "images" / f"{dataset}.json"


def declared_run(profile: str, chapter: str, run: str) -> Path:
    """Return the declaration of a run."""
    return declared(profile) / "runs" / chapter / f"{run}.json"


def trained(profile: str, chapter: str, run: str = "") -> Path:
    """Return the folder that training writes: a run's weights and record, cached by DVC."""
    return Path("runs") / profile / chapter / run


def weights(profile: str, chapter: str, run: str) -> Path:
    """Return every seed's weights."""
    return trained(profile, chapter, run) / "weights.safetensors"


def report(profile: str) -> Path:
    """Return the folder of a profile's results: small files, in git, and the report made of them."""
    return Path("reports") / profile


def card(profile: str, dataset: str) -> Path:
    """Return the card of a data set: source, label, counts, content hash."""
    return report(profile) / "data" / f"{dataset}.json"


def sheets(profile: str, dataset: str) -> Path:
    """Return the contact sheets of a data set, which show its images."""
    return data(profile, dataset) / "sheets.safetensors"


def sheets_hash(profile: str, dataset: str) -> Path:
    """Return the hash of the contact sheets, on which the report depends: they lie with the data, which may be away."""
    return report(profile) / "data" / f"{dataset}.sheets.txt"


def recorded(profile: str, chapter: str, run: str = "") -> Path:
    """Return the folder of a run's record as evaluation published it: what training wrote but for the weights."""
    return report(profile) / "runs" / chapter / run


def right(profile: str, chapter: str, run: str) -> Path:
    """Return which test images each seed of a run got right."""
    return recorded(profile, chapter, run) / "right.safetensors"


def test(profile: str, chapter: str) -> Path:
    """Return what `evaluate` measured on the test split."""
    return report(profile) / "test" / f"{chapter}.json"


def probes(profile: str, chapter: str) -> Path:
    """Return the small arrays for figures, taken from the trained networks."""
    return report(profile) / "probes" / f"{chapter}.safetensors"


def theory(profile: str, question: str) -> Path:
    """Return the computed answer to a written question; its arrays lie beside it."""
    return report(profile) / "theory" / f"{question}.json"


def tracked(profile: str) -> Path:
    """Return what `track` published."""
    return report(profile) / "tracked.json"
