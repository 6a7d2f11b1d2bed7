"""Slips of dictation: typos, doubled words, lost articles, spoken punctuation; marks and truth stay."""

from __future__ import annotations

import re
from typing import NamedTuple

from maple_lib.data.phantoms.grammar.dice import Dice
from maple_lib.data.phantoms.grammar.fragment import Fragment, Mark

_WORD = re.compile(r"[A-Za-z-]+")
_ARTICLE = frozenset({"a", "an", "the"})
# Words that decide what a sentence states are never misspelt.
_PROTECTED = frozenset(
    (
        "without",
        "resolved",
        "removed",
        "longer",
        "absent",
        "negative",
        "possible",
        "probable",
        "likely",
        "questionable",
        "suspected",
        "suggest",
        "suggestive",
        "suspicious",
        "concerning",
        "cannot",
        "excluded",
        "equivocal",
        "versus",
        "unchanged",
        "represent",
        "reflect",
        "possibly",
        "probably",
        "bilateral",
        "bilaterally",
        "normal",
        "intact",
        "unremarkable",
    )
)
_TYPOS_PER_WORD, _DOUBLES_PER_WORD, _FILLERS_PER_WORD, _LOST_ARTICLES = 0.06, 0.015, 0.01, 0.3
_NO_PERIOD, _SPOKEN_PERIOD, _NO_SPACE, _LOWER_START = 0.08, 0.02, 0.06, 0.1
_ALL_UPPER, _ALL_LOWER = 0.12, 0.08


class Edit(NamedTuple):
    """Replace characters [start, end) by ``text``."""

    start: int
    end: int
    text: str


class Noise:
    """A dictation at a given rate of slips.

    Args:
        dice: the choices.
        rate: in [0, 1]; 0 makes no slip, 1 is a very hurried dictation.
    """

    def __init__(self, dice: Dice, rate: float) -> None:
        self._dice, self._rate = dice, rate
        self._must_start_upper = True

    def _happens(self, often: float) -> bool:
        return self._rate > 0 and self._dice.chance(often * self._rate)

    def sentence(self, fragment: Fragment) -> Fragment:
        """The sentence as dictated. After a lost full stop the next keeps its capital letter."""
        if not self._rate:
            return fragment
        keep_upper, self._must_start_upper = self._must_start_upper, False
        noisy = disturb(fragment, self._dice, self._rate, keep_start=keep_upper)
        if not keep_upper and self._happens(_LOWER_START) and noisy.text[1:2].islower():
            noisy = Fragment(noisy.text[:1].lower() + noisy.text[1:], noisy.marks)
        if not noisy.text.endswith("."):
            return noisy
        if self._happens(_NO_PERIOD):
            self._must_start_upper = True
            return Fragment(noisy.text[:-1], noisy.marks)
        spoken = self._happens(_SPOKEN_PERIOD)
        return Fragment(noisy.text[:-1] + " period.", noisy.marks) if spoken else noisy

    def space(self, between: str) -> str:
        """What stands between two sentences; a single space may get lost behind a full stop."""
        if between == " " and not self._must_start_upper and self._happens(_NO_SPACE):
            self._must_start_upper = True
            return ""
        return between

    def case(self, text: str) -> str:
        """The whole report, sometimes in capitals or without any; its length stays."""
        if self._happens(_ALL_UPPER):
            return text.upper()
        return text.lower() if self._happens(_ALL_LOWER) else text


def disturb(fragment: Fragment, dice: Dice, rate: float, keep_start: bool = False) -> Fragment:
    """Slips inside one sentence.

    Args:
        fragment: the sentence, with its marks.
        dice: the choices.
        rate: in (0, 1].
        keep_start: leave the first word alone, whose capital letter marks the sentence's start.
    """
    words = _WORD.finditer(fragment.text)
    edits = [edit for word in words if (word.start() or not keep_start) and (edit := _slip(word, dice, rate))]
    return apply_edits(fragment, edits)


def _slip(word: re.Match[str], dice: Dice, rate: float) -> Edit | None:
    text, start = word.group(), word.start()
    if text.lower() in _ARTICLE and word.string[word.end() : word.end() + 1] == " ":
        return Edit(start, word.end() + 1, "") if dice.chance(_LOST_ARTICLES * rate) else None
    roll = dice.roll() / rate
    if roll < _TYPOS_PER_WORD:
        return _typo(text, start, dice)
    if roll < _TYPOS_PER_WORD + _DOUBLES_PER_WORD:
        return Edit(start, start, f"{text} ") if text.islower() else None
    if roll < _TYPOS_PER_WORD + _DOUBLES_PER_WORD + _FILLERS_PER_WORD:
        return Edit(start, start, "um ") if start else None
    return None


def _typo(word: str, start: int, dice: Dice) -> Edit | None:
    """Swap, drop or double one inner letter of a word long enough to stay readable."""
    if len(word) < 7 or word.lower() in _PROTECTED or not word[1:].islower():
        return None
    at = 2 + int(dice.roll() * (len(word) - 4))
    kind = dice.pick(("swap", "drop", "double"))
    new = {"swap": word[at + 1] + word[at], "drop": word[at + 1], "double": word[at] * 2 + word[at + 1]}[kind]
    return Edit(start + at, start + at + 2, new)


def apply_edits(fragment: Fragment, edits: list[Edit]) -> Fragment:
    """Apply edits in ascending order, none overlapping, and move the marks with their words."""
    if not edits:
        return fragment
    text, last = "", 0
    for start, end, new in edits:
        text += fragment.text[last:start] + new
        last = end
    marks = (
        Mark(_moved(m.start, edits, True), _moved(m.end, edits, False), m.meaning) for m in fragment.marks
    )
    return Fragment(text + fragment.text[last:], tuple(marks))


def _moved(position: int, edits: list[Edit], is_start: bool) -> int:
    """Where a boundary goes; a word inserted right at a mark's start comes before the mark."""
    moved = position
    for start, end, new in edits:
        if end < position or (end == position and (is_start or start < end)):
            moved += len(new) - (end - start)
    return moved
