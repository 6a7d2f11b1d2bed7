"""The FINDINGS section: what is there, what is not, what is normal, in some radiologist's order."""

from __future__ import annotations

from maple_lib.data.phantoms.grammar import combined
from maple_lib.data.phantoms.grammar.conventions import DEVICES, may_deny
from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.follow import follow_up
from maple_lib.data.phantoms.grammar.fragment import Fragment, enumerate_words, fill
from maple_lib.data.phantoms.grammar.negatives import (
    absence,
    choose_negatives,
    negative_sentences,
    one_sided_sentence,
    resolved_sentence,
)
from maple_lib.data.phantoms.grammar.normals import clear_side, free_sides, normal_statements
from maple_lib.data.phantoms.grammar.places import SIDES
from maple_lib.data.phantoms.grammar.sentences import sentence_about
from maple_lib.data.phantoms.grammar.tellings import Telling

_PART: dict[str, str] = {
    "pleural effusion": "pleura",
    "pneumothorax": "pleura",
    "cardiomegaly": "heart",
    "hernia": "heart",
    "calcification": "heart",
    "fracture": "bones",
    "tube": "devices",
    "line": "devices",
    "pacemaker": "devices",
}
_ORDERS = (
    ("lungs", "pleura", "heart", "bones", "devices"),
    ("devices", "lungs", "pleura", "heart", "bones"),
    ("heart", "lungs", "pleura", "bones", "devices"),
    ("devices", "heart", "lungs", "pleura", "bones"),
)
_IN_TWO_PLACES = frozenset({"opacity", "consolidation", "atelectasis", "nodule", "mass"})
_LUNG_FINDINGS = frozenset({"opacity", "consolidation", "atelectasis"})

# Signs of heart failure, told together although they lie in different parts.
_FAILURE = {"cardiomegaly", "edema"}
# Denied in the same breath as a finding of lungs or pleura.
_DENIED_BESIDE = frozenset({"pleural effusion", "pneumothorax", "consolidation", "edema", "pneumonia"})

Statement = tuple[str, list[Fragment]]


def findings_sentences(
    dice: Dice, tellings: list[Telling], claimed: set[str], has_prior: bool
) -> list[Fragment]:
    """All sentences of the section, in order, without capital letters and full stops."""
    negatives = choose_negatives(dice, claimed)
    statements = _told(dice, [t for t in tellings if t.in_findings], negatives, claimed, has_prior)
    statements += _normal(dice, claimed, tellings, negatives)
    statements += [("pleura", [sentence]) for sentence in negative_sentences(dice, negatives)]
    if has_prior and dice.chance(0.08):
        resolved = resolved_sentence(dice, claimed)
        statements += [("devices", [resolved])] if resolved else []
    return _ordered(dice, statements)


def _ordered(dice: Dice, statements: list[Statement]) -> list[Fragment]:
    if dice.chance(0.15):
        statements = dice.shuffled(statements)
    else:
        order = dice.pick(_ORDERS)
        statements = sorted(statements, key=lambda statement: order.index(statement[0]))
    return [sentence for _, sentences in statements for sentence in sentences]


def _told(
    dice: Dice, tellings: list[Telling], negatives: list[str], claimed: set[str], has_prior: bool
) -> list[Statement]:
    """What is there. Takes from ``negatives`` those denied in the same breath."""
    waiting, statements = dice.shuffled(tellings), list[Statement]()
    while waiting:
        telling = waiting.pop()
        partner = _partner(dice, telling, waiting)
        if partner:
            waiting.remove(partner)
            sentences = [_pair(dice, telling, partner)]
        else:
            sentences = _alone(dice, telling, negatives, claimed, has_prior)
        statements.append((_PART.get(telling.topic.finding, "lungs"), sentences))
    return statements


def _plain(telling: Telling) -> bool:
    decided = telling.uncertain or telling.change or telling.causes
    return not decided and telling.topic.finding not in DEVICES


def _partner(dice: Dice, telling: Telling, waiting: list[Telling]) -> Telling | None:
    """Another finding to tell in the same sentence, if one suits."""
    if not _plain(telling) or not dice.chance(0.3):
        return None
    return next((other for other in waiting if _plain(other) and _belong_together(telling, other)), None)


