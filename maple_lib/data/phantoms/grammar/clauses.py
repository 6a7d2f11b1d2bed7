"""Sentences that only one finding has: "The heart is mildly enlarged", "effusion blunting the angle"."""

from __future__ import annotations

from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import Fragment, Mention, marked
from maple_lib.data.phantoms.grammar.lexicon import words_for
from maple_lib.data.phantoms.grammar.topics import Topic
from maple_lib.reports.types import Existence

_ADVERBS = (("mildly ", "slightly "), ("moderately ", ""), ("markedly ",))

# Key: finding, or "finding@kind". {adv} is an adverb of degree with its space, {s} the side.
_CLAUSES: dict[str, tuple[str, ...]] = {
    "cardiomegaly": (
        "the <[heart] is {adv}enlarged>",
        "the <[cardiac silhouette] is {adv}enlarged>",
        "<[heart] size is {adv}enlarged>",
        "<[cardiac] size is {adv}enlarged>",
        "the <[heart] size is {adv}enlarged>",
        "{adv}<enlarged [heart]>",
        "{adv}<enlarged [cardiac silhouette]>",
    ),
    "hyperinflation": (
        "the <[lungs] are {adv}hyperinflated>",
        "<[lungs] are {adv}hyperinflated>",
        "{adv}<hyperinflated [lungs]>",
        "[both lungs] are {adv}<hyperinflated>",
        "the <[lungs] are {adv}hyperexpanded>",
    ),
    "elevated hemidiaphragm": (
        "the <[{s} hemidiaphragm] is {adv}elevated>",
        "<[{s} hemidiaphragm] is {adv}elevated>",
        "the <[{s} hemidiaphragm] appears {adv}elevated>",
        "{adv}<elevated [{s} hemidiaphragm]>",
    ),
    "calcification@aortic arch": (
        "the <[aortic knob] is {adv}calcified>",
        "the <[aortic arch] is {adv}calcified>",
        "the <[thoracic aorta] is {adv}calcified>",
    ),
}
_BLUNTED = (
    "{adj}<pleural effusion> <blunting> the [{s} costophrenic angle]",
    "{adj}<effusion> with <blunting> of the [{s} costophrenic angle]",
    "there is <blunting> of the [{s} costophrenic angle], consistent with {art}{adj}<pleural effusion>",
    "<blunting> of the [{s} costophrenic angle] compatible with {art}{adj}<pleural effusion>",
)
_MAYBE_BLUNTED = (
    "<blunting> of the [{s} costophrenic angle] may represent {art}{adj}<pleural effusion>",
    "<blunting> of the [{s} costophrenic angle] suggests {art}{adj}<pleural effusion>",
    "there is <blunting> of the [{s} costophrenic angle], which may reflect {art}{adj}<effusion>",
)


def clause(dice: Dice, topic: Topic) -> Fragment | None:
    """A sentence of the finding's own, or None where it has none."""
    if topic.finding == "pleural effusion" and topic.side != "both" and topic.degree < 2 and dice.chance(0.4):
        return blunting_sentence(dice, topic, uncertain=False)
    templates = _CLAUSES.get(topic.finding) or _CLAUSES.get(f"{topic.finding}@{topic.kind}")
    if templates is None:
        return None
    text = dice.pick(templates).format(adv=dice.pick(_ADVERBS[topic.degree]), s=topic.side)
    return marked(text, (Mention(topic.finding, topic.regions),))


def blunting_sentence(dice: Dice, topic: Topic, uncertain: bool) -> Fragment:
    """An effusion told through the costophrenic angle that it blunts; two findings, one place."""
    template = dice.pick(_MAYBE_BLUNTED if uncertain else _BLUNTED)
    adjective = dice.pick(words_for(topic.finding, topic.kind).adjectives[topic.degree])
    text = template.format(adj=f"{adjective} ", s=topic.side, art="a ")
    existence: Existence = "uncertain" if uncertain else "present"
    effusion = Mention("pleural effusion", topic.regions, existence)
    blunting = Mention("blunting", topic.regions)
    blunting_first = text.index("<blunting>") == text.index("<")
    return marked(text, (blunting, effusion) if blunting_first else (effusion, blunting))
