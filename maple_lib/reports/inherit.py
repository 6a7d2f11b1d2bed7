"""From the readings of sentences to triplets, with what a sentence takes over from the one before."""

from __future__ import annotations

from collections.abc import Sequence

from maple_lib.reports.reading import Group, Pronoun, without_repeats
from maple_lib.reports.types import Triplet

Earlier = Sequence[Group]


def pronoun_group(pronoun: Pronoun | None, earlier: Earlier) -> tuple[Group, ...]:
    """The last finding of the sentence before, in its regions: "It has increased".

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
    if any(group.borrows for group in groups):
        groups = without_repeats([_borrowed(group, earlier) for group in groups])
    triplets = [
        Triplet(
            region,
            finding,
            existence,
            sentence,
            (start + offset, end + offset),
            (place[0] + offset, place[1] + offset) if place else None,
            implied,
            attributes,
        )
        for finding, existence, regions, (start, end), implied, attributes, _ in groups
        for region, place in regions
    ]
    return triplets, groups or earlier


def _borrowed(group: Group, earlier: Earlier) -> Group:
    """The group in the regions of the finding that it refers to, if the sentence before has one."""
    for before in reversed(earlier if group.borrows else ()):
        fits = group.borrows == "last" or before.finding == group.finding
        if fits and before.existence != "absent":
            return group._replace(regions=tuple((region, None) for region, _ in before.regions))
    return group
