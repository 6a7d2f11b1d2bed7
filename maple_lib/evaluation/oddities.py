"""What can be odd about one query: a place that leaves the image, nothing drawn, a map without a peak."""

from __future__ import annotations

import numpy as np

from maple_lib.data.study import BoolMask, Phrase, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.frame import Maps
from maple_lib.evaluation.problems import Problems
from maple_lib.evaluation.queries import GroundingQuery, drawn_phrases, truth_mask

CLIPPED = "place partly outside the image: clipped"
OUTSIDE = "place wholly outside the image: left out"
EMPTY = "nothing drawn inside the image: undefined"
DAMAGED = "place cannot be read: undefined"
CONSTANT = "constant map: every pixel is its peak"
NOT_FINITE = "map of NaN or infinite values: undefined"
_EDGE = 0.5  # pixels that a corner may lie beyond the edge: coordinates are rounded by their makers


def checked_truth(query: GroundingQuery, study: Study, problems: Problems) -> BoolMask:
    """The truth of a query, (H, W) bool; what is odd about it is noted, and a damaged one is empty."""
    shape = study.image.pixels.shape
    if not study.lesions:
        for phrase in drawn_phrases(query, study):
            for problem in _leaving(phrase, shape):
                problems.add(study.study_id, problem, query.phrase)
    try:
        truth = truth_mask(query, study)
    except MapleError as error:
        problems.add(study.study_id, DAMAGED, query.phrase, str(error))
        return np.zeros(shape, bool)
    if not truth.any():
        problems.add(study.study_id, EMPTY, query.phrase)
    return truth


def note_map(query: GroundingQuery, study: Study, values: Maps, problems: Problems) -> None:
    """Note a (h, w) map of the method that points nowhere."""
    if not np.isfinite(values).all():
        problems.add(study.study_id, NOT_FINITE, query.phrase)
    elif values.min() == values.max():
        problems.add(study.study_id, CONSTANT, query.phrase)


def _leaving(phrase: Phrase, shape: tuple[int, ...]) -> list[str]:
    """One word for each box or outline that is not wholly inside an image of (H, W) pixels."""
    corners = [((x, y), (x + width, y + height)) for x, y, width, height in phrase.boxes]
    for outline in phrase.polygons:
        xy = np.asarray(outline, np.float64)[: len(outline) // 2 * 2].reshape(-1, 2)
        if len(xy):
            corners.append((tuple(xy.min(0)), tuple(xy.max(0))))
    found = []
    for (left, top), (right, bottom) in corners:
        if right <= 0 or bottom <= 0 or left >= shape[1] or top >= shape[0]:
            found.append(OUTSIDE)
        elif min(left, top) < -_EDGE or right > shape[1] + _EDGE or bottom > shape[0] + _EDGE:
            found.append(CLIPPED)
    return found
