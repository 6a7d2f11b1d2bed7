"""What else a clause says of its findings: severity, comparison, size."""

from __future__ import annotations

from maple_lib.reports.lexicon import Event
from maple_lib.reports.mention import Mention

_TO_MM = {"c": 10.0, "m": 1.0}  # first letter of cm, centimeter; mm, millimeter
_ENDS = ("and", "or", "comma", "with", "verb", "preposition", "finding")


def mark_attributes(clause: list[Event], mentions: dict[int, Mention], words: list[str]) -> None:
    """Put each quality of a clause on the finding it qualifies.

    A quality before a finding is its own ("mild edema"); one behind a verb speaks of what stands before
    ("the effusions are small").
    """
    order = sorted(mentions)
    if not order:
        return
    for i, event in enumerate(clause):
        attribute = ("size_mm", _size(event, words)) if event.kind == "unit" else event.entry.attribute
        if attribute is None or i in mentions or not attribute[1]:
            continue
        for mention in _qualified(clause, i, mentions, order):
            mention.attributes.setdefault(*attribute)


def _qualified(clause: list[Event], i: int, mentions: dict[int, Mention], order: list[int]) -> list[Mention]:
    for at in range(i + 1, len(clause)):
        if at in mentions:
            return [mentions[at]]
        if clause[at].kind in _ENDS:
            break
    before = [mentions[at] for at in order if at < i]
    return before or [mentions[order[0]]]


def _size(event: Event, words: list[str]) -> str:
    """The number before a unit, in millimetres; empty where there is none or where it is a distance."""
    number = words[event.start - 1] if event.start else ""
    if not number.replace(".", "", 1).isdecimal():
        return ""
    if words[event.end : event.end + 1] in (["above"], ["below"], ["from"], ["proximal"], ["distal"]):
        return ""
    return f"{float(number) * _TO_MM[words[event.start][0]]:g}"
