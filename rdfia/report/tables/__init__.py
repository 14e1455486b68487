"""Tables of any chapter and of the study: registered functions, a module a topic."""

from rdfia.report.engine.collect import OWN

# The order of the tables that a text does not place; a module that is not named here comes last.
READING = ("study", "chapter", "dynamics", OWN)
