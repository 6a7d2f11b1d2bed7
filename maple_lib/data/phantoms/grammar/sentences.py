"""Sentences about one finding: stated, compared with the prior examination, or hedged."""

from __future__ import annotations

from maple_lib.data.phantoms.grammar.clauses import blunting_sentence, clause
from maple_lib.data.phantoms.grammar.combined import differential, malignancy
from maple_lib.data.phantoms.grammar.conventions import DEVICES
from maple_lib.data.phantoms.grammar.devices import device_sentence
from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import Fragment, fill
from maple_lib.data.phantoms.grammar.phrases import NounPhrase, noun_phrase
from maple_lib.data.phantoms.grammar.tellings import Telling

# {a}: with article; {the}: with "the"; {bare}: neither; {core} ... {after}: split by the verb.
STATED = (
    "{bare}",
    "{bare}",
    "there {is} {a}",
    "there {is} {a}",
    "{a} {is} present",
    "{a} {is} seen",
    "{a} {is} noted",
    "{a} {is} identified",
    "{a} {is} demonstrated",
    "{a} {is} visualized",
    "{core} {is} seen {after}",
    "{core} {is} present {after}",
    "{core} {is} noted {after}",
    "{core} {is} visible {after}",
    "note is made of {a}",
    "the examination shows {a}",
    "there is evidence of {a}",
    "findings include {a}",
)
IN_SHORT = ("{bare}", "{bare}", "{bare}", "there {is} {a}", "{a} {is} present", "{a}", "evidence of {a}")
CHANGED: dict[str, tuple[str, ...]] = {
    "unchanged": (
        "again seen {is} {a}",
        "again noted {is} {a}",
        "redemonstrated {is} {a}",
        "{a} {is} again seen",
        "{core} {is} again demonstrated {after}",
        "unchanged {bare}",
        "stable {bare}",
        "persistent {bare}",
        "{the} {is} unchanged",
        "{the} {is} stable",
        "{the} {is} unchanged compared to prior",
        "{the} {is} similar to the prior study",
        "{the} {is} not significantly changed",
        "{the} {has} not significantly changed since ___",
        "{the} {is} stable since the prior examination",
        "no significant change in {the}",
        "no significant interval change in {the}",
        "{the} persist{s}",
    ),
    "new": (
        "new {bare}",
        "there {is} new {bare}",
        "interval development of {a}",
        "{the} {is} new compared to prior",
        "{the} {is} new since ___",
        "{the} {has} developed since the prior study",
    ),
    "increased": (
        "increased {bare}",
        "slightly increased {bare}",
        "worsening {bare}",
        "{the} {has} increased",
        "{the} {has} worsened since the prior study",
        "{the} {has} slightly increased compared to ___",
        "interval increase in {the}",
        "interval worsening of {the}",
    ),
    "decreased": (
        "decreased {bare}",
        "slightly decreased {bare}",
        "improving {bare}",
        "{the} {has} decreased",
        "{the} {has} improved since the prior study",
        "{the} {has} slightly decreased compared to ___",
        "interval decrease in {the}",
        "interval improvement of {the}",
    ),
}
HEDGED = (
    "possible {bare}",
    "possible {bare}",
    "probable {bare}",
    "likely {bare}",
    "questionable {bare}",
    "suspected {bare}",
    "equivocal {bare}",
    "there may be {a}",
    "there might be {a}",
    "there {is} possibly {a}",
    "there {is} likely {a}",
    "there could be {a}",
    "{a} cannot be excluded",
    "{a} {is} not excluded",
    "cannot exclude {a}",
    "{a} {is} suspected",
    "findings suggest {a}",
    "findings are suggestive of {a}",
    "findings are suspicious for {a}",
    "appearance is concerning for {a}",
    "?{bare}",
)


def sentence_about(dice: Dice, telling: Telling, short: bool = False) -> Fragment:
    """One sentence on a telling, without its full stop and its capital letter.

    Args:
        dice: the choices.
        telling: what to say.
        short: the clipped style of an impression.
    """
    topic = telling.topic
    if topic.finding in DEVICES:
        return device_sentence(dice, topic, telling.change)
    if telling.uncertain:
        if topic.finding == "pleural effusion" and topic.side != "both" and dice.chance(0.25):
            return blunting_sentence(dice, topic, uncertain=True)
        return put(dice.pick(HEDGED), noun_phrase(dice, topic, "uncertain"))
    if telling.causes and dice.chance(0.7):
        return differential(dice, topic, telling.causes)
    if short and topic.finding in ("mass", "nodule") and not telling.change and dice.chance(0.15):
        return malignancy(dice, topic)
    if not telling.change and dice.chance(0.45):
        special = clause(dice, topic)
        if special is not None:
            return special
    frames = CHANGED[telling.change] if telling.change else IN_SHORT if short else STATED
    return put(dice.pick(frames), noun_phrase(dice, topic))


def put(template: str, phrase: NounPhrase) -> Fragment:
    """Put a noun phrase into a sentence frame; verbs agree with its number."""
    many = phrase.number == "many"
    sentence = fill(
        template,
        bare=phrase.bare,
        a=phrase.with_article,
        the=fill("the {it}", it=phrase.bare),
        core=phrase.core_with_article,
        after=phrase.after,
        has="have" if many else "has",
        s="" if many else "s",
        **{"is": "are" if many else "is"},
    )
    text = sentence.text.rstrip()
    return Fragment(f"{text}, {phrase.tail}" if phrase.tail else text, sentence.marks)
