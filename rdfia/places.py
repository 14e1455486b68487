"""Where the pipeline keeps its files, all below the project's root and below the profile's name."""

from pathlib import Path


def data(profile: str, dataset: str) -> Path:
    """The prepared splits, statistics and contact sheets of a data set: cached by DVC, never in git."""
    return Path("data") / profile / dataset


def card(profile: str, dataset: str) -> Path:
    """What a data set is: source, label, counts, content hash."""
    return Path("reports") / profile / "data" / f"{dataset}.json"


def run(profile: str, chapter: str, name: str) -> Path:
    """The folder of a run: history.csv, metrics.json, timing.json."""
    return Path("reports") / profile / "runs" / chapter / name


def weights(profile: str, chapter: str, name: str) -> Path:
    """Every seed's weights."""
    return Path("weights") / profile / chapter / f"{name}.safetensors"


def test(profile: str, chapter: str) -> Path:
    """What `evaluate` found on the test split."""
    return Path("reports") / profile / "test" / f"{chapter}.json"


def probes(profile: str, chapter: str) -> Path:
    """Small arrays for figures, taken from the trained networks."""
    return Path("reports") / profile / "probes" / f"{chapter}.safetensors"


def theory(profile: str, question: str) -> Path:
    """The computed answer to a written question; its arrays lie beside it."""
    return Path("reports") / profile / "theory" / f"{question}.json"


def declarations() -> Path:
    """What is declared, in small files that stages depend on."""
    return Path("reports") / "code" / "declared"


def code(family: str) -> Path:
    """The hash of the code that a family of stages depends on."""
    return Path("reports") / "code" / f"{family}.txt"
