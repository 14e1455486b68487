"""Entry points of the pipeline: each reads files, calls `rdfia` and writes files."""

import rdfia as rdfia  # before all else that takes time to import
