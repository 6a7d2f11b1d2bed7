"""Left and right in words: which side a text names, and the same text about the other side."""

from __future__ import annotations

import re
from collections.abc import Sequence

from maple_lib.vocabulary import Side

_RIGHT_TO_LEFT = {
    "right middle lobe": "lingula",
    "right": "left",
    "RUL": "LUL",
    "RML": "lingula",
    "RLL": "LLL",
    "rt": "lt",
}
_LEFT_TO_RIGHT = {
    "left lingular": "right middle lobe",
    "left lingula": "right middle lobe",
    "lingular": "right middle lobe",
    "lingula": "right middle lobe",
    "left": "right",
    "LUL": "RUL",
    "LLL": "RLL",
    "lt": "rt",
}
_OTHER = {word.lower(): other for word, other in (_RIGHT_TO_LEFT | _LEFT_TO_RIGHT).items()}


# Chambers and borders of the heart bear a side that is not the side of the chest.
_NOT_OF_THE_HEART = r"(?! (?:atri|ventric|heart|cardiac))"


def _one_of(words: Sequence[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b{_NOT_OF_THE_HEART}", re.IGNORECASE)


_SIDED = _one_of(list(_OTHER))
_LEFT, _RIGHT = _one_of(list(_LEFT_TO_RIGHT)), _one_of(list(_RIGHT_TO_LEFT))
_BOTH = re.compile(r"\b(?:both|bilateral(?:ly)?|bi(?:basilar|basal|apical|hilar))\b", re.IGNORECASE)


def named_side(text: str) -> Side | None:
    """The one side that a text names, or None where it names none or both."""
    left, right = bool(_LEFT.search(text)), bool(_RIGHT.search(text))
    if left == right or _BOTH.search(text):
        return None
    return "left" if left else "right"


def swap_sides(text: str) -> str:
    """The text with left and right exchanged, in words and in the names of lobes.

    Example:
        >>> swap_sides("Left effusion, RUL mass")
        'Right effusion, LUL mass'
    """
    return _SIDED.sub(_other, text)


def _other(found: re.Match[str]) -> str:
    word = found.group()
    other = _OTHER[word.lower()]
    return other[0].upper() + other[1:] if word[0].isupper() and not word.isupper() else other
