"""From a mention's place phrases to the names of its regions."""

from __future__ import annotations

from maple_lib.reports.lexicon import BOTH, Event, Named, Where
from maple_lib.reports.mention import Mention
from maple_lib.vocabulary import Place, Side

Placed = tuple[str | None, Event | None]  # a region and the phrase that names it


def regions_of(mention: Mention, named: Named, side: tuple[Side, ...] | None) -> list[Placed]:
    """The regions of one finding of a mention, each with the phrase that names it (None: by default).

    Args:
        mention: with its place phrases attached.
        named: the finding and its default place.
        side: sides named earlier in the sentence, for places without their own ("the base").
    """
    own = _side_only(mention.wheres)
    found: list[Placed] = []
    for event in mention.wheres:
        found += _phrase(event, mention, named, own, side)
    if found:
        return _most_specific(found)
    return [(region, None) for region in _defaults(mention, named)]


def _phrase(
    event: Event, mention: Mention, named: Named, own: tuple[Side, ...] | None, side: tuple[Side, ...] | None
) -> list[Placed]:
    where = event.entry.where or Where()
    sides = where.sides or own or _unsided(where, mention, side)
    if mention.side_only or not where.places or _is_only_a_side(named, where):
        return [(region, event) for region in _on_sides(named.place, sides)]
    return [(region, event) for place in where.places for region in _at(place, sides)]


def _at(place: Place, sides: tuple[Side, ...] | None) -> list[str | None]:
    if not place.sides:
        return [place.name]
    return [place.region(side) for side in sides] if sides else [None]


def _on_sides(place: Place | None, sides: tuple[Side, ...] | None) -> list[str | None]:
    """The default place on those sides; nothing where the sides are unknown."""
    if place is None or sides is None:
        return []
    return list(_at(place, sides))


def _is_only_a_side(named: Named, where: Where) -> bool:
    """A pacemaker in "the left chest wall" lies in its own default place on the left."""
    return named.finding.name == "pacemaker" and any(place.sides for place in where.places)


def _unsided(where: Where, mention: Mention, side: tuple[Side, ...] | None) -> tuple[Side, ...] | None:
    """The sides of a place that names none: plural or uncounted means both, else what was said before."""
    if where.plural:
        return BOTH
    if side is not None:
        return side
    finding = mention.named[0].finding
    if mention.existence == "absent" or finding.mass_noun or mention.implied:
        return BOTH
    return BOTH if mention.plural else None


def _side_only(wheres: list[Event]) -> tuple[Side, ...] | None:
    for event in wheres:
        where = event.entry.where
        if where is not None and not where.places:
            return where.sides
    return None


def _most_specific(found: list[Placed]) -> list[Placed]:
    """Without regions that only a side gave where a place is named, and without a lung beside its zone."""
    named = [(region, event) for region, event in found if event is not None and _has_place(event)]
    kept: list[Placed] = [*named] or found
    sides = {str(region).split(" ", 1)[0] for region, _ in kept if region and not region.endswith(" lung")}
    return [
        p for p in kept if not (str(p[0]).endswith(" lung") and str(p[0]).split(" ", 1)[0] in sides)
    ] or kept


def _has_place(event: Event) -> bool:
    return event.entry.where is not None and bool(event.entry.where.places)


def _defaults(mention: Mention, named: Named) -> list[str | None]:
    """Where a finding lies when the sentence names no place."""
    place, finding = named.place, named.finding
    if place is None:
        return [None]
    if not place.sides:
        return [place.name]
    if mention.existence == "absent" or mention.implied or finding.bilateral_by_nature:
        return list(place.regions)
    return [None]
