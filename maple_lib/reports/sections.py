"""Find the sections of a report. They cover the text: nothing is lost."""

from __future__ import annotations

import re

from maple_lib.reports.types import Section

# Canonical name -> the headers that open it, as regular expressions in lower case.
_HEADERS = {
    "examination": r"examinations?|exam|type of examination|procedure|study|exam type",
    "indication": r"indications?|clinical indications?|reason for (?:the )?(?:exam(?:ination)?|study)"
    r"|reason|clinical information|clinical data|clinical statement|clinical question",
    "history": r"history|clinical history|patient history|medical history|history of present illness",
    "comparison": r"comparisons?|comparison studies|comparison study|prior studies",
    "technique": r"techniques?|views?|protocol",
    "findings": r"findings?|report|description|observations?|frontal and lateral views? of the chest",
    "preliminary": r"wet read|preliminary report",
    "impression": r"impressions?|opinion|interpretation|final impression|preliminary impression",
    "conclusion": r"conclusions?|summary",
    "addendum": r"addendum|addenda|final addendum",
    "recommendation": r"recommendations?|notifications?",
}
_KNOWN = "|".join(f"(?P<{name}>{words})" for name, words in _HEADERS.items())
# A header ends with a colon and follows the start, a line break or the end of a sentence, or is in capitals.
# Without a colon it must begin its line, and stand alone on it or, in capitals, be set off by two spaces.
# The first line only rejects most characters cheaply.
_HEADER = re.compile(
    r"(?<![^\s.:;!?)\]_])(?=[ \t*#acdefhioprstvw])"
    rf"(?:(?<![^\n])|(?<=[.:;!?)\]_])|(?<=\s)(?=(?-i:[A-Z]{{4}})))[ \t*#]*(?:{_KNOWN})"
    r"(?:[ \t*]*:|(?=[ \t]*\n\s*(?-i:[^a-z\s]))|(?<=(?-i:[A-Z]{4})) +(?=\S)(?<=  ))",
    re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n\s*(?=\S)")
CONTEXT = frozenset(("indication", "history", "comparison", "technique", "examination", "recommendation"))


def find_sections(text: str) -> tuple[Section, ...]:
    """The sections of a report in order; together their spans cover the whole text.

    Text before the first header is the section ``"body"``. A paragraph without a header after an indication,
    comparison or technique is a ``"body"`` too: many reports give their findings no header.

    Args:
        text: the report as written.
    """
    found = (
        match for match in _HEADER.finditer(text) if text[match.end() - 1] == ":" or _begins_line(text, match)
    )
    marks = [(match.start(), match.end(), str(match.lastgroup)) for match in found]
    if not marks:
        return (Section("body", (0, len(text)), (0, len(text))),) if text else ()
    sections = []
    if marks[0][0] > 0:
        sections.append(Section("body", (0, marks[0][0]), (0, marks[0][0])))
    ends = [start for start, _, _ in marks[1:]] + [len(text)]
    for (start, body, name), end in zip(marks, ends, strict=True):
        sections += _with_unheaded(text, Section(name, (start, end), (body, end)))
    return tuple(sections)


def _begins_line(text: str, header: re.Match[str]) -> bool:
    return not text[text.rfind("\n", 0, header.start()) + 1 : header.start()].strip()


def _with_unheaded(text: str, section: Section) -> list[Section]:
    """A context section, and the unheaded paragraphs after it as the report's body."""
    if section.name not in CONTEXT:
        return [section]
    start, end = section.body
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    paragraph = _PARAGRAPH.search(text, start, end)
    if paragraph is None:
        return [section]
    cut, end = paragraph.end(), section.body[1]
    return [
        Section(section.name, (section.span[0], cut), (section.body[0], cut)),
        Section("body", (cut, end), (cut, end)),
    ]
