"""Grounding queries: which phrase is asked of which study, and where its truth lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maple_lib.data.phrase_mask import phrase_mask
from maple_lib.data.study import BoolMask, Phrase, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.protocols import GroundingProtocol

# Findings that English counts: "There is a mass.", but "There is edema."
_COUNTED = frozenset(
    {"opacity", "nodule", "mass", "pleural effusion", "pneumothorax", "fracture", "calcification"}
    | {"pacemaker", "tube", "line", "hernia", "scar", "lesion", "granuloma", "cavity", "cyst"}
)


@dataclass(frozen=True, slots=True)
class GroundingQuery:
    """One phrase asked of one study.

    Attributes:
        study_index: which of the studies.
        phrase: the text given to the method.
        finding: canonical name of the finding.
        region: the region where it lies, or None where nobody says.
        location_free: True when the phrase names no place ("There is a nodule."); its truth is every
            lesion of that finding, and its map is never gated.
    """

    study_index: int
    phrase: str
    finding: str
    region: str | None
    location_free: bool


def build_queries(studies: Sequence[Study], protocol: GroundingProtocol) -> list[GroundingQuery]:
    """All queries that a protocol asks of the studies, in the order of the studies.

    Raises:
        MapleError: if not one study has what the protocol asks about.
    """
    one = _lesion_queries if protocol.truth == "lesions" else _box_queries
    queries = [query for index, study in enumerate(studies) for query in one(index, study)]
    if not protocol.location_free:
        queries = [query for query in queries if not query.location_free or protocol.truth == "boxes"]
    if not queries:
        raise MapleError(
            f"{len(studies)} studies",
            f"none has {protocol.truth} to ask about",
            "use phantoms for 'lesions', studies with phrase boxes for 'boxes'",
        )
    return queries


def truth_mask(query: GroundingQuery, study: Study) -> BoolMask:
    """(H, W) bool: the union of all lesions, or of all drawn places, that the query's phrase speaks of."""
    masks = [lesion.mask for lesion in study.lesions if _speaks_of(query, lesion.finding, lesion.region)]
    if not masks:
        shape = study.image.pixels.shape
        phrases = [p for p in study.phrases if p.text == query.phrase and p.finding == query.finding]
        masks = [phrase_mask(phrase, shape) for phrase in phrases]
        masks.append(np.zeros(shape, bool))
    return np.logical_or.reduce(masks)


def region_mask(query: GroundingQuery, study: Study) -> BoolMask | None:
    """(H, W) bool: the query's region; for a phrase without a place, the regions of its lesions.

    None where the study has no such mask.
    """
    names = {query.region}
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
        GroundingQuery(index, _without_place(finding), finding, None, location_free=True)
        for finding in dict.fromkeys(finding for finding, _ in places)
    ]
    return placed + free


def _box_queries(index: int, study: Study) -> list[GroundingQuery]:
    unique: dict[tuple[str, str], Phrase] = {(p.text, p.finding): p for p in study.phrases}
    return [
        GroundingQuery(index, p.text, p.finding, p.region, location_free=p.region is None)
        for p in unique.values()
    ]


def _without_place(finding: str) -> str:
    article = ("an " if finding[0] in "aeiou" else "a ") if finding in _COUNTED else ""
    return f"There is {article}{finding}."
