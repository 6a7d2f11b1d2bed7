"""What a parsed report is made of: sections, sentences and triplets, all with character spans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Existence = Literal["present", "absent", "uncertain"]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Triplet:
    """One statement of a report: this finding is present, absent or uncertain in this region.

    Attributes:
        region: name of a region of the vocabulary, or None where the sentence names no place.
        finding: canonical name of a finding of the vocabulary.
        existence: ``"present"``, ``"absent"`` or ``"uncertain"``.
        sentence: index of the sentence in ``ParsedReport.sentences``.
        span: (start, end) characters of the finding's mention in the report's text.
        region_span: (start, end) characters of the region's mention, None for a default region.
        implied: True where a normal statement implies it ("Heart size is normal").
        attributes: what else is said of it: severity, size_mm, comparison, ...

    Source: the triplet of ASG (MICCAI 2024); "uncertain" and the spans are this project's.
    """

    region: str | None
    finding: str
    existence: Existence
    sentence: int = 0
    span: Span = (0, 0)
    region_span: Span | None = None
    implied: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def key(self) -> tuple[str | None, str, Existence]:
        """(region, finding, existence): what is compared when triplets are scored."""
        return (self.region, self.finding, self.existence)


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part of a report, e.g. ``findings``; ``span`` covers its header and its body."""

    name: str
    span: Span
    body: Span


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: its text as written, its characters in the report, its section's name."""

    text: str
    span: Span
    section: str
    index: int
