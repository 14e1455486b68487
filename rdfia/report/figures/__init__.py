"""Figures of any chapter, of the data sets and of the study: registered functions, a module a topic."""

from rdfia.report.engine.collect import OWN

# The order of the figures that a text does not place; a module that is not named here comes last.
READING = (
    "chain",
    "effects",
    "additivity",
    "range_test",
    "heatmap",
    "sizes",
    "price",
    "curves",
    "schedules",
    "confusion",
    OWN,
)
