"""Cut the events of a sentence into clauses, so that no cue reaches over into another statement."""

from __future__ import annotations

from maple_lib.reports.lexicon import Event

_HARD = ("break", "affirm")
_SOFT = ("comma", "and")
# No clause of a person is so long; the bound keeps the time linear for texts without full stops.
_LONGEST = 200
_STATED = ("finding", "subject", "normal", "pronoun", "predicate")
_VERBS = ("verb", "negated", "doubted")  # the last two hold their verb: "has resolved", "is suspected"
_SUBJECTS = ("finding", "where", "subject", "pronoun")


def split_clauses(events: list[Event]) -> list[list[Event]]:
    """Clauses at hard breaks ("but", ";") and between statements that have verbs of their own.

    "The effusion is stable and the pneumothorax has resolved" has two verbs, so it is cut at "and";
    "no effusion and no pneumothorax" has none and stays whole.
    """
    clauses: list[list[Event]] = [[]]
    for event in events:
        if event.kind == "affirm" and not any(each.kind in _STATED for each in clauses[-1]):
            clauses[-1].append(event)  # "In the left upper lobe, there is": the place belongs to what follows
        elif event.kind in _HARD:
            clauses.append([])
            if event.kind == "affirm":
                clauses[-1].append(event)
        else:
            if len(clauses[-1]) >= _LONGEST:
                clauses.append([])
            clauses[-1].append(event)
    return [part for clause in clauses for part in _split_at_verbs(clause) if part]


def _split_at_verbs(clause: list[Event]) -> list[list[Event]]:
    verbs = [i for i, event in enumerate(clause) if event.kind in _VERBS]
    if not verbs or not any(event.kind in _SOFT for event in clause):
        return [clause]
    parts, start = [], 0
    for first, second in zip([-1, *verbs], verbs, strict=False):
        cut = _cut(clause, max(first, start), second)
        if cut is not None and _has_subject(clause[start:cut]) and _has_subject(clause[cut:second]):
            parts.append(clause[start:cut])
            start = cut + 1
    return [*parts, clause[start:]]


def _cut(clause: list[Event], first: int, second: int) -> int | None:
    """Where the statement of the verb at ``second`` begins: a comma, else an article, else the last "and"."""
    joints = [
        i for i in range(first, second) if clause[i].kind in _SOFT and not _is_list_end(clause, i, second)
    ]
    if clause[first].kind not in _VERBS:
        # No verb before: only "no effusion, the heart is enlarged" shows by its article that it starts anew.
        joints = [i for i in joints if _article_follows(clause, i) and _negated_before(clause, i)]
    if not joints:
        return None
    for i in joints:
        if clause[i].kind == "comma" or _article_follows(clause, i):
            return i
    return joints[-1]


def _is_list_end(clause: list[Event], i: int, second: int) -> bool:
    """Whether the comma only sets off a list that goes on: ", or consolidation is seen"."""
    return clause[i].kind == "comma" and i + 1 < second and clause[i + 1].kind in ("or", "and")


def _article_follows(clause: list[Event], i: int) -> bool:
    return i + 1 < len(clause) and clause[i + 1].kind in ("determiner", "pronoun", "subject")


def _negated_before(clause: list[Event], i: int) -> bool:
    return any(event.kind == "negate" for event in clause[:i])


def _has_subject(part: list[Event]) -> bool:
    return any(event.kind in _SUBJECTS for event in part)
