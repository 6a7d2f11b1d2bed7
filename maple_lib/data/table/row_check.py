"""One row before it is kept: a reader's mistake costs one study, not the table."""

from __future__ import annotations

from math import isfinite

from maple_lib.data.rows import SPLITS, VIEWS, RegionRow, StudyRow
from maple_lib.errors import MapleError
from maple_lib.vocabulary import REGIONS

EXISTENCES = ("present", "absent", "uncertain")
_REGIONS = frozenset(REGIONS)
_REMEDY = "the study is left out; check the dataset's files"


def check_row(row: StudyRow) -> None:
    """Refuse a study that would make a table unusable.

    Raises:
        MapleError: naming the study and the first thing that is wrong.
    """
    problem = _identity(row) or _images(row) or _places(row) or _statements(row)
    if problem:
        raise MapleError(f"study {row.study_id or '?'}", problem, _REMEDY)


def _identity(row: StudyRow) -> str:
    if not row.study_id or not row.patient_id:
        return "no study or patient id"
    if row.split is not None and row.split not in SPLITS:
        return f"split {row.split!r} is none of {', '.join(SPLITS)}"
    wrong = next((name for name, value in row.labels.items() if value not in (-1, 0, 1)), None)
    return f"label {wrong!r} is not 1, 0 or -1" if wrong is not None else ""


def _images(row: StudyRow) -> str:
    if not row.images:
        return "no image"
    for image in row.images:
        if not image.image_id or not image.path:
            return "an image without id or path"
        if not _relative(image.path):
            return f"path {image.path!r} does not start at the root of the dataset"
        if image.view is not None and image.view not in VIEWS:
            return f"view {image.view!r} is none of {', '.join(VIEWS)}"
        if any(side is not None and side < 1 for side in (image.rows, image.columns)):
            return f"image {image.image_id} has {image.rows} x {image.columns} pixels"
    return ""


def _places(row: StudyRow) -> str:
    ids = {image.image_id for image in row.images}
    for region in row.regions:
        if region.name not in _REGIONS:
            return f"region {region.name!r} is not in the vocabulary"
        if region.image_id not in ids or not _sound(region):
            return f"region {region.name!r} has a wrong image, box or confidence"
    for phrase in row.phrases:
        sound = all(all(map(isfinite, box)) and box[2] > 0 and box[3] > 0 for box in phrase.boxes)
        known = phrase.region is None or phrase.region in _REGIONS
        if phrase.image_id not in ids or not phrase.text or not sound or not known:
            return f"phrase {phrase.text!r} has a wrong image, region or box"
    return ""


def _statements(row: StudyRow) -> str:
    for triplet in row.triplets or ():
        if triplet.existence not in EXISTENCES or not triplet.finding:
            return f"statement {triplet.key} has no finding or an unknown existence"
        if triplet.region is not None and triplet.region not in _REGIONS:
            return f"region {triplet.region!r} of a statement is not in the vocabulary"
    return ""


def _relative(path: str) -> bool:
    return "\\" not in path and path[1:2] != ":" and not path.startswith("/") and ".." not in path.split("/")


def _sound(region: RegionRow) -> bool:
    if not 0 <= region.confidence <= 1:
        return False
    if region.box is None:
        return True
    x1, y1, x2, y2 = region.box
    return not region.rle and all(map(isfinite, region.box)) and x1 < x2 and y1 < y2
