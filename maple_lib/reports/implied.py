"""Statements about subjects: "the heart is enlarged" asserts a finding, "the heart is normal" denies it."""

from __future__ import annotations

from collections.abc import Iterator

from maple_lib.reports.lexicon import Entry, Event, Lexicon, Named
from maple_lib.reports.mention import Mention

# "Normal markings" denies a finding that reports mention only to judge it.
_JUDGED = ("marking", "aeration")


def predicate_findings(clause: list[Event], lexicon: Lexicon) -> list[Event]:
    """The clause with every predicate that fits a subject turned into a finding.

    "The left hemidiaphragm is elevated" -> a finding ``elevated hemidiaphragm`` at the word "elevated"; the
    place is attached later like any other.
    """
    if not any(event.entry.predicates for event in clause) or not any(e.entry.subject for e in clause):
        return clause
    return [_as_finding(clause, i, lexicon) if e.entry.predicates else e for i, e in enumerate(clause)]


def _as_finding(clause: list[Event], i: int, lexicon: Lexicon) -> Event:
    event = clause[i]
    for subject in _subjects_near(clause, i):
        named = _asserted(subject, event.entry.predicates, lexicon)
        if named:
            return Event("finding", event.start, event.end, Entry("finding", named))
    return event


def _subjects_near(clause: list[Event], i: int) -> Iterator[str]:
    """The subject before the predicate ("heart is enlarged"), then the one right after ("enlarged heart")."""
    for event in reversed(clause[:i]):
        if event.kind == "finding":
            break
        if event.entry.subject:
            yield event.entry.subject
            break
    for event in clause[i + 1 :]:
        if event.entry.subject:
            yield event.entry.subject
            return
        if event.kind not in ("preposition", "determiner", "quality", "where"):
            return


def _asserted(subject: str, predicates: tuple[str, ...], lexicon: Lexicon) -> tuple[Named, ...]:
    rule = lexicon.implied[subject].get("predicates", {})
    names = [name for predicate in predicates for name in rule.get(predicate, ())]
    return tuple(_named(name, subject, lexicon) for name in dict.fromkeys(names))


def _named(name: str, subject: str, lexicon: Lexicon) -> Named:
    finding = lexicon.vocabulary.findings[name]
    place = lexicon.implied[subject].get("place", finding.place)
    return Named(finding, lexicon.vocabulary.places[place] if place else None)


def normal_mentions(
    clause: list[Event], mentions: dict[int, Mention], lexicon: Lexicon, before: list[Event]
) -> list[Mention]:
    """What the normal statements of a clause deny, as implied absent mentions.

    A subject goes with the next "normal" after it, or with the one right before it ("clear lungs"). A clause
    that begins with "clear" speaks of the subject before: "the lungs are hyperinflated but clear".

    Args:
        clause: its events.
        mentions: its findings by index; "markings are normal" makes one absent.
        lexicon: the table of implied findings.
        before: the events of the clause before.
    """
    made: list[Mention] = []
    waiting = [event for event in before if event.entry.subject][:1] if _begins_normal(clause) else []
    normal: Event | None = None  # a "normal" that still looks for its subject
    negated = False
    for i, event in enumerate(clause):
        if event.kind == "normal":
            found = [] if negated else [_denied(each, event, lexicon) for each in waiting]
            made += [mention for mention in found if mention is not None]
            _judge(clause, i, mentions)
            normal, waiting = (None if waiting else event), []
        elif event.entry.subject:
            if normal is not None:
                mention = _denied(event, normal, lexicon)
                made += [mention] if mention else []
            else:
                waiting.append(event)
        elif event.kind == "not":
            negated = True
        elif event.kind in ("verb", "finding", "negate", "beyond"):
            normal = None
            waiting = [] if event.kind == "finding" else waiting
    return made


def _begins_normal(clause: list[Event]) -> bool:
    """Whether "normal" stands first, with nothing after it that could be its subject."""
    return clause[0].kind == "normal" and not any(event.entry.subject for event in clause)


def _denied(subject: Event, normal: Event, lexicon: Lexicon) -> Mention | None:
    name = str(subject.entry.subject)
    names = lexicon.implied[name].get("normal", ())
    if not names:
        return None
    wheres = [subject] if subject.kind == "where" and subject.entry.where else []
    named = tuple(_named(each, name, lexicon) for each in names)
    return Mention(subject.start, subject.end, named, "absent", wheres, implied=True)


def _judge(clause: list[Event], i: int, mentions: dict[int, Mention]) -> None:
    """Make absent the finding next to the word: "markings are normal", "normal markings"."""
    for at in (i - 1, i - 2, i + 1):
        if at in mentions and mentions[at].is_a(*_JUDGED) and _verb_between(clause, at, i):
            mentions[at].existence, mentions[at].implied = "absent", True


def _verb_between(clause: list[Event], at: int, i: int) -> bool:
    return abs(at - i) == 1 or clause[i - 1].kind == "verb"
