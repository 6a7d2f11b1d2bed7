"""Every word the parser knows: findings, places and cues with what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, NamedTuple

import yaml

from maple_lib.reports.matcher import PhraseTree
from maple_lib.reports.spelling import Speller
from maple_lib.reports.tokens import words_of
from maple_lib.vocabulary import Finding, Place, Side, Vocabulary

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BOTH: tuple[Side, ...] = ("right", "left")


class Named(NamedTuple):
    """A finding as one surface form names it: "chest tube" is a tube whose place is the lung."""

    finding: Finding
    place: Place | None


@dataclass(frozen=True, slots=True)
class Where:
    """A place as written: its places, the sides named (None: none), whether its form is plural."""

    places: tuple[Place, ...] = ()
    sides: tuple[Side, ...] | None = None
    plural: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What one phrase is to the parser.

    Attributes:
        kind: ``"finding"``, ``"place"``, ``"side"``, ``"subject"`` or a key of the cue table.
        named: the findings it names.
        where: its place or side.
        subject: the class of ``implied.yaml`` it belongs to.
        predicates: the predicates it can be ("enlarged" of a heart).
        attribute: what it says of a finding, e.g. ``("comparison", "unchanged")``.
    """

    kind: str
    named: tuple[Named, ...] = ()
    where: Where | None = None
    subject: str | None = None
    predicates: tuple[str, ...] = ()
    attribute: tuple[str, str] | None = None


class Event(NamedTuple):
    """An entry found in a sentence: tokens ``start`` to ``end``."""

    kind: str
    start: int
    end: int
    entry: Entry


class Lexicon:
    """All phrases in one tree, and the table of implied findings.

    Args:
        vocabulary: findings and places.
        implied: subject -> its words, what "normal" denies and predicates assert.
    """

    def __init__(self, vocabulary: Vocabulary, implied: Mapping[str, Mapping[str, Any]]) -> None:
        self.vocabulary, self.implied = vocabulary, implied
        self._phrases: PhraseTree[Entry] = PhraseTree(_merged)

    @cached_property
    def speller(self) -> Speller:
        """Mends misspelt words towards the words of this lexicon."""
        return Speller(self._phrases.words())

    def add(self, phrase: str, entry: Entry) -> None:
        """Add a phrase; a second meaning is merged into the first, whose kind stays."""
        self._phrases.add(words_of(phrase), entry)

    def events(self, words: list[str]) -> list[Event]:
        """The longest known phrases of a sentence, from left to right, without overlap."""
        return [Event(entry.kind, start, end, entry) for start, end, entry in self._phrases.longest(words)]


def _merged(old: Entry, new: Entry) -> Entry:
    return replace(
        old,
        named=tuple(dict.fromkeys((*old.named, *new.named))) if new.kind == old.kind else old.named,
        where=old.where or new.where,
        subject=old.subject or new.subject,
        predicates=tuple(dict.fromkeys((*old.predicates, *new.predicates))),
        attribute=old.attribute or new.attribute,
    )


def build_lexicon(
    vocabulary: Vocabulary, cues: tuple[str, ...] = ("cues.yaml",), implied: str = "implied.yaml"
) -> Lexicon:
    """Compile the vocabulary and the tables of cues and implications into one tree.

    Args:
        vocabulary: findings and places.
        cues: names of the cue tables in this package; the first to know a phrase decides its kind.
        implied: name of the table of subjects in this package.
    """
    lexicon = Lexicon(vocabulary, read_table(implied))
    for phrase, entry in _entries(vocabulary, [read_table(name) for name in cues], lexicon.implied):
        lexicon.add(phrase, entry)
    return lexicon


@cache
def read_table(name: str) -> Mapping[str, Any]:
    """One of the tables of this package, read once."""
    return yaml.load(files(__package__).joinpath(name).read_text(encoding="utf-8"), Loader=_LOADER)


def _entries(
    vocabulary: Vocabulary, cues: list[Mapping[str, Any]], implied: Mapping[str, Any]
) -> Iterator[tuple[str, Entry]]:
    yield from _finding_entries(vocabulary)
    for place in vocabulary.places.values():
        yield from _place_entries(place)
    for kind, table in (item for each in cues for item in each.items()):
        yield from _cue_entries(kind, table, vocabulary)
    for subject, rule in implied.items():
        for word in rule["words"]:
            yield word, Entry("subject", subject=subject)


def _finding_entries(vocabulary: Vocabulary) -> Iterator[tuple[str, Entry]]:
    for finding in vocabulary.findings.values():
        for form in finding.synonyms:
            place = finding.kinds.get(form, finding.place)
            yield form, Entry("finding", (Named(finding, vocabulary.places[place] if place else None),))


def _place_entries(place: Place) -> Iterator[tuple[str, Entry]]:
    forms: tuple[tuple[Iterable[str], tuple[Side, ...] | None, bool], ...] = (
        (place.words, None, False),
        (place.plural, None, True),
        (place.right, ("right",), False),
        (place.left, ("left",), False),
        (place.both, BOTH, False),
    )
    for words, sides, plural in forms:
        for word in words:
            yield word, Entry("place", where=Where((place,), sides, plural))


def _cue_entries(kind: str, table: Any, vocabulary: Vocabulary) -> Iterator[tuple[str, Entry]]:
    if isinstance(table, list):
        for word in table:
            yield word, Entry(kind)
        return
    for value, words in table.items():
        for word in words:
            yield word, _valued_entry(kind, value, vocabulary)


def _valued_entry(kind: str, value: str, vocabulary: Vocabulary) -> Entry:
    if kind == "side":
        return Entry(kind, where=Where((), BOTH if value == "both" else (value,)))  # type: ignore[arg-type]
    if kind == "zone":
        place = vocabulary.places.get(value)
        return Entry(kind, where=Where((place,) if place else ()))
    if kind == "predicate":
        return Entry(kind, predicates=(value,))
    return Entry("quality", attribute=(kind, value))
