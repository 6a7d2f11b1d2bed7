"""Sentences that speak of the finding before them without naming it: "It is unchanged from prior"."""

from __future__ import annotations

from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import Fragment, Mention, marked
from maple_lib.data.phantoms.grammar.tellings import Telling

_UNCHANGED = (
    "<{it}> {is} unchanged",
    "<{it}> {is} unchanged from prior",
    "<{it}> {is} stable since the prior examination",
    "<{it}> {is} similar to the prior study",
    "<{this}> {is} not significantly changed",
    "<{this}> {is} unchanged since ___",
)
_GROWN = (
    "<{it}> {has} increased in size",
    "<{it}> {has} slightly increased",
    "<{this}> {has} worsened since ___",
)
_SHRUNK = (
    "<{it}> {has} decreased in size",
    "<{it}> {has} improved",
    "<{this}> {has} slightly decreased since ___",
)
_SHRINKING = frozenset({"pleural effusion", "pneumothorax", "opacity", "consolidation", "atelectasis"})


def follow_up(dice: Dice, telling: Telling, sentence: Fragment, has_prior: bool) -> Fragment | None:
    """A sentence whose pronoun stands for the only finding of ``sentence``; None where none fits.

    Truth: the pronoun is the mention; finding, regions and existence are inherited.
    """
    mentions = [(m.start, m.end, m.meaning) for m in sentence.marks if isinstance(m.meaning, Mention)]
    if len(mentions) != 1 or telling.uncertain:
        return None
    start, end, mention = mentions[0]
    words = sentence.text[start:end]
    frames = _measured(telling, mention) or (_frames(telling) if has_prior else ())
    if not frames or words.endswith(("enlarged", "inflated", "expanded", "calcified", "elevated")):
        return None
    many = words.endswith("s") and not words.endswith(("is", "ss"))
    text = dice.pick(frames).format(
        it="they" if many else "it",
        this="these" if many else "this",
        has="have" if many else "has",
        measures="measure" if many else "measures",
        **{"is": "are" if many else "is"},
    )
    return marked(text, (mention._replace(attributes=()),))


def _measured(telling: Telling, mention: Mention) -> tuple[str, ...]:
    size = telling.topic.size_mm
    if size is None or "size_mm" in dict(mention.attributes):
        return ()
    mm, cm = f"{round(size)} mm", f"{round(size) / 10:.1f} cm"
    return (f"<{{it}}> {{measures}} {mm}", f"<{{it}}> {{measures}} approximately {cm}")


def _frames(telling: Telling) -> tuple[str, ...]:
    if telling.change:
        return ()
    if telling.topic.finding in _SHRINKING:
        return _UNCHANGED + _GROWN + _SHRUNK
    return _UNCHANGED + _GROWN if telling.topic.finding in ("nodule", "mass") else _UNCHANGED
