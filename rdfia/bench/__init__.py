"""What training costs on this machine, and the study beside it: `rdfia bench` writes its figures to files."""

from rdfia.bench.overhead import measure as measure_overhead
from rdfia.bench.run import measure

__all__ = ["measure", "measure_overhead"]
