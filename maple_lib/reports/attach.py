"""Give each place phrase to the findings it belongs to, by grammar and not by nearness alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from maple_lib.reports.lexicon import Event
from maple_lib.reports.mention import Mention

# Kinds that may stand between a place and the finding it qualifies: "right small possible effusion".
_QUALIFIERS = ("quality", "doubt", "associated", "predicate", "subject", "ignore")
# Findings that another one causes where it lies: "effusion with blunting of the left costophrenic angle".
_EFFECTS = ("blunting", "obscuration")
# Findings whose place is the thing itself: "a nodule and elevation of the left hemidiaphragm".
_OF_A_PART = ("elevated hemidiaphragm", "cardiomegaly", "blunting", "obscuration", "dilation", "tortuosity")
_LIST = ("and", "or", "comma", "versus")


@dataclass(slots=True)
class _Reader:
    """Where the reading of a clause stands."""

    last: Mention | None = None
    waiting: list[Event] = field(default_factory=list)  # places whose finding is still to come
    subject: list[Event] = field(default_factory=list)  # places a verb speaks of: "the left lung shows ..."
    dropped: bool = False  # inside "4 cm above the carina", "leads over the right atrium"


def attach_places(clause: list[Event], mentions: dict[int, Mention]) -> None:
    """Attach every place of a clause to its mentions (``Mention.wheres``).

    Args:
        clause: the events of the clause, places joined.
        mentions: the mentions by the index of their event in the clause.
    """
    reader = _Reader()
    for i, event in enumerate(clause):
        if i in mentions:
            _take(reader, mentions[i])
        elif event.kind == "where":
            _place(reader, event, i, clause, mentions)
        elif event.kind in ("beyond", "absorb"):
            reader.dropped = True
        elif event.kind == "verb" and reader.last is None:
            reader.subject, reader.waiting = [*reader.subject, *reader.waiting], []
        elif event.kind == "normal":
            reader.subject, reader.waiting = [], []
        elif event.kind in ("comma", "verb"):
            reader.dropped = False


def _take(reader: _Reader, mention: Mention) -> None:
    """A finding: the waiting places are its own, else the places the verb speaks of."""
    reader.dropped = False
    mention.wheres = reader.waiting or list(reader.subject)
    mention.backed = not reader.waiting and bool(reader.subject)
    reader.waiting, reader.subject = [], []
    reader.last = mention


def _place(reader: _Reader, event: Event, i: int, clause: list[Event], mentions: dict[int, Mention]) -> None:
    if _qualifies_next(clause, i, mentions):
        reader.waiting.append(event)
    elif reader.dropped:
        return
    elif reader.last is not None and not _opens_chain(clause, i, mentions):
        _append(reader.last, event)
    else:
        reader.waiting.append(event)


def _append(mention: Mention, event: Event) -> None:
    """A place behind a mention: in stead of the verb's subject, unless it is only a side."""
    if mention.backed and event.entry.where is not None and event.entry.where.places:
        mention.wheres, mention.backed = [], False
    if not mention.backed:
        mention.wheres.append(event)


def _qualifies_next(clause: list[Event], i: int, mentions: dict[int, Mention]) -> bool:
    """Whether a finding follows with nothing but qualities between: "left basilar patchy opacity"."""
    for at in range(i + 1, len(clause)):
        if at in mentions:
            return True
        if clause[at].kind not in _QUALIFIERS:
            return False
    return False


def _opens_chain(clause: list[Event], i: int, mentions: dict[int, Mention]) -> bool:
    """Whether "right apical and" goes on with "left basilar opacities", after an earlier finding."""
    if i and (clause[i - 1].kind in ("preposition", "determiner") or i - 1 in mentions):
        return False
    at = i + 1
    while at < len(clause) and clause[at].kind in ("and", "or", "comma", "where"):
        at += 1
    return (
        at > i + 1
        and at - 1 > i
        and clause[at - 1].kind == "where"
        and _qualifies_next(clause, at - 1, mentions)
    )


def share_places(clause: list[Event], mentions: dict[int, Mention]) -> None:
    """Let mentions without a place of their own take it from the mention they belong with.

    Forward: "left base opacity may represent atelectasis", "left basilar opacity and atelectasis". Backward:
    "opacity and atelectasis in the left base", "effusion blunting the left costophrenic angle".
    """
    order = sorted(mentions)
    for before, after in pairwise(order):
        _forward(mentions[before], mentions[after], _relation(clause, before, after))
    for before, after in zip(order[-2::-1], order[:0:-1], strict=False):
        _backward(mentions[before], mentions[after], _relation(clause, before, after))


def _relation(clause: list[Event], before: int, after: int) -> str:
    """How two neighbouring mentions hang together: touching, same thing, list, with, or apart."""
    kinds = [event.kind for event in clause[before + 1 : after] if event.kind != "where"]
    if any(kind in ("means", "suggest", "versus") for kind in kinds):
        return "same"
    if "maybe" in kinds and "with" not in kinds:
        return "same"
    if kinds[:2] == ["verb", "doubt"]:
        return "same"  # "the opacity is likely atelectasis"
    if "associated" in kinds:
        return "beside"
    if "comma" in kinds and "doubt" in kinds and kinds.index("doubt") == kinds.index("comma") + 1:
        return "same" if "and" not in kinds else "list"
    if "negate" in kinds:
        return "denied"
    if "with" in kinds:
        return "beside" if not any(kind in ("comma", "preposition", "verb") for kind in kinds) else "apart"
    if any(kind in _LIST for kind in kinds):
        return (
            "list"
            if all(kind in (*_LIST, *_QUALIFIERS, "preposition", "determiner") for kind in kinds)
            else "apart"
        )
    gap = clause[after].start - clause[before].end
    return (
        "touching"
        if gap <= 2 and all(k in (*_QUALIFIERS, "determiner", "preposition") for k in kinds)
        else "apart"
    )


def _forward(before: Mention, after: Mention, relation: str) -> None:
    if after.wheres or not before.wheres or relation in ("apart", "denied"):
        return
    if after.midline and relation != "touching":
        return
    if relation == "list" and (after.existence == "absent" or after.named[0].finding.bilateral_by_nature):
        return
    if after.named[0].finding.bilateral_by_nature and (relation == "beside" or not _in_lung(before)):
        return
    after.wheres, after.backed = list(before.wheres), True
    after.side_only = relation == "beside" or before.side_only


def _in_lung(mention: Mention) -> bool:
    wheres = [event.entry.where for event in mention.wheres if event.entry.where is not None]
    return all("lung" in (place.name, place.parent) for where in wheres for place in where.places)


def _backward(before: Mention, after: Mention, relation: str) -> None:
    if before.wheres or not after.wheres or after.backed or relation in ("apart", "denied"):
        return
    if relation == "beside" and not after.is_a(*_EFFECTS):
        return
    if relation == "list" and (before.named[0].finding.bilateral_by_nature or after.is_a(*_OF_A_PART)):
        return
    if before.midline and not before.is_a("line"):
        return
    if after.wheres[0].start < after.start and relation != "touching":
        return
    before.wheres, before.backed = list(after.wheres), True
