"""Split a section into sentences: abbreviations, decimals, lists, wrapped lines, missing spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from maple_lib.reports.types import Span

# A stop that may end a sentence: before a space or the end, or glued to the next word ("clear.No effusion").
_OPENER = re.compile(
    r"(?:The|There|No|It|This|These|They|Heart|Lungs?|Cardiac|Mediastinal|Pulmonary|Osseous|Both|Bony|Possible|Mild"
    r"|Moderate|Small|Large|Stable|Unchanged|Minimal|Interval|Left|Right|Bilateral|A|An|Trachea|Cannot|Probable"
    r"|Trace|Severe|Again|Persistent|Increased|Decreased|New|Subtle|Slight|Findings|Likely|Negative) [a-z]"
)
_STOP = re.compile(
    r"(?<=[^\s.!?])[.!?]++[\"')\]]*+(?=\s|$)|(?<=[a-z)]{2})\.(?=[A-Z][a-z])|(?<=[a-z]{3})\.(?=[a-z]{2,}\s)|\n"
    # A full stop that was forgotten: a word that opens sentences, in capitals, right after a lower-case word.
    rf"| (?=[A-Z2-9])(?<=[a-z)] )(?={_OPENER.pattern}|[2-9]\. +[A-Z])"
)
_OPEN_ENDED = frozenset(
    "the a an of in on at and or with without no is are was to for by from over may as both than versus".split()
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:dr|drs|mr|mrs|ms|vs|approx|e\.g|i\.e|eg|st|fig|resp|ca|prof|bzw|ca|z\.b|v\.a|u\.a|jr|no|dept|ext|min|cf)|\b[a-z])\.$",
    re.IGNORECASE,
)
_MARKER = re.compile(r"\s*(?:\(?\d{1,2}[.)](?=\s*[^\W\d])|[-*•–·](?=\s)|[a-h]\))?\s*")
_ITEM = re.compile(r"\s*(?:\(?\d{1,2}[.)]\s|[-*•–·]\s|\n|$)")


def split_sentences(text: str, start: int, end: int) -> list[Span]:
    """The sentences of ``text[start:end]``, without the numbers or bullets before them.

    A line break ends a sentence where the next line opens a list item or a paragraph, or begins with a capital
    after a line that had room for its first word; otherwise the line was only wrapped.

    Args:
        text: the whole report.
        start, end: characters of the section's body.
    """
    sentences: list[Span] = []
    width: int | None = None
    begin = _skip_marker(text, start, end)
    for stop in _STOP.finditer(text, start, end):
        at = stop.end()
        if at <= begin:
            continue
        if text[stop.start()] == " ":
            if not _is_run_on(text, begin, stop.start()):
                continue
        elif text[stop.start()] == "\n":
            width = _line_width(text, start, end) if width is None else width
            if not _line_ends(text, stop.start(), start, end, width):
                continue
        elif not _ends(text, begin, at, end):
            continue
        sentences += _trimmed(text, begin, at)
        begin = _skip_marker(text, at, end)
    return [*sentences, *_trimmed(text, begin, end)]


def _skip_marker(text: str, begin: int, end: int) -> int:
    match = _MARKER.match(text, begin, end)
    return match.end() if match else begin


def _ends(text: str, begin: int, at: int, end: int) -> bool:
    """Whether the stop before ``at`` ends a sentence, and not an abbreviation such as "Dr." or "p.m."."""
    if text[at - 1] != "." or at - begin > 2 and text[at - 2] == ".":
        return True
    if not _ABBREVIATION.search(text, max(begin, at - 8), at):
        return True
    following = text[at : at + 20].split(None, 1)[:1]
    opens = (
        bool(following)
        and following[0][:1].isupper()
        and following[0].lower() not in _OPEN_ENDED - {"the", "a"}
    )
    return text[at - 3 : at - 2] == "." and opens


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


def _trimmed(text: str, begin: int, end: int) -> Iterator[Span]:
    """The span without the blanks around it; nothing where only marks are left."""
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    if any(letter.isalnum() or letter in "?_" for letter in text[begin:end]):
        yield begin, end
