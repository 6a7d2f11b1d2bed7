"""Several findings in one sentence: differentials, neighbours, shared places, mixed statements."""

from __future__ import annotations

from maple_lib.data.phantoms.grammar.conventions import usual_regions
from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import Fragment, Mention, enumerate_words, fill, join, marked
from maple_lib.data.phantoms.grammar.lexicon import words_for
from maple_lib.data.phantoms.grammar.negatives import absence, gone
from maple_lib.data.phantoms.grammar.normals import implied_absence
from maple_lib.data.phantoms.grammar.phrases import NounPhrase, noun_phrase
from maple_lib.data.phantoms.grammar.places import name_place
from maple_lib.data.phantoms.grammar.topics import NATURALLY_BILATERAL, Topic
from maple_lib.reports.types import Existence

_HEDGED_CAUSE = (
    "{it} may represent {x}",
    "{it}, which may represent {x}",
    "{it} may reflect {x}",
    "{it} could reflect {x}",
    "{it}, possibly {x}",
    "{it}, likely {x}",
    "{it} concerning for {x}",
    "{it} suspicious for {x}",
    "there {is} {a} that could represent {x}",
    "there {is} {a}, probably {x}",
)
_STATED_CAUSE = ("{it} consistent with {x}", "{it}, compatible with {x}", "{it} in keeping with {x}")
_BETWEEN = (" or ", " versus ", " vs. ")
_AND = (
    "{one} and {two}",
    "there {is} {one} and {two}",
    "{one}, and {two}",
    "{one} and {two} are noted",
)
_BESIDE = ("adjacent", "associated", "overlying")
_MIXED = (
    "no {no}, but {a} {is} present",
    "no {no}, but {a} {is} seen",
    "{bare} without {no}",
    "{bare}, but no {no}",
    "there {is} {a}, but no {no}",
    "there {is} {a} without evidence of {no}",
    "{bare} with no {no}",
)
_PERSISTING = (
    "{gone} but {the} persist{s}",
    "{gone}, but {the} {is} unchanged",
    "{gone}, while {the} persist{s}",
)
_MALIGNANT = (
    "{it} concerning for malignancy",
    "{it}, suspicious for malignancy",
    "{it} worrisome for neoplasm",
)


def differential(dice: Dice, topic: Topic, causes: tuple[str, ...]) -> Fragment:
    """The topic stays present; what it "may represent" is uncertain, in the same regions."""
    phrase = noun_phrase(dice, topic)
    stated = topic.degree == 2 and causes == ("pneumonia",) and dice.chance(0.5)
    existence: Existence = "present" if stated else "uncertain"
    names = [marked(f"<{cause}>", (Mention(cause, phrase.regions, existence),)) for cause in causes]
    if len(names) == 2 and dice.chance(0.2):
        return fill("{it}, {x}", it=phrase.bare, x=enumerate_words(names, dice.pick((" versus ", " vs. "))))
    template = dice.pick(_STATED_CAUSE if stated else _HEDGED_CAUSE)
    cause = enumerate_words(names, dice.pick(_BETWEEN))
    return _agreeing(template, phrase, it=phrase.bare, x=cause, a=phrase.with_article)


def malignancy(dice: Dice, topic: Topic) -> Fragment:
    """A mass or nodule with a suspicion that is no finding of the vocabulary; the mass stays present."""
    return fill(dice.pick(_MALIGNANT), it=noun_phrase(dice, topic).bare)


def side_by_side(dice: Dice, one: Topic, two: Topic) -> Fragment:
    """Two findings, each with its own place, so that neither can borrow the other's."""
    first = noun_phrase(dice, one, exact=one.finding in NATURALLY_BILATERAL)
    second = noun_phrase(dice, two, exact=two.finding in NATURALLY_BILATERAL)
    template = dice.pick(_AND)
    if "there" in template:
        return _agreeing(template, first, one=first.with_article, two=second.with_article)
    return _agreeing(template, first, one=first.bare, two=second.bare)


def beside_effusion(dice: Dice, effusion: Topic, lung: Topic) -> Fragment:
    """An effusion "with adjacent atelectasis": the second shares the side of the first, no more."""
    names = dice.pick(words_for("pleural effusion", effusion.kind).adjectives[effusion.degree])
    plural = "s" if effusion.side == "both" else ""
    side = "bilateral" if effusion.side == "both" else dice.pick(("{s}", "{s}-sided")).format(s=effusion.side)
    first = marked(
        f"{names} [{side}] <pleural effusion{plural}>", (Mention(effusion.finding, effusion.regions),)
    )
    words = words_for(lung.finding, lung.kind)
    noun = next((n for n in words.nouns if n.number == "mass"), words.nouns[0])
    mention = Mention(lung.finding, usual_regions(lung.finding, effusion.side))
    return fill(
        "{one} with {beside} {two}",
        one=first,
        beside=dice.pick(_BESIDE),
        two=marked(f"<{noun.text}>", (mention,)),
    )


def in_one_place(dice: Dice, one: Topic, two: Topic) -> Fragment:
    """Two findings of one region, whose place is named once."""
    place = name_place(dice, one.regions, one.kind, one.side)
    names = [
        marked(f"<{words_for(t.finding, t.kind).bare.split(' ')[-1]}>", (Mention(t.finding, one.regions),))
        for t in (one, two)
    ]
    both = enumerate_words(names)
    return join([place.before, both, place.after])


def hyperinflated_but_clear(dice: Dice, topic: Topic) -> Fragment:
    """Hyperinflation and clear lungs in one breath."""
    clear = implied_absence("opacity")
    text = dice.pick(
        ("the <[lungs] are hyperinflated> but <clear>", "the <[lungs] are hyperexpanded> but <clear>")
    )
    return marked(text, (Mention(topic.finding, topic.regions), clear))


def in_two_places(dice: Dice, one: Topic, two: Topic) -> Fragment:
    """One finding in two places: "patchy opacities in the left upper lobe and at the right base"."""
    words = words_for(one.finding, one.kind)
    adjectives = words.adjectives[one.degree] if one.degree == two.degree else ("",)
    topics = (one, two)
    places = [name_place(dice, t.regions, t.kind, t.side, behind=True).after for t in topics]
    noun = dice.pick(words.bilateral).text
    once = marked(f"<{noun}>", (Mention(one.finding, one.regions),))
    mark = once.marks[0]
    both = Fragment(noun, (mark, mark._replace(meaning=Mention(two.finding, two.regions))))
    return join([Fragment(dice.pick(adjectives)), both, enumerate_words(places)])


def mixed(dice: Dice, topic: Topic, denied: list[str]) -> Fragment:
    """A finding and denials in one sentence; what is denied is denied everywhere."""
    phrase = noun_phrase(dice, topic)
    words = enumerate_words([absence(dice, finding) for finding in denied], " or ")
    return _agreeing(dice.pick(_MIXED), phrase, no=words, a=phrase.with_article, bare=phrase.bare)


def persisting(dice: Dice, finding: str, side: str, topic: Topic) -> Fragment:
    """One finding has resolved, another one persists."""
    phrase = noun_phrase(dice, topic)
    the = fill("the {it}", it=phrase.bare)
    return _agreeing(dice.pick(_PERSISTING), phrase, gone=gone(dice, finding, side), the=the)


def _agreeing(template: str, phrase: NounPhrase, **slots: Fragment | str) -> Fragment:
    many = phrase.number == "many"
    return fill(template, **slots, s="" if many else "s", **{"is": "are" if many else "is"})
