"""Cut text into the words that the parser reads, each with its place in the text."""

from __future__ import annotations

import re

from maple_lib.reports.types import Span

# Numbers, words (with trailing digits: "T8", "l1"), blanks, and single marks. A hyphen inside or at the edge
# of a word is no token, so "plate-like", "plate like" and "air- filled" read alike; a lone dash is one.
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+\d*(?:['’][^\W\d_]+)?|_+|(?<!\w)-(?!\w)|[^\w\s-]")


def lower(text: str) -> str:
    """Lower case with the same number of characters, so that positions still fit the text."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def tokenise(lowered: str) -> tuple[list[str], list[Span]]:
    """The tokens of a lower-case text and their (start, end) characters."""
    spans = [match.span() for match in _TOKEN.finditer(lowered)]
    return [lowered[start:end] for start, end in spans], spans


def words_of(phrase: str) -> list[str]:
    """The tokens of a phrase of the vocabulary or of the cue table."""
    return _TOKEN.findall(lower(phrase))
