"""Read one sentence: words, events, clauses, mentions, groups of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from maple_lib.reports.attach import attach_places, share_places
from maple_lib.reports.attributes import mark_attributes
from maple_lib.reports.clauses import split_clauses
from maple_lib.reports.devices import place_devices
from maple_lib.reports.implied import normal_mentions, predicate_findings
from maple_lib.reports.lexicon import Event, Lexicon
from maple_lib.reports.mention import Mention
from maple_lib.reports.places import PLACE_PARTS, join_places
from maple_lib.reports.resolve import regions_of
from maple_lib.reports.scope import mark_existence
from maple_lib.reports.tokens import tokenise
from maple_lib.reports.types import Existence, Span
from maple_lib.vocabulary import Side


class Group(NamedTuple):
    """The statements of one finding of a sentence; spans count from the sentence's start.

    ``borrows`` says whose region of the sentence before it may take: of the same finding ("The effusion is
    small") or of the last one, whatever it is ("This may represent pneumonia").
    """

    finding: str
    existence: Existence
    regions: tuple[tuple[str | None, Span | None], ...]
    span: Span
    implied: bool
    attributes: Mapping[str, str]
    borrows: Literal["", "same", "last"]


class Pronoun(NamedTuple):
    """A sentence that begins with "it" or "these" and says nothing of its own finding."""

    span: Span
    existence: Existence
    attributes: Mapping[str, str]


class Reading(NamedTuple):
    """All that one sentence states, independent of its neighbours."""

    groups: tuple[Group, ...] = ()
    pronoun: Pronoun | None = None


_LINKS = ("means", "suggest", "maybe", "doubt")
_NOTHING = Reading()
_TELLING = frozenset(("finding", "normal", "pronoun"))  # a sentence without any of these states nothing


def read_sentence(lowered: str, lexicon: Lexicon) -> Reading:
    """What one sentence states.

    Args:
        lowered: the sentence in lower case.
        lexicon: the compiled vocabulary and cues.
    """
    words, spans = lexicon.speller.mend(*tokenise(lowered))
    events = lexicon.events(words)
    kinds = {event.kind for event in events}
    predicated = any(event.entry.predicates for event in events)
    if kinds.isdisjoint(_TELLING) and not predicated:
        return _NOTHING
    if not kinds.isdisjoint(PLACE_PARTS):
        events = join_places(events)
    groups: list[Group] = []
    side: tuple[Side, ...] | None = None
    clauses = split_clauses(events)
    before: list[Event] = []
    for clause in clauses:
        if predicated:
            clause = predicate_findings(clause, lexicon)
        mentions = _read_clause(clause, words, lexicon, before)
        before = clause
        for mention in mentions:
            groups += _groups(mention, spans, _side_before(clause, mention) or side)
        side = _side_before(clause, None) or side
    pronoun = _pronoun(clauses, spans) if not groups else None
    return Reading(without_repeats(groups), pronoun)


def without_repeats(groups: Sequence[Group]) -> tuple[Group, ...]:
    """The groups with each (region, finding, existence) once; what is said outright beats what is implied."""
    if len({group.finding for group in groups}) == len(groups):
        return tuple(groups)
    seen: set[tuple[str | None, str, Existence]] = set()
    kept: dict[int, Group] = {}
    for i, group in sorted(enumerate(groups), key=lambda item: item[1].implied):
        keys = [(region, group.finding, group.existence) for region, _ in group.regions]
        new = tuple(each for each, key in zip(group.regions, keys, strict=True) if key not in seen)
        seen.update(keys)
        if new:
            kept[i] = group._replace(regions=new)
    return tuple(kept[i] for i in sorted(kept))


def _read_clause(
    clause: list[Event], words: list[str], lexicon: Lexicon, before: list[Event]
) -> list[Mention]:
    mentions = {
        i: Mention(event.start, event.end, event.entry.named, plural=_is_plural(words[event.end - 1]))
        for i, event in enumerate(clause)
        if event.kind == "finding"
    }
    if mentions:
        mark_existence(clause, mentions)
        attach_places(clause, mentions)
        share_places(clause, mentions)
        place_devices(list(mentions.values()))
        mark_attributes(clause, mentions, words)
        _mark_reference(clause, mentions)
    if any(event.kind == "normal" for event in clause):
        return [*mentions.values(), *normal_mentions(clause, mentions, lexicon, before)]
    return list(mentions.values())


def _is_plural(word: str) -> bool:
    return word.endswith("s") and not word.endswith(("ss", "is", "us"))


def _mark_reference(clause: list[Event], mentions: dict[int, Mention]) -> None:
    first = min(mentions)
    kinds = [event.kind for event in clause[:first]]
    if kinds[:1] == ["pronoun"] and any(kind in _LINKS for kind in kinds):
        for mention in mentions.values():
            mention.refers = "last"
    elif kinds and kinds[0] in ("determiner", "pronoun"):
        mentions[first].refers = "same"


def _side_before(clause: list[Event], mention: Mention | None) -> tuple[Side, ...] | None:
    """The last side that a place phrase of the clause names before the mention's end."""
    side = None
    for event in clause:
        if mention is not None and event.start > mention.end and side is not None:
            break
        if event.kind == "where" and event.entry.where is not None:
            side = event.entry.where.sides or side
    return side


def _groups(mention: Mention, spans: list[Span], side: tuple[Side, ...] | None) -> list[Group]:
    span = (spans[mention.start][0], spans[mention.end - 1][1])
    made = []
    for named in mention.named:
        placed = dict(reversed(regions_of(mention, named, side)))
        regions = tuple((region, _span(event, spans)) for region, event in reversed(placed.items()))
        borrows = mention.refers if not mention.wheres and regions[0][0] is None else ""
        attributes = mention.attributes
        made.append(
            Group(named.finding.name, mention.existence, regions, span, mention.implied, attributes, borrows)
        )
    return made


def _span(event: Event | None, spans: list[Span]) -> Span | None:
    return None if event is None else (spans[event.start][0], spans[event.end - 1][1])


def _pronoun(clauses: list[list[Event]], spans: list[Span]) -> Pronoun | None:
    """The pronoun that opens a sentence, and what the sentence says of it."""
    first = clauses[0][0] if clauses and clauses[0] else None
    if first is None or first.kind != "pronoun":
        return None
    rest = [event for clause in clauses for event in clause[1:]]
    kinds = {event.kind for event in rest}
    attributes = dict(event.entry.attribute for event in rest if event.entry.attribute)
    if not attributes and not kinds & {"negated", "not", "unit", "ignore", "maybe", "doubted"}:
        return None
    existence: Existence = "present"
    if kinds & {"negated", "not"}:
        existence = "absent"
    elif kinds & {"maybe", "doubted"}:
        existence = "uncertain"
    return Pronoun((spans[first.start][0], spans[first.end - 1][1]), existence, attributes)
