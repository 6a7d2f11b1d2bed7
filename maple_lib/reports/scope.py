"""Existence: how far negations and hedges reach inside a clause."""

from __future__ import annotations

from dataclasses import dataclass

from maple_lib.reports.lexicon import Event
from maple_lib.reports.mention import Mention
from maple_lib.reports.types import Existence

_BACKWARD: dict[str, Existence] = {"negated": "absent", "doubted": "uncertain"}


@dataclass(slots=True)
class _Scope:
    """What is in force at a point of the clause, from left to right."""

    negated: bool = False
    doubted: bool = False  # ends at the next "and" or comma
    suggested: bool = False  # lasts to the end of the clause
    found: bool = False  # a finding stood in the negation's scope already
    closed: bool = False  # "seen" stood after it: the next comma ends the list


def mark_existence(clause: list[Event], mentions: dict[int, Mention]) -> None:
    """Set the existence of every mention of a clause.

    Args:
        clause: its events.
        mentions: the mentions by the index of their event in the clause.
    """
    scope = _Scope()
    last = max(mentions, default=-1)
    for i, event in enumerate(clause):
        if i in mentions:
            _mark(mentions[i], scope)
            scope.found = True
        else:
            _step(scope, event, i, clause, mentions, last)


def _mark(mention: Mention, scope: _Scope) -> None:
    if scope.negated:
        mention.existence = "absent"
    elif scope.doubted or scope.suggested:
        mention.existence = "uncertain"
        mention.attributes["hedge"] = "interpretation" if scope.suggested else "possible"


def _step(
    scope: _Scope, event: Event, i: int, clause: list[Event], mentions: dict[int, Mention], last: int
) -> None:
    kind = event.kind
    if kind == "negate":
        scope.negated, scope.found, scope.closed = True, False, False
    elif kind == "seen":
        scope.closed = scope.found
    elif kind == "with":
        scope.negated = scope.negated and not scope.found
        scope.doubted = scope.suggested = False
    elif kind in ("and", "comma"):
        scope.doubted = scope.doubted and _only_qualities(clause, i, mentions)
        anew = _starts_anew if kind == "and" else _states_anew
        if scope.closed or (scope.found and anew(clause, i)):
            scope.negated = False
    elif kind == "doubt":
        scope.doubted = True
        if _ends_clause(clause, i):
            _mark_before(i, mentions, "uncertain", clause)
    elif kind == "suggest":
        scope.suggested = True
    elif kind in _BACKWARD and not _of_another_film(clause, i):
        _mark_before(i, mentions, _BACKWARD[kind], clause)
    elif kind in ("not", "maybe"):
        _both_ways(scope, kind, i, clause, mentions, last)
    elif kind in ("versus", "or"):
        _alternatives(scope, kind, clause, i, mentions)
    elif kind == "means":
        scope.doubted = False


def _both_ways(
    scope: _Scope, kind: str, i: int, clause: list[Event], mentions: dict[int, Mention], last: int
) -> None:
    """Let "not" and "may" act on what follows; on what stands before where nothing follows."""
    if _of_another_film(clause, i):
        return
    if last > i:
        if kind == "not":
            scope.negated, scope.found = True, False
        else:
            scope.doubted = True
    else:
        _mark_before(i, mentions, "absent" if kind == "not" else "uncertain", clause)


def _of_another_film(clause: list[Event], i: int) -> bool:
    """Whether a cue speaks of an earlier film: "a nodule not seen previously" is present."""
    return any(event.kind == "elsewhere" for event in clause[i + 1 : i + 3])


def _mark_before(i: int, mentions: dict[int, Mention], existence: Existence, clause: list[Event]) -> None:
    """Mark the findings before a cue: those after the last verb, if there are any, else all of the clause.

    German puts the verb first: "wegen der Verkalkung ist eine Stenose nicht auszuschließen" doubts one only.
    """
    verb = max((at for at in range(i) if clause[at].kind == "verb"), default=-1)
    before = [at for at in mentions if at < i]
    for at in [at for at in before if at > verb] or before:
        if mentions[at].existence != "absent":
            mentions[at].existence = existence
            if existence == "uncertain":
                mentions[at].attributes["hedge"] = "possible"


def _alternatives(
    scope: _Scope, kind: str, clause: list[Event], i: int, mentions: dict[int, Mention]
) -> None:
    """Both sides of "versus" are uncertain, and of an "or" that no negation governs."""
    before = [at for at in mentions if at < i]
    if scope.negated or not before:
        return
    nearest = before[-1]
    if kind == "or" and not _is_alternative(clause, nearest, i, mentions):
        return
    if mentions[nearest].existence == "present":
        mentions[nearest].existence = "uncertain"
        mentions[nearest].attributes["hedge"] = "alternative"
    scope.doubted = True


def _is_alternative(clause: list[Event], nearest: int, i: int, mentions: dict[int, Mention]) -> bool:
    """Whether the "or" at ``i`` joins two findings, not two places."""
    if any(event.kind not in ("comma", "quality") for event in clause[nearest + 1 : i]):
        return False
    if any(event.kind == "ignore" for event in clause[:nearest]):
        return False  # "no change in the nodule or effusion"
    for at in range(i + 1, len(clause)):
        if at in mentions:
            return True
        if clause[at].kind not in ("quality", "determiner", "doubt", "where"):
            return False
    return False


def _only_qualities(clause: list[Event], i: int, mentions: dict[int, Mention]) -> bool:
    """Whether a comma stands inside "possible small, hazy opacity": no finding yet since the hedge."""
    for at in range(i - 1, -1, -1):
        if at in mentions:
            return False
        if clause[at].kind in ("doubt", "maybe"):
            return True
    return False


def _starts_anew(clause: list[Event], i: int) -> bool:
    """Whether "and" opens a statement that the negation before does not reach: "and stable cardiomegaly"."""
    if i + 1 >= len(clause):
        return False
    following = clause[i + 1]
    if following.kind == "determiner":
        return True
    attribute = following.entry.attribute
    return following.kind == "quality" and attribute is not None and attribute[1] in ("unchanged", "mild")


def _states_anew(clause: list[Event], i: int) -> bool:
    """Whether a comma ends a negation: "no pneumothorax, moderate left effusion"."""
    attribute = clause[i + 1].entry.attribute if i + 1 < len(clause) else None
    opens = attribute is not None and (
        attribute[0] == "severity" or attribute[1] in ("unchanged", "improved")
    )
    return opens and not any(event.kind == "or" for event in clause[i:])


def _ends_clause(clause: list[Event], i: int) -> bool:
    """Whether a hedge closes its clause: "effusion is likely", "atelectasis, possibly"."""
    return all(event.kind in ("comma", "quality") for event in clause[i + 1 :])
