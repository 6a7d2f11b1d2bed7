"""What must hold in every study of a table, checked for thousands at once in Arrow columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from maple_lib.data.rows import SPLITS, VIEWS
from maple_lib.data.table.row_check import EXISTENCES
from maple_lib.vocabulary import REGIONS

TOLERANCE = 1.0  # pixels: boxes drawn on a resized image are rounded to its edges
_EDGES, _SIDES = ("x1", "y1", "x2", "y2"), ("x", "y", "width", "height")
Mask = NDArray[np.bool_]


class Finding(NamedTuple):
    """A rule that some studies break.

    Attributes:
        rule: what is wrong, in plain words.
        studies: positions of the studies in the piece, one an offence.
        values: the offending values where they help, else empty.
        broken: whether the table cannot be used; False for faults of the data themselves.
    """

    rule: str
    studies: NDArray[np.int64]
    values: list[Any]
    broken: bool = True


class Items:
    """One list column, its lists laid end to end.

    Attributes:
        values: (n,) the struct of each item.
        study: (n,) position of its study in the piece.
    """

    def __init__(self, lists: pa.ListArray) -> None:
        self.values: pa.StructArray = pc.list_flatten(lists)
        self.study: NDArray[np.int64] = np.asarray(pc.list_parent_indices(lists), np.int64)

    def field(self, *names: str) -> pa.Array:
        """One field of every item, null where the item or what holds it is null."""
        return pc.struct_field(self.values, list(names))

    def offence(self, rule: str, where: pa.Array | Mask, value: str = "", broken: bool = True) -> Finding:
        """The items where a condition holds."""
        chosen = np.flatnonzero(np.asarray(where, bool))
        shown = self.field(value).take(pa.array(chosen[:3])).to_pylist() if value else []
        return Finding(rule, self.study[chosen], shown, broken)


def check_piece(piece: pa.Table) -> Iterator[Finding]:
    """Every rule that holds within a study, on some rows of a table."""
    columns = {name: piece.column(name).combine_chunks() for name in piece.column_names}
    yield from _check_studies(columns)
    images = Items(columns["images"])
    yield from _check_images(images)
    yield from _check_regions(Items(columns["regions"]), images)
    yield from _check_phrases(Items(columns["phrases"]), images)
    yield from _check_triplets(Items(columns["triplets"]))


def _check_studies(columns: dict[str, pa.Array]) -> Iterator[Finding]:
    for name in ("study_id", "patient_id"):
        yield _rows(f"no {name}", _blank(columns[name]))
    yield _rows("unknown split", _not_in(columns["split"], SPLITS), columns["split"])
    yield _rows("no image", pc.equal(pc.list_value_length(columns["images"]), 0))
    labels = columns["labels"]
    values = labels.items
    study = np.repeat(np.arange(len(labels)), np.diff(np.asarray(labels.offsets)))
    wrong = np.flatnonzero(~np.isin(np.asarray(values.fill_null(99)), (-1, 0, 1)))
    start = labels.offsets[0].as_py() if len(labels) else 0
    yield Finding(
        "label other than 1, 0, -1", study[wrong - start], [values[int(i)].as_py() for i in wrong[:3]]
    )


def _check_images(images: Items) -> Iterator[Finding]:
    yield images.offence("an image without id", _blank(images.field("image_id")))
    path = images.field("path")
    yield images.offence("an image without path", _blank(path))
    outside = pc.match_substring_regex(path, r"^/|^[A-Za-z]:|\\|(^|/)\.\.(/|$)")
    yield images.offence(
        "path not relative to the root, with forward slashes", outside.fill_null(False), "path"
    )
    yield images.offence("unknown view", _not_in(images.field("view"), VIEWS), "view")
    for side in ("rows", "columns"):
        yield images.offence(f"{side} below 1", pc.less(images.field(side), 1).fill_null(False), side)


def _check_regions(regions: Items, images: Items) -> Iterator[Finding]:
    yield regions.offence("unknown region", _not_in(regions.field("name"), REGIONS, null=False), "name")
    sure = _numbers(regions.field("confidence"))
    yield regions.offence("confidence outside [0, 1]", ~((sure >= 0) & (sure <= 1)), "confidence")
    boxed = np.asarray(pc.is_valid(regions.field("box")))
    masked = ~np.asarray(_blank(regions.field("rle")))
    yield regions.offence("a region with both a box and a mask", boxed & masked, "name")
    edges = np.stack([_numbers(regions.field("box", edge)) for edge in _EDGES], 1)
    owner = _owners(regions.field("image_id"), regions.study, images)
    yield from _check_boxes("region", regions, edges, boxed, owner, images)


def _check_phrases(phrases: Items, images: Items) -> Iterator[Finding]:
    yield phrases.offence("a phrase without text", _blank(phrases.field("text")))
    yield phrases.offence("unknown region of a phrase", _not_in(phrases.field("region"), REGIONS), "region")
    owner = _owners(phrases.field("image_id"), phrases.study, images)
    yield phrases.offence("a phrase on an image that its study has not", owner < 0, "image_id")
    boxes = Items(phrases.field("boxes"))
    of = boxes.study  # positions among the phrases; what follows counts studies
    boxes.study = phrases.study[of]
    x, y, width, height = (_numbers(boxes.field(side)) for side in _SIDES)
    edges = np.stack([x, y, x + width, y + height], 1)
    found = _check_boxes("phrase", boxes, edges, np.ones(len(of), bool), owner[of], images)
    yield from (each for each in found if "an image that" not in each.rule)


def _check_triplets(triplets: Items) -> Iterator[Finding]:
    region, state = triplets.field("region"), triplets.field("existence")
    yield triplets.offence("unknown region of a triplet", _not_in(region, REGIONS), "region")
    yield triplets.offence("unknown existence", _not_in(state, EXISTENCES, null=False), "existence")
    yield triplets.offence("a triplet without finding", _blank(triplets.field("finding")))


def _check_boxes(
    kind: str, items: Items, edges: NDArray[np.float64], boxed: Mask, owner: NDArray[np.int64], images: Items
) -> Iterator[Finding]:
    """Boxes (n, 4) as x1, y1, x2, y2: on an image of the study, finite, with an area, inside where known."""
    yield items.offence(f"a {kind} on an image that its study has not", owner < 0)
    finite = np.isfinite(edges).all(1)
    yield items.offence(f"box of a {kind} that is not finite", boxed & ~finite)
    flat = (edges[:, 2] <= edges[:, 0]) | (edges[:, 3] <= edges[:, 1])
    yield items.offence(f"box of a {kind} without area", boxed & finite & flat)
    sizes = np.stack([_numbers(images.field(side)) for side in ("columns", "rows")], 1)
    size = np.where(owner[:, None] >= 0, sizes[owner] if len(sizes) else np.nan, np.nan)
    outside = (edges[:, :2] < -TOLERANCE).any(1) | (edges[:, 2:] > size + TOLERANCE).any(1)
    yield items.offence(f"box of a {kind} outside its image", boxed & finite & outside, broken=False)


def _owners(image_id: pa.Array, study: NDArray[np.int64], images: Items) -> NDArray[np.int64]:
    """Position of each item's image, -1 where its study has no such image."""
    known = _keys(images.field("image_id"), images.study)
    return np.asarray(pc.index_in(_keys(image_id, study), value_set=known).fill_null(-1), np.int64)


def _keys(image_id: pa.Array, study: NDArray[np.int64]) -> pa.Array:
    return pc.binary_join_element_wise(pa.array(study).cast(pa.string()), image_id, "/")


def _rows(rule: str, where: pa.Array, values: pa.Array | None = None) -> Finding:
    chosen = np.flatnonzero(np.asarray(where, bool))
    shown = [] if values is None else values.take(pa.array(chosen[:3])).to_pylist()
    return Finding(rule, chosen, shown)


def _blank(values: pa.Array) -> pa.Array:
    return pc.equal(values, "").fill_null(True)


def _not_in(values: pa.Array, known: tuple[str, ...], null: bool = True) -> pa.Array:
    """Where a value is none of ``known``; ``null`` says whether it may be missing."""
    wrong = pc.invert(pc.is_in(values, value_set=pa.array(known)))
    return pc.and_(wrong, pc.is_valid(values)) if null else wrong


def _numbers(values: pa.Array) -> NDArray[np.float64]:
    """As floats, NaN where missing."""
    return np.asarray(values.cast(pa.float64()).fill_null(np.nan))
