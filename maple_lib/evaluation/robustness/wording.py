"""Words for findings: said and denied, and the same place in other words."""

from __future__ import annotations

from maple_lib.evaluation.queries import GroundingQuery
from maple_lib.vocabulary import FINDINGS, finding
from maple_lib.vocabulary.phrasing import with_article

# The statement, and its denial: {a} is the finding with its article, {x} without.
DENIALS = (
    ("There is {a}.", "There is no {x}."),
    ("{A} is seen.", "No {x} is seen."),
    ("{A} is present.", "No {x} is present."),
    ("Findings are consistent with {a}.", "There is no evidence of {x}."),
)
WORDINGS = (
    "{x} in the {r}",
    "{r} {x}",
    "There is {a} at the {r}.",
    "{A} is seen within the {r}.",
    "The {r} shows {a}.",
)
# Findings that are named after their place: to name it again would be no sentence of a report.
NAMED_AFTER_PLACE = frozenset({"cardiomegaly", "elevated hemidiaphragm", "enlarged cardiomediastinum"})


def statements(name: str) -> list[tuple[str, str]]:
    """Pairs of sentences: the first states a finding, the second denies it."""
    return [(_fill(yes, name), _fill(no, name)) for yes, no in DENIALS]


def wordings(query: GroundingQuery) -> list[str]:
    """A finding in its region, in several wordings; none where there is not one region to name."""
    if len(query.regions) != 1 or query.finding in NAMED_AFTER_PLACE:
        return []
    return [_fill(template, query.finding, query.regions[0]) for template in WORDINGS]


def implied(name: str) -> set[str]:
    """A finding and all that it is a kind of: who has a consolidation has an opacity."""
    if name not in FINDINGS:
        return {name}
    return {name}.union(*(implied(parent) for parent in finding(name).parents))


def _fill(template: str, name: str, region: str = "") -> str:
    counted = with_article(name)
    return template.format(a=counted, A=counted[0].upper() + counted[1:], x=name, r=region)
