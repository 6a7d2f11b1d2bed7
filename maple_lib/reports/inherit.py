"""From the readings of sentences to triplets, with what a sentence takes over from the one before."""

from __future__ import annotations

from collections.abc import Sequence

from maple_lib.reports.reading import Group, Pronoun
from maple_lib.reports.types import Span, Triplet

Earlier = Sequence[Group]


def pronoun_group(pronoun: Pronoun | None, earlier: Earlier) -> tuple[Group, ...]:
    """ "It has increased": the last finding of the sentence before, in its regions.

    Args:
        pronoun: the sentence's pronoun, if it opens with one.
        earlier: the groups of the sentence before.
    """
    spoken_of = [group for group in earlier if not group.implied and group.existence != "absent"]
    if pronoun is None or not spoken_of:
        return ()
    last = spoken_of[-1]
    regions = tuple((region, None) for region, _ in last.regions)
    return (Group(last.finding, pronoun.existence, regions, pronoun.span, False, pronoun.attributes, ""),)


def group_triplets(
    groups: Sequence[Group], earlier: Earlier, sentence: int, offset: int
) -> tuple[list[Triplet], Earlier]:
    """The triplets of one sentence, and the groups that the next one can refer to.

    Args:
        groups: what the sentence states.
        earlier: the groups of the sentence before.
        sentence: its index in the report.
        offset: the character where it begins.
    """
    groups = [_borrowed(group, earlier) if group.borrows else group for group in groups]
    made: dict[tuple[str | None, str, str], Triplet] = {}
    for group in groups:
        span = _shift(group.span, offset)
        for region, place in group.regions:
            key = (region, group.finding, group.existence)
            if key not in made or (made[key].implied and not group.implied):
                made[key] = Triplet(
                    region,
                    group.finding,
                    group.existence,
                    sentence,
                    span,
                    _shift(place, offset) if place else None,
                    group.implied,
                    group.attributes,
                )
    return list(made.values()), groups or earlier


def _borrowed(group: Group, earlier: Earlier) -> Group:
    """The group in the regions of the finding that it refers to, if the sentence before has one."""
    for before in reversed(earlier):
        fits = group.borrows == "last" or before.finding == group.finding
        if fits and before.existence != "absent":
            return group._replace(regions=tuple((region, None) for region, _ in before.regions))
    return group


def _shift(span: Span, offset: int) -> Span:
    return span[0] + offset, span[1] + offset
