"""What a radiologist decides before dictating: how sure, how changed, in which section."""

from __future__ import annotations

from dataclasses import dataclass

from maple_lib.data.phantoms.grammar.conventions import DEVICES
from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.topics import Topic

_CAN_CHANGE = frozenset(
    {"opacity", "consolidation", "pleural effusion", "pneumothorax", "edema", "atelectasis", "nodule", "mass"}
)
_SELDOM_CONCLUDED = DEVICES | {"calcification", "hyperinflation", "scar", "hernia"}
# What an opacity or a consolidation may turn out to be.
_DIFFERENTIALS: dict[str, tuple[str, ...]] = {
    "opacity": ("pneumonia", "atelectasis", "aspiration"),
    "consolidation": ("pneumonia", "aspiration"),
}
ACUTE = frozenset(
    {
        "opacity",
        "consolidation",
        "pleural effusion",
        "pneumothorax",
        "edema",
        "fracture",
        "mass",
        "nodule",
        "atelectasis",
    }
)


@dataclass(frozen=True, slots=True)
class Telling:
    """A topic with the decisions that all its sentences share.

    Attributes:
        topic: what is told.
        uncertain: True where every sentence about it hedges.
        change: "", "unchanged", "new", "increased" or "decreased" since the prior examination.
        in_findings, in_impression: the sections that speak of it; at least one is True.
        causes: what it "may represent": findings that the plan does not hold.
    """

    topic: Topic
    uncertain: bool
    change: str
    in_findings: bool
    in_impression: bool
    causes: tuple[str, ...] = ()


def decide(topic: Topic, dice: Dice, has_prior: bool, planned: set[str]) -> Telling:
    """Choose how a topic is told; subtle findings are hedged more often, devices never."""
    doubt = 0.0 if topic.finding in DEVICES else 0.3 if topic.degree == 0 else 0.05
    uncertain = dice.chance(doubt)
    change = "" if uncertain or not has_prior else _change(topic, dice)
    concluded = dice.chance(0.25 if topic.finding in _SELDOM_CONCLUDED else 0.85)
    found = not concluded or dice.chance(0.9)
    causes = () if uncertain or dice.chance(0.65) else _possible_causes(topic, dice, planned)
    return Telling(topic, uncertain, change, found, concluded, causes)


def _possible_causes(topic: Topic, dice: Dice, planned: set[str]) -> tuple[str, ...]:
    options = [cause for cause in _DIFFERENTIALS.get(topic.finding, ()) if cause not in planned]
    return tuple(dice.shuffled(options)[: 1 + dice.chance(0.45)])


def claims(tellings: list[Telling]) -> set[str]:
    """Names of all that a report calls present or possible, which it may not deny elsewhere.

    A calcification inside a lung also counts as "lung calcification": it spoils "clear lungs", one of
    the aorta does not.
    """
    said = {name for t in tellings for name in (t.topic.finding, *t.causes)}
    in_lung = any(t.topic.finding == "calcification" and "zone" in t.topic.kind for t in tellings)
    return said | {"lung calcification"} if in_lung else said


def _change(topic: Topic, dice: Dice) -> str:
    if dice.chance(0.5):
        return ""
    if topic.finding in _CAN_CHANGE:
        return dice.pick(("unchanged", "unchanged", "new", "increased", "decreased"))
    return "unchanged"
