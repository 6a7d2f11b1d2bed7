"""The IMPRESSION section: the conclusions, short, or that nothing acute is seen."""

from __future__ import annotations

from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import Fragment
from maple_lib.data.phantoms.grammar.negatives import choose_negatives, negative_sentence
from maple_lib.data.phantoms.grammar.sentences import sentence_about
from maple_lib.data.phantoms.grammar.tellings import ACUTE, Telling

# None of these names a finding, so none of them states anything.
_NORMAL = ("normal chest radiograph", "normal chest", "unremarkable chest radiograph")
_NOTHING_ACUTE = (
    "no acute cardiopulmonary process",
    "no acute cardiopulmonary abnormality",
    "no acute cardiopulmonary disease",
    "no evidence of acute cardiopulmonary process",
    "no acute intrathoracic process",
)
_NO_CHANGE = ("no significant interval change", "no relevant change since the prior study")
_TOLD = (
    "findings were discussed with Dr. ___ by telephone at 3:15 p.m. on ___",
    "these findings were communicated to Dr. ___ at the time of dictation",
    "findings discussed with ___ by phone at 10:40 a.m.",
)
_ADVICE = (
    "CT of the chest is recommended for further evaluation",
    "recommend chest CT for further evaluation",
    "follow-up radiograph in 6 to 8 weeks is recommended",
)


def impression_sentences(
    dice: Dice, tellings: list[Telling], claimed: set[str], has_prior: bool
) -> list[Fragment]:
    """All sentences of the section, without capital letters and full stops; at least one."""
    concluded = [t for t in tellings if t.in_impression]
    sentences = [sentence_about(dice, telling, short=True) for telling in dice.shuffled(concluded)]
    acute = bool(ACUTE & claimed)
    if not acute:
        sentences.insert(
            0 if dice.chance(0.5) else len(sentences), Fragment(_nothing(dice, tellings, has_prior))
        )
    denied = choose_negatives(dice, claimed, 0.5, standard=True) if dice.chance(0.3) else []
    if denied:
        sentences.append(negative_sentence(dice, denied[:3]))
    return sentences + _messages(dice, claimed)


def _nothing(dice: Dice, tellings: list[Telling], has_prior: bool) -> str:
    if not tellings and dice.chance(0.25):
        return dice.pick(_NORMAL)
    return dice.pick(_NO_CHANGE) if has_prior and dice.chance(0.07) else dice.pick(_NOTHING_ACUTE)


def _messages(dice: Dice, claimed: set[str]) -> list[Fragment]:
    """Who was told, and what is advised."""
    messages = []
    if claimed & {"nodule", "mass"} and dice.chance(0.3):
        messages.append(Fragment(dice.pick(_ADVICE)))
    if claimed & {"pneumothorax", "tube", "consolidation"} and dice.chance(0.1):
        messages.append(Fragment(dice.pick(_TOLD)))
    return messages
