"""Rows to Arrow: every field of many studies gathered into flat columns, then cut into lists by offsets.

Building the columns directly is several times as fast as handing pyarrow a dictionary a study.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, chain
from typing import Any, TypeVar

import pyarrow as pa

from maple_lib.data.rows import ImageRow, PhraseRow, RegionRow, StudyRow
from maple_lib.data.table.schema import study_schema
from maple_lib.reports.types import Triplet

T = TypeVar("T")


def rows_to_batch(rows: Sequence[StudyRow]) -> pa.RecordBatch:
    """Studies as one record batch of ``study_schema``."""
    schema = study_schema()
    columns = {
        "dataset": [row.dataset for row in rows],
        "study_id": [row.study_id for row in rows],
        "patient_id": [row.patient_id for row in rows],
        "split": [row.split for row in rows],
        "report": [row.report for row in rows],
    }
    arrays = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    arrays["images"] = _lists([row.images for row in rows], schema.field("images").type, _images)
    labels = [tuple(row.labels.items()) for row in rows]
    arrays["labels"] = _maps(labels, pa.int8())
    arrays["regions"] = _lists([row.regions for row in rows], schema.field("regions").type, _regions)
    arrays["phrases"] = _lists([row.phrases for row in rows], schema.field("phrases").type, _phrases)
    triplets = [row.triplets for row in rows]
    arrays["triplets"] = _lists(triplets, schema.field("triplets").type, _triplets)
    return pa.RecordBatch.from_arrays([arrays[name] for name in schema.names], schema=schema)


def _lists(
    groups: Sequence[Sequence[T] | None], kind: Any, build: Callable[[list[T], Any], pa.Array]
) -> pa.ListArray:
    """A list column; None stands for no list at all."""
    values = list(chain.from_iterable(group or () for group in groups))
    return _cut(build(values, kind.value_type), [None if g is None else len(g) for g in groups], kind)


def _cut(values: pa.Array, lengths: Sequence[int | None], kind: Any) -> pa.ListArray:
    offsets = list(accumulate((length or 0 for length in lengths), initial=0))
    missing = pa.array([length is None for length in lengths], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=kind, mask=missing)


def _maps(groups: Sequence[Sequence[tuple[str, Any]]], kind: Any) -> pa.MapArray:
    pairs = list(chain.from_iterable(groups))
    offsets = list(accumulate(map(len, groups), initial=0))
    keys = pa.array([key for key, _ in pairs], pa.string())
    return pa.MapArray.from_arrays(offsets, keys, pa.array([value for _, value in pairs], kind))


def _struct(kind: Any, columns: Iterable[Any]) -> pa.StructArray:
    """A struct column from one list, or one array, a field."""
    arrays = [
        values if isinstance(values, pa.Array) else pa.array(values, field.type)
        for field, values in zip(kind, columns, strict=True)
    ]
    return pa.StructArray.from_arrays(arrays, fields=list(kind))


def _images(images: list[ImageRow], kind: Any) -> pa.Array:
    return _struct(kind, ([getattr(image, field.name) for image in images] for field in kind))


def _regions(regions: list[RegionRow], kind: Any) -> pa.Array:
    box = kind.field("box").type
    missing = pa.array([region.box is None for region in regions], pa.bool_())
    edges = [
        pa.array([None if region.box is None else float(region.box[i]) for region in regions], pa.float64())
        for i in range(4)
    ]
    boxes = pa.StructArray.from_arrays(edges, fields=list(box), mask=missing)
    plain = {name: [getattr(region, name) for region in regions] for name in _PLAIN}
    return _struct(kind, (boxes if field.name == "box" else plain[field.name] for field in kind))


_PLAIN = ("image_id", "name", "rle", "source", "confidence")


def _phrases(phrases: list[PhraseRow], kind: Any) -> pa.Array:
    plain = {name: [getattr(phrase, name) for phrase in phrases] for name in _WORDS}
    boxes = _lists([phrase.boxes for phrase in phrases], kind.field("boxes").type, _boxes)
    polygons = _lists([phrase.polygons for phrase in phrases], kind.field("polygons").type, _polygons)
    arrays: dict[str, Any] = {**plain, "boxes": boxes, "polygons": polygons}
    return _struct(kind, (arrays[field.name] for field in kind))


_WORDS = ("image_id", "text", "finding", "region", "rle")


def _boxes(boxes: list[tuple[float, float, float, float]], kind: Any) -> pa.Array:
    return _struct(kind, ([float(box[i]) for box in boxes] for i in range(4)))


def _polygons(polygons: list[tuple[float, ...]], kind: Any) -> pa.Array:
    edges = pa.array([float(edge) for polygon in polygons for edge in polygon], pa.float64())
    return _cut(edges, [len(polygon) for polygon in polygons], kind)


def _triplets(triplets: list[Triplet], kind: Any) -> pa.Array:
    places = [triplet.region_span or (None, None) for triplet in triplets]
    columns: list[Any] = [
        [t.region for t in triplets],
        [t.finding for t in triplets],
        [t.existence for t in triplets],
        [t.sentence for t in triplets],
        [t.span[0] for t in triplets],
        [t.span[1] for t in triplets],
        [start for start, _ in places],
        [end for _, end in places],
        [t.implied for t in triplets],
        _maps([tuple(t.attributes.items()) for t in triplets], pa.string()),
    ]
    return _struct(kind, columns)
