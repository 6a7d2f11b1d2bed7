"""Parse a radiology report into sections, sentences and triplets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from maple_lib.errors import MapleError
from maple_lib.reports.inherit import Earlier, group_triplets, pronoun_group
from maple_lib.reports.lexicon import Lexicon, build_lexicon
from maple_lib.reports.reading import Reading, read_sentence
from maple_lib.reports.report import ParsedReport
from maple_lib.reports.sections import CONTEXT, find_sections
from maple_lib.reports.sentences import split_sentences
from maple_lib.reports.tokens import lower
from maple_lib.reports.types import Section, Sentence, Triplet
from maple_lib.vocabulary import load_vocabulary


class Parser:
    """A parser with its vocabulary compiled.

    Args:
        extra: a YAML file with a reader's own words (see :func:`maple_lib.vocabulary.load_vocabulary`).
        memo: how many sentences to remember, 0 for none. Reports repeat their sentences, so a memory makes a
            corpus about twice as fast; the result is the same.

    Raises:
        MapleError: if the extra vocabulary is malformed or ``memo`` is negative.
    """

    def __init__(self, extra: str | Path | None = None, memo: int = 0) -> None:
        if memo < 0:
            raise MapleError(
                f"memo={memo}", "a number of sentences cannot be negative", "use 0 for no memory"
            )
        self.lexicon: Lexicon = build_lexicon(load_vocabulary(extra)) if extra else chest_lexicon()
        self._memo: dict[str, Reading] = {}
        self._room = memo

    def parse(self, text: object) -> ParsedReport:
        """Parse one report; see :func:`parse`."""
        problem = check_text(text)
        if problem:
            blank = text if isinstance(text, str) else ""
            return ParsedReport(blank, find_sections(blank), reason=problem)
        assert isinstance(text, str)
        return self._parse(text)

    def _parse(self, text: str) -> ParsedReport:
        lowered, sections = lower(text), find_sections(text)
        sentences: list[Sentence] = []
        kept: list[Triplet] = []
        apart: list[Triplet] = []
        for section in sections:
            out = apart if section.name in CONTEXT else kept
            out.extend(self._section(text, lowered, section, sentences))
        reason = "" if sentences else "no sentence in the text"
        return ParsedReport(text, sections, tuple(sentences), tuple(kept), tuple(apart), reason)

    def _section(
        self, text: str, lowered: str, section: Section, sentences: list[Sentence]
    ) -> Iterator[Triplet]:
        earlier: Earlier = ()
        for span in split_sentences(text, *section.body):
            index = len(sentences)
            sentences.append(Sentence(text[slice(*span)], span, section.name, index))
            reading = self._read(lowered[slice(*span)])
            groups = reading.groups or pronoun_group(reading.pronoun, earlier)
            triplets, earlier = group_triplets(groups, earlier, index, span[0])
            yield from triplets

    def _read(self, lowered: str) -> Reading:
        """One sentence, remembered if there is a memory; the oldest is forgotten first."""
        if not self._room:
            return read_sentence(lowered, self.lexicon)
        reading = self._memo.get(lowered)
        if reading is None:
            reading = read_sentence(lowered, self.lexicon)
            if len(self._memo) >= self._room:
                del self._memo[next(iter(self._memo))]
            self._memo[lowered] = reading
        return reading


def check_text(text: object) -> str:
    """Why there is nothing to parse, or an empty string.

    Raises:
        MapleError: for anything that is not text and does not stand for a missing text.
    """
    if text is None or (isinstance(text, float) and math.isnan(text)) or type(text).__name__ == "NAType":
        return "missing text"
    if isinstance(text, bytes | bytearray):
        raise MapleError("report", f"{type(text).__name__}, not text", "decode it: raw.decode('utf-8')")
    if not isinstance(text, str):
        raise MapleError("report", f"{type(text).__name__}, not text", "give a string")
    return "" if text.strip() else "empty text"


@cache
def chest_lexicon() -> Lexicon:
    """The compiled words of chest radiographs."""
    return build_lexicon(load_vocabulary())


@cache
def _default() -> Parser:
    return Parser()


def parse(text: object) -> ParsedReport:
    """Parse a chest radiograph's report.

    Args:
        text: the report. None, NaN and blank text give an empty result with a ``reason``.

    Returns:
        Sections that cover the text, its sentences, and a triplet for every finding mentioned.

    Raises:
        MapleError: if ``text`` is not text (bytes: decode them first). No text raises.

    Example:
        >>> [t.key for t in parse("Small left effusion. No pneumothorax.").triplets][:1]
        [('left costophrenic angle', 'pleural effusion', 'present')]
    """
    return _default().parse(text)
