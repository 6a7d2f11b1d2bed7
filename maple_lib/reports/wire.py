"""Carry parsed reports between processes: packed to bytes there, unpacked here only when they are looked at.

Building a report's objects costs the receiver almost as much as parsing costs the sender, so a receiver that
built them all would hold up its workers.
"""

from __future__ import annotations

import marshal
from typing import Any

from maple_lib.reports.report import ParsedReport
from maple_lib.reports.types import Section, Sentence, Triplet


def pack(report: ParsedReport) -> bytes:
    """A parsed report without its text, which the receiver has."""
    plain = (
        [(each.name, each.span, each.body) for each in report.sections],
        [(each.span, each.section) for each in report.sentences],
        [_plain(each) for each in report.triplets],
        [_plain(each) for each in report.context_triplets],
        report.reason,
    )
    return marshal.dumps(plain)


def carried(packed: bytes, text: object) -> ParsedReport:
    """The parsed report again; it unpacks itself when one of its parts is first asked for.

    Args:
        packed: what :func:`pack` made of it, in a process of ours.
        text: the text it was parsed from; anything but a string stands for a missing one.
    """
    report = object.__new__(ParsedReport)
    report.__dict__.update(text=text if isinstance(text, str) else "", _packed=packed)
    return report


def unpack(packed: bytes, text: str) -> dict[str, Any]:
    """The parts of a report, by the names of its fields."""
    sections, sentences, triplets, apart, reason = marshal.loads(packed)
    return {
        "sections": tuple(Section(*each) for each in sections),
        "sentences": tuple(
            Sentence(text[span[0] : span[1]], span, name, index)
            for index, (span, name) in enumerate(sentences)
        ),
        "triplets": tuple(Triplet(*each) for each in triplets),
        "context_triplets": tuple(Triplet(*each) for each in apart),
        "reason": reason,
    }


def _plain(each: Triplet) -> tuple[Any, ...]:
    return (*each.key, each.sentence, each.span, each.region_span, each.implied, dict(each.attributes))
