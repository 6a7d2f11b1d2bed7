"""Boxes that are no boxes, and boxes that leave their image."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.doctor.diagnosis import Case, Complaint, Mark
from maple_lib.data.doctor.exam import Card, Exam, share
from maple_lib.data.doctor.shapes import around_runs

if TYPE_CHECKING:
    import pandas as pd

IMPOSSIBLE = Card(
    "box",
    "error",
    "Boxes that mark nothing",
    "A box without area, off its image or not made of numbers gives a mask without a pixel: a mean over "
    "nothing, and a loss or a score of NaN.",
    "Check the order of the numbers (x, y, width, height or two corners) and the size they were drawn on.",
    fixable=True,
)
OVERHANG = Card(
    "box",
    "warning",
    "Boxes that leave their image",
    "A box beyond the border was often drawn on another size of the image, and then it lies wrong inside, "
    "too.",
    "Check which size the boxes belong to; where only the edge is over, clip it.",
    fixable=True,
)
_SLACK = 1.0  # pixels: annotation tools round


def wrong_boxes(exam: Exam) -> Iterator[Complaint]:
    """Boxes of regions and phrases, and masks that run past the last pixel."""
    boxes = exam.corpus.boxes
    corners = corners_of(boxes)
    sizes = sizes_of(exam, boxes)
    bad = impossible(corners, sizes)
    over = ~bad & leaves(corners, sizes)
    masks = list(_long_masks(exam))
    total = len(boxes) + len(exam.corpus.masks)
    if bad.any():
        said = f"Without area inside their image: {share(int(bad.sum()), total, 'boxes')}."
        yield IMPOSSIBLE.complain(said, _cases(exam, np.flatnonzero(bad)))
    if over.any() or masks:
        said = f"Over the border: {share(int(over.sum()) + len(masks), total, 'boxes and masks')}."
        yield OVERHANG.complain(said, [*_cases(exam, np.flatnonzero(over)), *masks])


def corners_of(boxes: pd.DataFrame) -> NDArray[np.float64]:
    """(K, 4): x1, y1, x2, y2."""
    return boxes[["x1", "y1", "x2", "y2"]].to_numpy(np.float64)


def sizes_of(exam: Exam, boxes: pd.DataFrame) -> NDArray[np.float64]:
    """(K, 2): height and width of each box's image, infinite where nobody knows."""
    shapes = np.array([shape or (np.inf, np.inf) for shape in exam.shapes], np.float64).reshape(-1, 2)
    return shapes[boxes["image"].to_numpy(np.int64)]


def impossible(corners: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(K,) bool: not finite, or without area once clipped to the image."""
    x1, y1, x2, y2 = corners.T
    height, width = sizes.T
    with np.errstate(invalid="ignore"):
        empty = (np.minimum(x2, width) <= np.maximum(x1, 0)) | (np.minimum(y2, height) <= np.maximum(y1, 0))
    bad: NDArray[np.bool_] = ~np.isfinite(corners).all(1) | empty
    return bad


def leaves(corners: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(K,) bool: more than a pixel beyond an edge."""
    x1, y1, x2, y2 = corners.T
    height, width = sizes.T
    with np.errstate(invalid="ignore"):
        over: NDArray[np.bool_] = (
            (np.minimum(x1, y1) < -_SLACK) | (x2 > width + _SLACK) | (y2 > height + _SLACK)
        )
    return over


def _cases(exam: Exam, rows: NDArray[np.int64]) -> list[Case]:
    kept = exam.corpus.boxes.iloc[rows]
    return [
        exam.image_case(int(each["image"]), _words(each), marks=_mark(each))
        for each in kept.to_dict("records")
    ]


def _words(box: Mapping[Hashable, Any]) -> str:
    numbers = ", ".join(f"{float(box[edge]):.0f}" for edge in ("x1", "y1", "x2", "y2"))
    return f"{box['name'] if box['kind'] == 'region' else 'phrase'}: ({numbers})"


def _mark(box: Mapping[Hashable, Any]) -> tuple[Mark, ...]:
    """The box to draw, where it can be drawn."""
    x1, y1, x2, y2 = (float(box[edge]) for edge in ("x1", "y1", "x2", "y2"))
    name = str(box["region"] or box["finding"])
    return (Mark((x1, y1, x2, y2), name),) if np.isfinite([x1, y1, x2, y2]).all() else ()


def _long_masks(exam: Exam) -> Iterator[Case]:
    masks = exam.corpus.masks
    for image, rle in zip(masks["image"], masks["rle"], strict=True):
        shape = exam.shapes[int(image)]
        if shape is not None and not around_runs(str(rle), shape)[3] <= shape[0]:
            yield exam.image_case(int(image), "a mask that runs past the last pixel")
