"""The MLflow mirror: every result's files, published as runs that can be sorted, compared and loaded.

The files are the study; the store is a copy that can be thrown away and made again. Nothing here is imported
from MLflow until a run has to be written, so that training without a tracker pays nothing for it.
"""

from rdfia.track.mirror import Published, UnpublishedError, publish
from rdfia.track.ui import runs_table, ui_command

__all__ = ["Published", "UnpublishedError", "publish", "runs_table", "ui_command"]
