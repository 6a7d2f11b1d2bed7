"""Arrow to rows: the plain values of a studies table as the dataclasses of ``data.rows``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from maple_lib.data.rows import ImageRow, PhraseRow, RegionRow, StudyRow
from maple_lib.reports.types import Triplet

_EDGES, _SIDES = ("x1", "y1", "x2", "y2"), ("x", "y", "width", "height")
Fields = Mapping[str, Any]


def rows_of(table: Any) -> Iterator[StudyRow]:
    """The studies of an Arrow table or record batch with the columns of ``study_schema``."""
    return (_row(fields) for fields in table.to_pylist())


def _row(fields: Fields) -> StudyRow:
    triplets = fields["triplets"]
    return StudyRow(
        dataset=fields["dataset"],
        study_id=fields["study_id"],
        patient_id=fields["patient_id"],
        images=tuple(ImageRow(**image) for image in fields["images"]),
        report=fields["report"],
        labels=dict(fields["labels"]),
        regions=tuple(_region(region) for region in fields["regions"]),
        phrases=tuple(_phrase(phrase) for phrase in fields["phrases"]),
        triplets=None if triplets is None else tuple(_triplet(each) for each in triplets),
        split=fields["split"],
    )


def _region(fields: Fields) -> RegionRow:
    box = fields["box"]
    return RegionRow(**{**fields, "box": box and tuple(box[edge] for edge in _EDGES)})


def _phrase(fields: Fields) -> PhraseRow:
    boxes = tuple(tuple(box[side] for side in _SIDES) for box in fields["boxes"])
    return PhraseRow(**{**fields, "boxes": boxes, "polygons": tuple(map(tuple, fields["polygons"]))})


def _triplet(fields: Fields) -> Triplet:
    start = fields["region_start"]
    return Triplet(
        region=fields["region"],
        finding=fields["finding"],
        existence=fields["existence"],
        sentence=fields["sentence"],
        span=(fields["start"], fields["end"]),
        region_span=None if start is None else (start, fields["region_end"]),
        implied=fields["implied"],
        attributes=dict(fields["attributes"]),
    )
