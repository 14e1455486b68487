"""Training: optimisers and schedules, the loop that yields records, and a run over all its seeds."""