def _belong_together(one: Telling, two: Telling) -> bool:
    parts = {_PART.get(t.topic.finding, "lungs") for t in (one, two)}
    neighbours = len(parts) == 1 or parts == {"lungs", "pleura"}
    return neighbours or {one.topic.finding, two.topic.finding} == _FAILURE


def _pair(dice: Dice, telling: Telling, partner: Telling) -> Fragment:
    one, two = telling.topic, partner.topic
    if two.finding == "pleural effusion":
        one, two = two, one
    if one.finding == two.finding and {one.side, two.side} <= set(SIDES) and one.finding in _IN_TWO_PLACES:
        return combined.in_two_places(dice, one, two)
    lung = two.finding in _LUNG_FINDINGS
    if one.finding == "pleural effusion" and lung and one.side == two.side and dice.chance(0.6):
        return combined.beside_effusion(dice, one, two)
    if one.regions == two.regions and one.finding in _LUNG_FINDINGS and lung and dice.chance(0.6):
        return combined.in_one_place(dice, one, two)
    return combined.side_by_side(dice, one, two)


def _alone(
    dice: Dice, telling: Telling, negatives: list[str], claimed: set[str], has_prior: bool
) -> list[Fragment]:
    topic = telling.topic
    if _clear_but_hyperinflated(telling, claimed) and dice.chance(0.3):
        return [combined.hyperinflated_but_clear(dice, topic)]
    if _plain(telling) and _PART.get(topic.finding, "lungs") in ("lungs", "pleura") and dice.chance(0.2):
        denied = _take(negatives, 1 + dice.chance(0.4))
        if denied:
            return [combined.mixed(dice, topic, denied)]
    if has_prior and _plain(telling) and dice.chance(0.05):
        for finding in ("pleural effusion", "pneumothorax"):
            if may_deny(finding, claimed):
                return [combined.persisting(dice, finding, dice.pick(SIDES), topic)]
    sentence = sentence_about(dice, telling)
    follow = follow_up(dice, telling, sentence, has_prior) if dice.chance(0.12) else None
    return [sentence, follow] if follow else [sentence]


def _clear_but_hyperinflated(telling: Telling, claimed: set[str]) -> bool:
    both_lungs = telling.topic.finding == "hyperinflation" and telling.topic.side == "both"
    return both_lungs and _plain(telling) and may_deny("opacity", claimed) and "pneumothorax" not in claimed


def _normal(dice: Dice, claimed: set[str], tellings: list[Telling], negatives: list[str]) -> list[Statement]:
    """What is normal; clear lungs sometimes take negatives along ("clear without effusion")."""
    statements: list[Statement] = []
    for part, sentence in normal_statements(dice, claimed, negatives):
        if part == "lungs" and sentence.text.endswith("clear") and dice.chance(0.25):
            denied = _take(negatives, 2)
            sentence = _clear_without(dice, sentence, denied) if denied else sentence
        statements.append((part, [sentence]))
    statements += _one_sided(dice, tellings, claimed)
    return statements


def _clear_without(dice: Dice, clear: Fragment, denied: list[str]) -> Fragment:
    words = enumerate_words([absence(dice, finding) for finding in denied], " or ")
    return fill("{clear} without {any}", clear=clear, any=words)


def _take(negatives: list[str], count: int) -> list[str]:
    """Remove up to ``count`` of the common negatives and return them."""
    taken = [finding for finding in negatives if finding in _DENIED_BESIDE][:count]
    for finding in taken:
        negatives.remove(finding)
    return taken


def _one_sided(dice: Dice, tellings: list[Telling], claimed: set[str]) -> list[Statement]:
    """Normal words about the other side of a one-sided finding."""
    statements: list[Statement] = []
    present = {(t.topic.finding, side) for t in tellings for side in _sides(t)}
    one_sided = one_sided_sentence(dice, present) if dice.chance(0.3) else None
    if one_sided:
        statements.append(("pleura", [one_sided]))
    in_lungs = {side for t in tellings if t.topic.finding not in DEVICES for side in _sides(t)}
    if not may_deny("opacity", claimed) and dice.chance(0.25):
        statements += [("lungs", [clear_side(dice, side)]) for side in free_sides(in_lungs)]
    return statements


def _sides(telling: Telling) -> tuple[str, ...]:
    side = telling.topic.side
    return SIDES if side == "both" else (side,) if side else ()
