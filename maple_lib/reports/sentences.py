"""Split a section into sentences: abbreviations, decimals, lists, wrapped lines, missing spaces."""

from __future__ import annotations

import re

from maple_lib.reports.types import Span

# A stop that may end a sentence: before a space or the end, or glued to the next word ("clear.No effusion").
_OPENER = re.compile(
    r"(?:The|There|No|It|This|These|They|Heart|Lungs?|Cardiac|Mediastinal|Pulmonary|Osseous|Both|Bony|Possible|Mild"
    r"|Moderate|Small|Large|Stable|Unchanged|Minimal|Interval|Left|Right|Bilateral|A|An|Trachea|Cannot|Probable"
    r"|Trace|Severe|Again|Persistent|Increased|Decreased|New|Subtle|Slight|Findings|Likely|Negative) [a-z]"
)
_STOP = re.compile(
    r"(?=[.!?\n ])(?:"  # rejects most characters cheaply
    r"(?<=[^\s.!?])[.!?]++[\"')\]]*+(?=\s|$)|(?<=[a-z)]{2})\.(?=[A-Z][a-z])|(?<=[a-z]{3})\.(?=[a-z]{2,}\s)|\n"
    # A full stop that was forgotten: a word that opens sentences, in capitals, right after a lower-case word.
    rf"| (?=[A-Z2-9])(?<=[a-z)] )(?={_OPENER.pattern}|[2-9]\. +[A-Z]))"
)
_FUNCTION_WORDS = (
    "the a an of in on at and or with without no is are was to for by from over may as both than versus"
)
_OPEN_ENDED = frozenset(_FUNCTION_WORDS.split())
_SHORTENED = "dr drs mr mrs ms vs approx eg st fig resp ca prof bzw jr no dept ext cf"
_ABBREVIATIONS = frozenset(_SHORTENED.split())
_MARKER = re.compile(r"\s*(?:\(?\d{1,2}[.)](?=\s*[^\W\d])|[-*•–·](?=\s)|[a-h]\))?\s*")
_ITEM = re.compile(r"\s*(?:\(?\d{1,2}[.)]\s|[-*•–·]\s|\n|$)")


def split_sentences(text: str, start: int, end: int) -> list[Span]:
    """The sentences of ``text[start:end]``, without the numbers or bullets before them.

    A line break ends a sentence where the next line opens a list item or a paragraph, or begins with a
    capital after a line that had room for its first word; otherwise the line was only wrapped.

    Args:
        text: the whole report.
        start: first character of the section's body.
        end: character after its last.
    """
    sentences: list[Span | None] = []
    width: int | None = None
    begin = _skip_marker(text, start, end)
    for stop in _STOP.finditer(text, start, end):
        first, at = stop.span()
        if at <= begin:
            continue
        if text[first] == " ":
            meant = _is_run_on(text, begin, first)
        elif text[first] == "\n":
            width = _line_width(text, start, end) if width is None else width
            meant = _line_ends(text, first, start, end, width)
        else:
            meant = _ends(text, begin, at)
        if meant:
            sentences.append(_trimmed(text, begin, at))
            begin = _skip_marker(text, at, end)
    sentences.append(_trimmed(text, begin, end))
    return [span for span in sentences if span is not None]


def _skip_marker(text: str, begin: int, end: int) -> int:
    if text[begin : begin + 1] == " " and text[begin + 2 : begin + 3].islower():
        return begin + 1  # by far the most frequent: " The ..."
    match = _MARKER.match(text, begin, end)
    return match.end() if match else begin


def _ends(text: str, begin: int, at: int) -> bool:
    """Whether the stop before ``at`` ends a sentence, and not an abbreviation such as "Dr." or "p.m."."""
    if text[at - 1] != "." or (at - begin > 2 and text[at - 2] == "."):
        return True
    word = text[max(begin, at - 9) : at - 1].rsplit(None, 1)[-1].lower()
    initials = word[-1:].isalpha() and word[-2:-1] in ("", ".", "(")
    if not initials and word not in _ABBREVIATIONS:
        return True
    following = text[at : at + 20].split(None, 1)[:1]
    if "." not in word or not following or not following[0][0].isupper():
        return False
    return following[0].lower() in ("the", "a") or following[0].lower() not in _OPEN_ENDED


def _is_run_on(text: str, begin: int, at: int) -> bool:
    """Whether the words before ``at`` can end a sentence: not "in the" before "Right lung"."""
    before = text[max(begin, at - 40) : at].split()
    return len(before) > 1 and before[-1].lower() not in _OPEN_ENDED


def _line_width(text: str, start: int, end: int) -> int:
    return max(map(len, text[text.rfind("\n", 0, start) + 1 : end].split("\n")))


def _line_ends(text: str, at: int, start: int, end: int, width: int) -> bool:
    """Whether the line break at ``at`` is meant, and not only where the line was full."""
    if _ITEM.match(text, at + 1, end):
        return True
    line = at - text.rfind("\n", 0, at) - 1
    rest = text[at + 1 : min(end, at + 40)].lstrip()
    if not rest[:1].isupper() or not _is_run_on(text, start, at):
        return False
    word = rest.split(None, 1)[0]
    if word[1:2].isupper() and text[at - 1].islower():
        return False  # "in the mid / SVC": an abbreviation, not the start of a sentence
    return _OPENER.match(rest) is not None or line + 1 + len(word) < width


def _trimmed(text: str, begin: int, end: int) -> Span | None:
    """The span without the blanks around it; None where only marks are left."""
    piece = text[begin:end]
    kept = piece.strip()
    if not kept[:1].isalnum() and not any(letter.isalnum() or letter in "?_" for letter in kept):
        return None
    begin += len(piece) - len(piece.lstrip())
    return begin, begin + len(kept)
