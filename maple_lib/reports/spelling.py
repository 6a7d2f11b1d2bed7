"""Mend the slips of dictation and typing: a letter lost, doubled or swapped, a word said twice, "um"."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from operator import eq

from maple_lib.reports.types import Span

# Shorter words have too many neighbours that are words themselves.
_SHORTEST = 6
_FILLERS = frozenset(("um", "uh", "er", "hm", "ah"))
_ROOM = 50_000


class Speller:
    """Maps a misspelt word to the one known word that is one slip away.

    Slips are a missing letter, an extra letter, or two neighbours swapped. A changed letter is none of them:
    "injection" must not become "infection".

    Args:
        known: all words of the lexicon.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = set(known)
        self._short: dict[str, str] = {}
        for word in sorted(self._known):
            if len(word) >= _SHORTEST and word.isalpha():
                for shorter in _deletions(word):
                    self._short.setdefault(shorter, word)
        self._seen = {word: word for word in self._known | _FILLERS}

    def mend(self, words: list[str], spans: list[Span]) -> tuple[list[str], list[Span]]:
        """The words with slips mended, and repeated words and fillers left out, with their spans."""
        seen = self._seen
        mended = [seen.get(word) or self._look_up(word) for word in words]
        if _FILLERS.isdisjoint(mended) and not any(map(eq, mended, islice(mended, 1, None))):
            return mended, spans
        kept = [
            i
            for i, word in enumerate(mended)
            if word not in _FILLERS and (not i or word != mended[i - 1] or not word.isalpha())
        ]
        return [mended[i] for i in kept], [spans[i] for i in kept]

    def _look_up(self, word: str) -> str:
        if len(self._seen) > len(self._known) + _ROOM:
            self._seen = {known: known for known in self._known | _FILLERS}
        self._seen[word] = self._nearest(word)
        return self._seen[word]

    def _nearest(self, word: str) -> str:
        if len(word) < _SHORTEST - 1 or len(word) > 30 or not word.isalpha():
            return word
        if word in self._short:
            return self._short[word]
        for other in (*_swaps(word), *_deletions(word)):
            if len(other) >= _SHORTEST and other in self._known:
                return other
        return word


def _deletions(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]


def _swaps(word: str) -> list[str]:
    return [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)]
