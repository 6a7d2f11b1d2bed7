"""Join sides, zones and places into one phrase: "right upper and middle lobes", "bases bilaterally"."""

from __future__ import annotations

from maple_lib.reports.lexicon import BOTH, Entry, Event, Where
from maple_lib.vocabulary import Place, Side

# Words that may stand between a side and its place: "right lateral costophrenic angle", "left 5th rib".
_GAP = 3
_JOINS = ("and", "or", "comma")
PLACE_PARTS = frozenset(("side", "zone", "place"))


def join_places(events: list[Event]) -> list[Event]:
    """The same events with every run of sides, zones and places joined into one ``"where"`` event."""
    joined: list[Event] = []
    i = 0
    while i < len(events):
        if events[i].kind in PLACE_PARTS:
            event, i = _read(events, i)
            joined.append(event)
        else:
            joined.append(events[i])
            i += 1
    return joined


def _read(events: list[Event], i: int) -> tuple[Event, int]:
    """One place phrase that begins at event ``i``, and the index of the event after it."""
    first = i
    sides: tuple[Side, ...] | None = None
    if events[i].kind == "side":
        sides, i = _sides(events, i)
        if i >= len(events) or not _joined(events, i, _GAP) or events[i].kind not in ("zone", "place"):
            return _event(events, first, i, Where((), sides)), i
    places: tuple[Place, ...] = ()
    while i < len(events) and events[i].kind == "zone":
        step = _zone(events, i)
        if step is None:
            break
        places, i = (*places, *events[i].entry.where.places), step  # type: ignore[union-attr]
    if i >= len(events) or events[i].kind != "place":
        return _event(events, first, max(i, first + 1), Where((), sides)), max(i, first + 1)
    return _noun(events, first, i, sides, places)


def _noun(
    events: list[Event], first: int, i: int, sides: tuple[Side, ...] | None, places: tuple[Place, ...]
) -> tuple[Event, int]:
    """The place itself, further places right after it ("lung base"), and a side behind it."""
    where = events[i].entry.where or Where()
    subject, plural = events[i].entry.subject, where.plural
    own = where.sides
    places = (*places, *where.places)
    i += 1
    while i < len(events) and events[i].kind == "place" and events[i].start == events[i - 1].end:
        where = events[i].entry.where or where
        places, plural = _narrow(places, where.places), where.plural
        own, subject = own or where.sides, events[i].entry.subject or subject
        i += 1
    if sides is None and own is None:
        sides, i = _side_behind(events, i)
    return _event(events, first, i, Where(places, sides or own, plural), subject), i


def _narrow(places: tuple[Place, ...], more: tuple[Place, ...]) -> tuple[Place, ...]:
    """Of "lung base" only the base: a place that contains the next one says nothing more."""
    contained = {place.parent for place in more} | {"lung"}
    kept = tuple(place for place in places if place.name not in contained)
    return tuple(dict.fromkeys((*kept, *(p for p in more if not kept or p.name != "lung"))))


def _sides(events: list[Event], i: int) -> tuple[tuple[Side, ...], int]:
    """The sides named from event ``i`` on: "right", "both", "right and left"."""
    named = list(events[i].entry.where.sides or ())  # type: ignore[union-attr]
    adverb = i > 0 and events[i - 1].kind == "determiner"  # "on the right and bilateral edema": two phrases
    i += 1
    while i < len(events) and _joined(events, i, 0):
        if events[i].kind == "side":
            named += events[i].entry.where.sides or ()  # type: ignore[union-attr]
            i += 1
        elif events[i].kind in _JOINS and len(named) == 1 and _side_noun_follows(events, i + 1, adverb):
            i += 1
        else:
            break
    return tuple(side for side in BOTH if side in named), i


def _side_noun_follows(events: list[Event], i: int, adverb: bool) -> bool:
    """Whether "right and left bases" goes on: a bare side right after the conjunction, then its noun."""
    if i + 1 >= len(events) or events[i].kind != "side" or not _joined(events, i, 0):
        return False
    nouns = ("place", "zone") if adverb else ("place", "zone", "finding")
    return events[i + 1].kind in nouns and _joined(events, i + 1, _GAP)


def _zone(events: list[Event], i: int) -> int | None:
    """After "upper" in "upper and lower lobes", the index of "lower lobes"; None where no place follows."""
    j = i + 1
    while j < len(events) and events[j].kind in (*_JOINS, "preposition") and _joined(events, j, 1):
        j += 1
    if j == i + 1 or j >= len(events) or not _joined(events, j, 1):
        return None
    return j if events[j].kind in ("zone", "place") else None


def _side_behind(events: list[Event], i: int) -> tuple[tuple[Side, ...] | None, int]:
    """The side in "lower lobe on the right" or "bases bilaterally"."""
    j = i
    while j < len(events) and events[j].kind in ("preposition", "determiner") and _joined(events, j, 0):
        j += 1
    if j >= len(events) or events[j].kind != "side" or not _joined(events, j, 0):
        return None, i
    after = j + 1
    if (
        after < len(events)
        and events[after].kind in ("place", "zone", "finding")
        and _joined(events, after, _GAP)
    ):
        return None, i
    return events[j].entry.where.sides, after  # type: ignore[union-attr]


def _joined(events: list[Event], i: int, gap: int) -> bool:
    """Whether at most ``gap`` unknown words stand between event ``i`` and the one before it."""
    return events[i].start - events[i - 1].end <= gap


def _event(events: list[Event], first: int, after: int, where: Where, subject: str | None = None) -> Event:
    entry = Entry("where", where=where, subject=subject)
    return Event("where", events[first].start, events[after - 1].end, entry)
