"""Entry points of the pipeline: each reads files, calls `rdfia` and writes files."""
