"""One mention of a finding while its sentence is being read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from maple_lib.reports.lexicon import Event, Named
from maple_lib.reports.types import Existence


@dataclass(slots=True, eq=False)
class Mention:
    """A finding's words, and what the rules have learnt of them so far.

    Attributes:
        start, end: tokens of the mention.
        named: the findings it names.
        existence: present until a cue says otherwise.
        wheres: the place phrases attached to it.
        implied: True for what a normal statement denies.
        attributes: severity, comparison, size.
        backed: True where its place came from another mention.
        side_only: take only the sides of ``wheres`` ("effusion with adjacent atelectasis").
        refers: whose place in the sentence before it may take (see :class:`maple_lib.reports.reading.Group`).
        plural: True for "opacities", which lie on both sides of an unsided place.
    """

    start: int
    end: int
    named: tuple[Named, ...]
    existence: Existence = "present"
    wheres: list[Event] = field(default_factory=list)
    implied: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
    backed: bool = False
    side_only: bool = False
    refers: Literal["", "same", "last"] = ""
    plural: bool = False

    @property
    def midline(self) -> bool:
        """Whether its default place lies in the midline, so that a side says nothing of it."""
        place = self.named[0].place
        return place is not None and not place.sides

    def is_a(self, *names: str) -> bool:
        """Whether it names one of these findings."""
        return self.named[0].finding.name in names
