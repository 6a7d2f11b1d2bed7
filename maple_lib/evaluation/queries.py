"""Grounding queries: which phrase is asked of which study, and where its truth lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maple_lib.data.phrase_mask import phrase_mask
from maple_lib.data.study import BoolMask, Phrase, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.reports import parse
from maple_lib.vocabulary.phrasing import with_article, without_place

_AND = ", "  # between the regions of one phrase: "opacities at both bases"


@dataclass(frozen=True, slots=True)
class GroundingQuery:
    """One phrase asked of one study.

    Attributes:
        study_index: which of the studies.
        phrase: the text given to the method.
        finding: canonical name of the finding.
        region: the region where it lies, or None where nobody says; several have ", " between them.
        location_free: True when the phrase names no place ("There is a nodule."); its truth is every
            lesion of that finding, and its map is never gated.
        source: the dataset's own words that ``phrase`` was made of; empty where they are the phrase.
        drawn: True when the truth is what was drawn for the phrase, even where a study knows its lesions.
    """

    study_index: int
    phrase: str
    finding: str
    region: str | None
    location_free: bool
    source: str = ""
    drawn: bool = False

    @property
    def regions(self) -> tuple[str, ...]:
        """The names of its regions: none, one or several."""
        return tuple(self.region.split(_AND)) if self.region else ()


def build_queries(studies: Sequence[Study], protocol: GroundingProtocol) -> list[GroundingQuery]:
    """All queries that a protocol asks of the studies, in the order of the studies.

    Raises:
        MapleError: if not one study has what the protocol asks about.
    """
    if protocol.truth == "lesions":
        queries = [q for index, study in enumerate(studies) for q in _lesion_queries(index, study)]
    else:
        queries = [q for index, study in enumerate(studies) for q in _box_queries(index, study, protocol)]
    if not protocol.location_free and protocol.truth == "lesions":
        queries = [query for query in queries if not query.location_free]
    if not queries:
        raise MapleError(
            f"{len(studies)} studies",
            f"none has {protocol.truth} to ask about",
            "use phantoms for 'lesions', studies with phrase boxes for 'boxes'",
        )
    return queries


def truth_mask(query: GroundingQuery, study: Study) -> BoolMask:
    """(H, W) bool: the union of all lesions, or of all drawn places, that the query's phrase speaks of.

    Raises:
        MapleError: if a box, an outline or a run-length mask is damaged.
    """
    lesions = () if query.drawn else study.lesions
    masks = [lesion.mask for lesion in lesions if _speaks_of(query, lesion.finding, lesion.region)]
    if not masks:
        shape = study.image.pixels.shape
        masks = [drawn_mask(phrase, shape) for phrase in drawn_phrases(query, study)]
        masks.append(np.zeros(shape, bool))
    return np.logical_or.reduce(masks)


def drawn_phrases(query: GroundingQuery, study: Study) -> list[Phrase]:
    """The study's phrases with places that a query was made of."""
    words = query.source or query.phrase
    return [p for p in study.phrases if p.text == words and p.finding == query.finding]


def drawn_mask(phrase: Phrase, shape: tuple[int, ...]) -> BoolMask:
    """(H, W) bool: the union of a phrase's places.

    Raises:
        MapleError: if one of them is damaged.
    """
    for box in phrase.boxes:
        if not np.isfinite(box).all():
            raise MapleError(f"box {box}", "not four finite numbers", "leave it out")
    return phrase_mask(phrase, shape)


def region_mask(query: GroundingQuery, study: Study) -> BoolMask | None:
    """(H, W) bool: the query's regions; for a phrase without a place, the regions of its lesions.

    None where the study has no such mask.
    """
    names = set(query.regions)
    if query.location_free:
        names = {lesion.region for lesion in study.lesions if lesion.finding == query.finding}
    masks = [study.regions[name] for name in sorted(n for n in names if n) if name in study.regions]
    return np.logical_or.reduce(masks) if masks else None


def _speaks_of(query: GroundingQuery, finding: str, region: str) -> bool:
    return finding == query.finding and (query.location_free or region == query.region)


def _lesion_queries(index: int, study: Study) -> list[GroundingQuery]:
    phrases = {(phrase.finding, phrase.region): phrase.text for phrase in reversed(study.phrases)}
    places = dict.fromkeys((lesion.finding, lesion.region) for lesion in study.lesions)
    placed = [
        GroundingQuery(
            index, phrases.get(place, f"{place[0]} in the {place[1]}"), *place, location_free=False
        )
        for place in places
    ]
    free = [
        GroundingQuery(index, without_place(finding), finding, None, location_free=True)
        for finding in dict.fromkeys(finding for finding, _ in places)
    ]
    return placed + free


def _box_queries(index: int, study: Study, protocol: GroundingProtocol) -> list[GroundingQuery]:
    unique: dict[tuple[str, str], Phrase] = {(p.text, p.finding): p for p in study.phrases}
    return [_box_query(index, phrase, protocol.phrasing) for phrase in unique.values()]


def _box_query(index: int, phrase: Phrase, phrasing: str) -> GroundingQuery:
    words = phrase.text.strip() or phrase.finding
    if phrasing == "sentence":
        asked, region = _sentence(words, phrase.finding), phrase.region
    else:
        asked, region = words, phrase.region or _named_places(words, phrase.finding)
    source = phrase.text if asked != phrase.text else ""
    return GroundingQuery(index, asked, phrase.finding, region, region is None, source, drawn=True)


def _sentence(words: str, finding: str) -> str:
    """A dataset's label as a sentence: "There is a lung opacity.", "There are support devices."."""
    plural = words.endswith("s") and not words.endswith(("is", "us", "ss"))
    return f"There are {words}." if plural else f"There is {with_article(finding, words)}."


def _named_places(words: str, finding: str) -> str | None:
    """The regions that a radiologist's phrase names; a bare finding names none."""
    if words.strip(" .").lower() == finding:
        return None
    stated = [t for t in parse(words).triplets if t.region]
    about = [t for t in stated if t.finding == finding] or stated
    return _AND.join(dict.fromkeys(str(t.region) for t in about)) or None
