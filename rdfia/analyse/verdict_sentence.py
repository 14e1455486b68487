"""The verdicts on one run as one sentence."""

from collections import defaultdict
from collections.abc import Sequence

from rdfia.analyse.published import AGREES, DIFFERS, INCOMPARABLE, Verdict
from rdfia.words import listed

NOTHING = "no published figure"


def joined(verdicts: Sequence[Verdict]) -> str:
    """Join the verdicts on one run: those that share a kind or a reason share a clause."""
    if not verdicts:
        return NOTHING
    clauses: dict[tuple[str, str], list[str]] = defaultdict(list)
    for kind in (AGREES, DIFFERS, INCOMPARABLE):
        for verdict in (each for each in verdicts if each.kind == kind):
            clauses[_frame(verdict)].append(_name(verdict, verdicts))
    if len(clauses) == 1 and verdicts[0].kind == INCOMPARABLE:
        return str(verdicts[0])
    return "; ".join(f"{before} {listed(names)}{after}".strip() for (before, after), names in clauses.items())


def _frame(verdict: Verdict) -> tuple[str, str]:
    """Return the words before and after the reports of a clause."""
    heads = {AGREES: "agrees with", DIFFERS: "differs from"}
    return (heads[verdict.kind], verdict.ending) if verdict.kind in heads else ("", f" {verdict}")


def _name(verdict: Verdict, verdicts: Sequence[Verdict]) -> str:
    """Return the report, with the figure where it prints several, and by how much ours differs."""
    figure = verdict.published
    several = sum(each.published.report == figure.report for each in verdicts) > 1
    name = f"{figure.report} ({figure.value})" if several else figure.report
    return f"{name} by {verdict.points:+.1f} points" if verdict.kind == DIFFERS else name
