"""Carry parsed reports between processes as plain tuples: several times cheaper than their objects."""

from __future__ import annotations

from typing import Any

from maple_lib.reports.report import ParsedReport
from maple_lib.reports.types import Section, Sentence, Triplet

Packed = tuple[Any, ...]


def pack(report: ParsedReport) -> Packed:
    """A parsed report without its text, which the receiver has."""
    return (
        [(each.name, each.span, each.body) for each in report.sections],
        [(each.span, each.section) for each in report.sentences],
        [_triplet(each) for each in report.triplets],
        [_triplet(each) for each in report.context_triplets],
        report.reason,
    )


def unpack(packed: Packed, text: object) -> ParsedReport:
    """The parsed report again.

    Args:
        packed: what :func:`pack` made of it.
        text: the text it was parsed from; anything but a string stands for a missing one.
    """
    written = text if isinstance(text, str) else ""
    sections, sentences, triplets, apart, reason = packed
    return ParsedReport(
        written,
        tuple(Section(*each) for each in sections),
        tuple(
            Sentence(written[span[0] : span[1]], span, name, index)
            for index, (span, name) in enumerate(sentences)
        ),
        tuple(Triplet(*each) for each in triplets),
        tuple(Triplet(*each) for each in apart),
        reason,
    )


def _triplet(each: Triplet) -> Packed:
    place, said = each.region_span, each.attributes
    return (*each.key, each.sentence, each.span, place, each.implied, dict(said))
