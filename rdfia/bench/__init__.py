"""What training costs on this machine: `rdfia bench` writes its figures to files."""

from rdfia.bench.run import measure

__all__ = ["measure"]
