"""What the study costs beside its results: commands that time its parts and write their figures to files."""

from rdfia.bench.overhead import measure as measure_overhead
from rdfia.bench.run import measure as measure

__all__ = ["measure", "measure_overhead"]
