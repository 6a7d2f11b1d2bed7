"""Pieces of text that know where their findings and places are mentioned.

Text is only ever joined through this module, and marks move with it, so spans are exact by construction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from maple_lib.reports.types import Existence

Regions = tuple[str | None, ...]

_SLOT = re.compile(r"\{(\w+)\}")
_MARKUP = re.compile(r"[<>\[\]]")
_SPOKEN_VOWEL = frozenset("AEFHILMNORSX")


class Mention(NamedTuple):
    """What a stretch of words states: a finding, in these regions, with this existence."""

    finding: str
    regions: Regions
    existence: Existence = "present"
    implied: bool = False
    attributes: tuple[tuple[str, str], ...] = ()


class PlaceWords(NamedTuple):
    """Words that name the place of the mentions with the same regions."""

    regions: Regions


class Mark(NamedTuple):
    """Characters [start, end) of a fragment and what they mean."""

    start: int
    end: int
    meaning: Mention | PlaceWords


class Fragment(NamedTuple):
    """A piece of text with its marks."""

    text: str
    marks: tuple[Mark, ...] = ()


NOTHING = Fragment("")


def marked(text: str, mentions: Iterable[Mention] = (), regions: Regions = ()) -> Fragment:
    """Read a small markup: ``<...>`` is the next mention, ``[...]`` names the place.

    Args:
        text: e.g. ``"the <[heart] is enlarged>"``; the brackets vanish.
        mentions: one per ``<...>``, in order of their opening.
        regions: what ``[...]`` stands for; by default the regions of the first mention.
    """
    return _parse(text, tuple(mentions), regions)


@lru_cache(maxsize=20_000)
def _parse(text: str, mentions: tuple[Mention, ...], regions: Regions) -> Fragment:
    meanings = iter(mentions)
    place = PlaceWords(regions or (mentions[0].regions if mentions else ()))
    plain, opened, marks, last = "", [], [], 0
    for sign in _MARKUP.finditer(text):
        plain += text[last : sign.start()]
        last = sign.end()
        if sign.group() in "<[":
            opened.append((len(plain), next(meanings) if sign.group() == "<" else place))
        else:
            start, meaning = opened.pop()
            marks.append(Mark(start, len(plain), meaning))
    return Fragment(plain + text[last:], tuple(marks))


@lru_cache(maxsize=5_000)
def _pieces(template: str) -> tuple[tuple[str, str], ...]:
    """Split a template into (literal, slot) pairs; the last slot is empty."""
    parts = [*_SLOT.split(template), ""]
    return tuple(zip(parts[::2], parts[1::2], strict=True))


def fill(template: str, **slots: Fragment | str) -> Fragment:
    """Put fragments or plain strings into the ``{slots}`` of a template; marks move along."""
    text, marks = "", []
    for literal, slot in _pieces(template):
        text += literal
        if not slot:
            continue
        value = slots[slot]
        if isinstance(value, str):
            text += value
        else:
            marks += _moved(value.marks, len(text))
            text += value.text
    return Fragment(text, tuple(marks))


def join(fragments: Iterable[Fragment], between: str = " ") -> Fragment:
    """Concatenate the fragments that have any text."""
    text, marks = "", []
    for piece in fragments:
        if not piece.text:
            continue
        text += between if text else ""
        marks += _moved(piece.marks, len(text))
        text += piece.text
    return Fragment(text, tuple(marks))


def enumerate_words(items: list[Fragment], last: str = " and ") -> Fragment:
    """Join as a list: "A", "A and B", "A, B and C"."""
    if len(items) == 1:
        return items[0]
    return join([join(items[:-1], ", "), items[-1]], last)


def _moved(marks: tuple[Mark, ...], by: int) -> list[Mark]:
    return [Mark(start + by, end + by, meaning) for start, end, meaning in marks]


def capitalised(fragment: Fragment) -> Fragment:
    """The fragment with its first letter in upper case."""
    return Fragment(fragment.text[:1].upper() + fragment.text[1:], fragment.marks)


def with_article(fragment: Fragment) -> Fragment:
    """Prefix "a" or "an", as the fragment is pronounced ("an RUL nodule", "an 8 mm nodule")."""
    return fill("an {it}" if _sounds_like_vowel(fragment.text) else "a {it}", it=fragment)


def _sounds_like_vowel(text: str) -> bool:
    word = text.split(" ", 1)[0]
    if word[:1].isdigit():
        return word[0] == "8" or re.split(r"\D", word)[0] in ("11", "18")
    if len(word) > 1 and word[:2].isupper() and word != "PICC":
        return word[0] in _SPOKEN_VOWEL
    return word[:1].lower() in "aeiou" and not word.startswith("uni")
