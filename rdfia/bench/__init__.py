"""What the study costs beside its results: commands that time its parts and write their figures to files."""

from rdfia.bench.run import measure as measure
