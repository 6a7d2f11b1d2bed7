"""What could identify somebody in a text: found by its form, told by its kind, never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from maple_lib.reports.tokens import lower
from maple_lib.reports.types import Span

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_PATTERNS = {
    "a date": (
        rf"\b(?:0?[1-9]|1[0-2])[/.-]{_DAY}[/.-](?:19|20)?\d\d\b(?!\s*(?:cm|mm))"
        rf"|\b{_DAY}[/.-](?:0?[1-9]|1[0-2])[/.-](?:19|20)\d\d\b"
        rf"|\b(?:19|20)\d\d[/-](?:0?[1-9]|1[0-2])[/-]{_DAY}\b"
        rf"|\b{_MONTH}\.?\s+{_DAY}(?:st|nd|rd|th)?(?:\s*,?\s*(?:19|20)\d\d)\b"
        rf"|\b{_DAY}(?:st|nd|rd|th)?\s+{_MONTH}\.?,?\s+(?:19|20)\d\d\b"
    ),
    "a telephone number": (
        r"(?<![\d.])\(?\d{3}\)?[\s.-]\d{3}[.-]\d{4}(?!\d)|\b(?:pager|beeper|ext)\.?\s*#?:?\s*\d{4,}\b"
    ),
    "a record number": (
        r"\b(?:mrn|medical record(?: number)?|accession(?: number)?|patient id|acct)\b"
        r"\s*[#:.]*\s*[a-z]{0,3}\d{4,}"
        r"|(?<![\d./-])\d{7,}(?![\d./-])"
    ),
    "an e-mail address": r"\b[\w.+-]+@[\w-]+\.[a-z]{2,}\b",
    "a social security number": r"\b\d{3}-\d{2}-\d{4}\b",
    "an age above 89": r"\b(?:9\d|1[01]\d)[ -]?(?:year|yr|y/o|yo\b)",
}
# Names need their capitals; "Dr. ___", "Dr. XXXX" and "Dr. NAME" are blanks that others left.
_NAME = r"\b(?:Dr|DR|Doctor|Mr|Mrs|Ms|Prof)\.?\s+(?!(?:X{2,}|_+|NAME|Name|Dr|DR)\b)[A-Z][A-Za-z'’-]+"
_BLANKS = re.compile(r"\[\*\*.*?\*\*\]|_{2,}|X{3,}")
_NAME_AND_DEGREE = r"\b[A-Z][a-z]+\s+[A-Z]?\.?\s*[A-Z][a-z]+,\s*(?:M\.?D\.?|D\.?O\.?)(?![a-z])"
_FORMS = {kind: re.compile(pattern) for kind, pattern in _PATTERNS.items()}
_NAMES = (re.compile(_NAME), re.compile(_NAME_AND_DEGREE))
KINDS = (*_FORMS, "a name")
# What a text must hold for each kind to be worth a search; few sentences do.
_DIGITS, _TITLE = re.compile(r"[\d@]"), re.compile(r"\b(?:D[rR]|Doctor|Mr|Mrs|Ms|Prof)\b")
_DEGREE = re.compile(r"\b(?:M\.?D|D\.?O)\b")


def kinds_in(text: str) -> tuple[str, ...]:
    """The kinds of identifiers in a text, in the order of ``KINDS``; blanks left by others do not count.

    Example:
        >>> kinds_in("Discussed with Dr. ___ on 3/14/2019.")
        ('a date',)
    """
    bare = _BLANKS.sub(lambda found: "\0" * len(found[0]), text)
    return tuple(dict.fromkeys(kind for kind, _ in _spans(bare)))


def _spans(text: str) -> Iterator[tuple[str, Span]]:
    """Every identifier's kind and place."""
    if _DIGITS.search(text):
        lowered = lower(text)
        for kind, form in _FORMS.items():
            yield from ((kind, found.span()) for found in form.finditer(lowered))
    for worth, form in zip((_TITLE, _DEGREE), _NAMES, strict=True):
        if worth.search(text):
            yield from (("a name", found.span()) for found in form.finditer(text))


def masked(text: str) -> str:
    """The text with every identifier blacked out, its length kept, so that spans stay valid."""
    for _, (start, stop) in list(_spans(text)):
        text = text[:start] + "█" * (stop - start) + text[stop:]
    return text
