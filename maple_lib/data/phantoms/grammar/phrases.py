"""Noun phrases of findings: adjective, place, noun, measure — "small 8 mm nodule in the right upper lobe"."""

from __future__ import annotations

from typing import NamedTuple

from maple_lib.data.phantoms.grammar.conventions import usual_regions
from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import (
    NOTHING,
    Fragment,
    Mention,
    Regions,
    join,
    marked,
    with_article,
)
from maple_lib.data.phantoms.grammar.lexicon import FindingWords, Noun, words_for
from maple_lib.data.phantoms.grammar.places import BOTH_SIDES, ONE_SIDE, ORDINALS, Placed, name_place
from maple_lib.data.phantoms.grammar.topics import NATURALLY_BILATERAL, Topic
from maple_lib.reports.types import Existence

_MEASURING = ("measuring {}", "measuring approximately {}", "measuring up to {}", "that measures {}")
_NOWHERE = Placed(NOTHING, NOTHING, ())


class NounPhrase(NamedTuple):
    """A finding as a noun phrase without article.

    Attributes:
        core: adjectives, place before the noun, noun.
        after: place and measure behind it, possibly empty.
        number: "one", "mass" or "many", for articles and verbs.
        tail: a remark for the sentence's end ("right greater than left"), possibly "".
        finding, regions: what the phrase states.
    """

    core: Fragment
    after: Fragment
    number: str
    tail: str
    finding: str
    regions: Regions

    @property
    def bare(self) -> Fragment:
        """Without article: "nodule at the left apex"."""
        return join([self.core, self.after])

    @property
    def core_with_article(self) -> Fragment:
        """The core with "a" or "an" where the noun takes one."""
        return with_article(self.core) if self.number == "one" else self.core

    @property
    def with_article(self) -> Fragment:
        """With "a" or "an" where the noun takes one: "a nodule at the left apex"."""
        return join([self.core_with_article, self.after])


def noun_phrase(
    dice: Dice, topic: Topic, existence: Existence = "present", exact: bool = False
) -> NounPhrase:
    """Say a topic as a noun phrase.

    Args:
        dice: the choices.
        topic: what to say; devices have their own sentences.
        existence: what the sentence around will say of it.
        exact: name the planned region itself, never only its side (for grounding phrases).
    """
    words = words_for(topic.finding, topic.kind)
    noun = dice.pick(words.bilateral if topic.side == "both" else words.nouns)
    place = _NOWHERE if "[" in noun.text else _place(dice, topic, exact)
    noun = _without_doubled_lung(noun, words, place.before.text)
    regions = place.regions or topic.regions
    size, size_after, size_mm = measure(dice, topic)
    adjective = _adjective(dice, topic, words)
    said = {"severity": adjective, "size_mm": size_mm}
    mention = Mention(topic.finding, regions, existence, False, tuple((k, v) for k, v in said.items() if v))
    head = marked(f"<{noun.text.format(s=topic.side)}>", (mention,))
    core = join([Fragment(adjective), Fragment(size), place.before, head])
    after = join([place.after, Fragment(size_after)])
    return NounPhrase(core, after, noun.number, topic.leaning, topic.finding, regions)


def _adjective(dice: Dice, topic: Topic, words: FindingWords) -> str:
    if topic.finding == "nodule" and topic.size_mm is not None and dice.chance(0.5):
        return "tiny" if topic.size_mm < 6 else "small" if topic.size_mm < 12 else ""
    return dice.pick(words.adjectives[topic.degree]) if dice.chance(0.8) else ""


def _without_doubled_lung(noun: Noun, words: FindingWords, before: str) -> Noun:
    """Avoid "left mid lung lung nodule"."""
    return words.nouns[0] if "lung" in before and noun.text.startswith(("lung", "pulmonary")) else noun


def _kind_of_words(topic: Topic) -> str:
    """The key of the place words, where it is not the region's kind."""
    if topic.finding == "fracture" and topic.kind == "lung":
        return "rib"
    return "pleural space" if topic.finding == "pleural effusion" and topic.degree == 2 else topic.kind


def _place(dice: Dice, topic: Topic, exact: bool) -> Placed:
    kind = _kind_of_words(topic)
    if kind not in (BOTH_SIDES if topic.side == "both" else ONE_SIDE):
        return _NOWHERE
    if topic.finding in NATURALLY_BILATERAL and topic.side == "both" and not exact and dice.chance(0.75):
        return _NOWHERE
    if "zone" in kind and topic.finding != "calcification" and not exact and dice.chance(0.08):
        usual = usual_regions(topic.finding, topic.side)
        return name_place(dice, tuple(r for r in usual if r), "lung", topic.side)
    if topic.finding in NATURALLY_BILATERAL and topic.side != "both":
        return Placed(NOTHING, marked(f"in the [{topic.side} lung]", (), topic.regions), topic.regions)
    return name_place(dice, topic.regions, kind, topic.side, topic.own(ORDINALS))


def measure(dice: Dice, topic: Topic) -> tuple[str, str, str]:
    """Words for a diameter: (before the noun, after it, mm as said); one of the first two is empty."""
    if topic.size_mm is None or dice.chance(0.3):
        return "", "", ""
    text = _size_text(dice, topic)
    said = str(_whole(topic.size_mm))
    return (text, "", said) if dice.chance(0.5) else ("", dice.pick(_MEASURING).format(text), said)


def _size_text(dice: Dice, topic: Topic) -> str:
    """The diameter in mm or cm, sometimes with a second one; the first is the largest."""
    longest = _whole(topic.size_mm or 0)
    other = _whole(longest * (0.65 + 0.3 * topic.variant))
    in_cm, two = dice.chance(0.5), dice.chance(0.4)
    if in_cm:
        return f"{longest / 10:.1f} x {other / 10:.1f} cm" if two else f"{longest / 10:.1f} cm"
    return f"{longest} x {other} mm" if two else f"{longest} mm"


def _whole(millimetres: float) -> int:
    return max(1, round(millimetres))
