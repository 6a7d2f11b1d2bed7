"""From the planned findings to the topics a report speaks about: mirrored findings become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from maple_lib.data.phantoms.grammar.conventions import PLANNED_KINDS
from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.lexicon import degree
from maple_lib.data.phantoms.grammar.places import SIDES, kind_and_side
from maple_lib.data.phantoms.planned import PlannedFinding
from maple_lib.errors import MapleError

T = TypeVar("T")
# Findings of both lungs by nature: always told together.
NATURALLY_BILATERAL = frozenset({"edema", "hyperinflation"})
_OFTEN_BILATERAL = frozenset(
    {"opacity", "consolidation", "pleural effusion", "atelectasis", "pneumothorax", "scar"}
)


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing to tell: a finding on one side, on both, or in the midline.

    Attributes:
        finding: canonical finding name.
        regions: its one region, or the right and the left one.
        kind: the region without its side ("lower lung zone"), or the midline region.
        side: ``"right"``, ``"left"``, ``"both"`` or ``""``.
        severity: in [0, 1]; of two sides, their mean.
        size_mm: diameter, or None.
        leaning: "right greater than left" where the sides differ, else "".
        variant: in [0, 1), fixes what one patient has only one of: which rib, which catheter, how deep
            the tube, so that all sentences of a report agree.
    """

    finding: str
    regions: tuple[str, ...]
    kind: str
    side: str
    severity: float
    size_mm: float | None = None
    leaning: str = ""
    variant: float = 0.0

    @property
    def degree(self) -> int:
        """0 mild, 1 moderate, 2 severe."""
        return degree(self.severity)

    def own(self, options: Sequence[T]) -> T:
        """The option that belongs to this topic, the same in every sentence."""
        return options[int(self.variant * len(options))]


def check_plan(plan: Sequence[PlannedFinding]) -> None:
    """Refuse what the grammar cannot say.

    Raises:
        MapleError: for an unknown finding, a region where it is never reported, or a severity outside [0, 1].
    """
    for item in plan:
        if item.finding not in PLANNED_KINDS:
            raise MapleError(
                f"finding {item.finding!r}",
                "the report grammar has no words for it",
                f"use one of: {', '.join(PLANNED_KINDS)}",
            )
        kinds = PLANNED_KINDS[item.finding]
        if kind_and_side(item.region)[0] not in kinds:
            raise MapleError(
                f"region {item.region!r}", f"{item.finding} is not reported there", f"use {', '.join(kinds)}"
            )
        if not 0 <= item.severity <= 1:
            raise MapleError(
                f"severity {item.severity}",
                f"outside [0, 1] for {item.finding}",
                "give 0 (just visible) to 1 (gross)",
            )


def single_topics(plan: Sequence[PlannedFinding], dice: Dice) -> list[Topic]:
    """One topic for each planned finding."""
    topics = []
    for item in plan:
        kind, side = kind_and_side(item.region)
        topics.append(
            Topic(item.finding, (item.region,), kind, side, item.severity, item.size_mm, variant=dice.roll())
        )
    return topics


def gather(topics: Sequence[Topic], dice: Dice) -> list[Topic]:
    """Topics as they are told: repeated ones once, mirrored ones often together."""
    singles: dict[tuple[str, str], Topic] = {}
    for topic in topics:
        singles.setdefault((topic.finding, topic.regions[0]), topic)
    told: list[Topic] = []
    while singles:
        key = next(iter(singles))
        topic = singles.pop(key)
        other = SIDES[1 - SIDES.index(topic.side)] if topic.side else ""
        twin_key = (topic.finding, f"{other} {topic.kind}")
        if twin_key in singles and _told_together(topic, singles[twin_key], dice):
            topic = _merged(topic, singles.pop(twin_key))
        told.append(topic)
    return told


def _told_together(one: Topic, two: Topic, dice: Dice) -> bool:
    if one.finding in NATURALLY_BILATERAL:
        return True
    close = abs(one.severity - two.severity) < 0.4
    return one.finding in _OFTEN_BILATERAL and close and dice.chance(0.75)


def _merged(one: Topic, two: Topic) -> Topic:
    right, left = (one, two) if one.side == "right" else (two, one)
    lean = ""
    if one.finding not in NATURALLY_BILATERAL and abs(right.severity - left.severity) > 0.1:
        more, less = ("right", "left") if right.severity > left.severity else ("left", "right")
        lean = f"{more} greater than {less}"
    severity = (right.severity + left.severity) / 2
    return Topic(one.finding, (*right.regions, *left.regions), one.kind, "both", severity, None, lean)
