"""The page on which a report is set: headings, sentences and their spans, in one growing text."""

from __future__ import annotations

from maple_lib.data.phantoms.grammar.fragment import Fragment, Mark, PlaceWords
from maple_lib.reports.types import Section, Sentence, Span, Triplet


class Page:
    """Text that is only appended to, while sections, sentences and triplets note where they stand."""

    def __init__(self) -> None:
        self.text = ""
        self._sections: list[Section] = []
        self._sentences: list[tuple[Span, str]] = []
        self.triplets: list[Triplet] = []

    def write(self, text: str) -> None:
        """Append text that belongs to no sentence."""
        self.text += text

    def sentence(self, fragment: Fragment, section: str) -> None:
        """Append a sentence and note its triplets."""
        start = len(self.text)
        self.text += fragment.text
        index = len(self._sentences)
        self._sentences.append(((start, len(self.text)), section))
        self.triplets += _triplets(fragment.marks, start, index)

    def close_section(self, name: str, start: int, body: int) -> None:
        """End a section that began at ``start`` and whose body began at ``body``."""
        self._sections.append(Section(name, (start, len(self.text)), (body, len(self.text))))

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections closed so far."""
        return tuple(self._sections)

    def sentences(self, text: str) -> tuple[Sentence, ...]:
        """The sentences as they stand in ``text``, the page's text after wrapping or change of case."""
        return tuple(
            Sentence(text[start:end], (start, end), section, index)
            for index, ((start, end), section) in enumerate(self._sentences)
        )


def _triplets(marks: tuple[Mark, ...], offset: int, sentence: int) -> list[Triplet]:
    """One triplet per region of every mention; repeated statements of a sentence count once."""
    found: dict[tuple[str | None, str, str], Triplet] = {}
    for mark in marks:
        if isinstance(mark.meaning, PlaceWords):
            continue
        mention, span, place = mark.meaning, (mark.start + offset, mark.end + offset), _place_of(mark, marks)
        region_span = (place.start + offset, place.end + offset) if place else None
        for region in mention.regions:
            triplet = Triplet(
                region,
                mention.finding,
                mention.existence,
                sentence,
                span,
                region_span,
                mention.implied,
                dict(mention.attributes),
            )
            found.setdefault(triplet.key, triplet)
    return list(found.values())


def _place_of(mark: Mark, marks: tuple[Mark, ...]) -> Mark | None:
    """The nearest words that name the regions of this mention."""
    wanted = PlaceWords(mark.meaning.regions)
    places = [m for m in marks if isinstance(m.meaning, PlaceWords) and m.meaning == wanted]
    return min(places, key=lambda place: abs(place.start - mark.start), default=None)
