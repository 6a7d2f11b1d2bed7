"""Masks as text: runs of pixels, ``"start length start length ..."``, row by row from 0.

This is the one form in which rows and tables keep a mask. Others write runs in their own ways; each has a
function here that reads it. All of them come down to counts that alternate, outside first: so many pixels
outside, so many inside, so many outside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import BoolMask
from maple_lib.errors import MapleError

Counts = NDArray[np.int64]
_DIGITS = b"0123456789 \t\r\n"
_LARGEST = 2**40  # pixels; far below where sums of such numbers leave 64 bits
_AGAIN = "download the file again, and check which image it belongs to"


def encode_mask(mask: BoolMask) -> str:
    """Write a mask as text.

    Args:
        mask: (H, W) bool.

    Returns:
        The runs from top left to bottom right, neighbouring ones joined; ``""`` for an empty mask.

    Example:
        >>> encode_mask(np.array([[0, 1, 1], [1, 0, 1]], bool))
        '1 3 5 1'
    """
    edges = np.flatnonzero(np.diff(mask.ravel(), prepend=False, append=False))
    pairs = edges.reshape(-1, 2)
    return _text(pairs[:, 0], pairs[:, 1] - pairs[:, 0])


def decode_mask(rle: str, shape: tuple[int, ...]) -> BoolMask:
    """Read a mask from this project's text.

    Args:
        rle: what ``encode_mask`` wrote.
        shape: (H, W) of the image.

    Returns:
        (H, W) bool.

    Raises:
        MapleError: if it is no list of pairs of numbers, or a run overlaps another or leaves the image.
    """
    return _paint(_counts(_numbers(rle), 0), shape)


def from_kaggle(rle: str, shape: tuple[int, ...]) -> str:
    """This project's text from ``"start length ..."`` counted from 1, row by row, as CheXmask writes.

    Args:
        rle: the runs.
        shape: (H, W) of the image; nothing is drawn, but the runs must fit in.

    Raises:
        MapleError: as ``decode_mask``.

    Source: CheXmask's public code (``get_RLE_from_mask``): ``mask.flatten()``, first pixel 1.
    """
    counts = _counts(_numbers(rle), 1)
    _check(counts, shape)
    ends = counts.cumsum()
    return _text(ends[::2], counts[1::2])


def from_siim(rle: str, shape: tuple[int, ...]) -> str:
    """This project's text from SIIM's: column by column, each start counted from the end of the run before.

    Args:
        rle: the runs; ``"-1"`` means that there is no mask.
        shape: (H, W) of the image, 1024 x 1024 in the challenge.

    Raises:
        MapleError: as ``decode_mask``.
    """
    if rle.strip() == "-1":
        return ""
    return encode_mask(_paint(_numbers(rle), shape[::-1]).T)


def from_coco(segmentation: Mapping[str, Any]) -> tuple[str, tuple[int, int]]:
    """This project's text from COCO's ``{"size": [H, W], "counts": ...}``, which goes column by column.

    Args:
        segmentation: ``counts`` is a list of numbers, or the compressed text of pycocotools.

    Returns:
        The text and (H, W).

    Raises:
        MapleError: if a part is missing or damaged, or the counts do not fill the image.
    """
    try:
        height, width = (int(side) for side in segmentation["size"])
        raw = segmentation["counts"]
    except (KeyError, TypeError, ValueError):
        raise MapleError("COCO mask", "no size or no counts", _AGAIN) from None
    counts = _coco_counts(raw.encode("ascii", "replace")) if isinstance(raw, str) else _whole(raw)
    if counts.sum() != height * width:
        problem = f"counts of {counts.sum()} pixels for {height} x {width}"
        raise MapleError("COCO mask", problem, _AGAIN)
    if len(counts) < 2:
        return "", (height, width)
    return encode_mask(_paint(counts, (width, height)).T), (height, width)


def _coco_counts(text: bytes) -> Counts:
    """Numbers of five bits a letter, low bits first; from the fourth on, differences to the last but one."""
    letters = np.frombuffer(text, np.uint8).astype(np.int64) - 48
    if not len(letters) or letters.min() < 0 or letters.max() > 63 or letters[-1] & 32:
        raise MapleError("COCO mask", "not the compressed text of pycocotools", _AGAIN)
    last = (letters & 32) == 0
    first = np.flatnonzero(np.concatenate(([True], last[:-1])))
    place = np.arange(len(letters)) - np.repeat(first, np.diff(first, append=len(letters)))
    if place.max() > 11:
        raise MapleError("COCO mask", "a number too large for an image", _AGAIN)
    values = np.add.reduceat((letters & 31) << (5 * place), first)
    negative = (letters[last] & 16) != 0
    values -= negative.astype(np.int64) << (5 * (place[last] + 1))
    for parity in (1, 2):
        values[parity::2] = values[parity::2].cumsum()
    return values


def _numbers(rle: str) -> Counts:
    """The numbers of a text, an even count of them."""
    code = rle.encode()
    if code.translate(None, _DIGITS):
        raise _not_whole(rle)
    numbers = np.fromstring(code, np.int64, sep=" ")
    if len(numbers) and numbers.max() > _LARGEST:
        raise _not_whole(rle)
    if len(numbers) % 2:
        problem = f"{len(numbers)} numbers, which are not pairs of start and length"
        raise MapleError(_short(rle), problem, _AGAIN)
    return numbers


def _whole(values: Sequence[Any]) -> Counts:
    try:
        return np.array([int(value) for value in values], np.int64)
    except (TypeError, ValueError, OverflowError):
        raise _not_whole(values) from None


def _not_whole(value: object) -> MapleError:
    return MapleError(_short(value), "runs that are not whole numbers from 0", _AGAIN)


def _counts(pairs: Counts, first: int) -> Counts:
    """Alternating counts from starts and lengths; an overlap becomes a negative count."""
    counts = pairs.copy()
    counts[::2] -= first
    counts[2::2] -= counts[:-2:2] + counts[1:-1:2]
    return counts


def _check(counts: Counts, shape: tuple[int, ...]) -> None:
    if len(counts) and counts.min() < 0:
        raise MapleError("mask", "a run that overlaps the one before it", _AGAIN)
    size, end = int(np.prod(shape)), int(counts.sum())
    if end > size:
        sides = " x ".join(map(str, shape))
        raise MapleError("mask", f"a run that ends at pixel {end} of {size} ({sides})", _AGAIN)


def _paint(counts: Counts, shape: tuple[int, ...]) -> BoolMask:
    _check(counts, shape)
    rest = int(np.prod(shape) - counts.sum())
    inside = np.arange(len(counts) + 1) % 2 == 1
    if len(counts) % 2:
        inside[-1] = False
    return np.repeat(inside, np.append(counts, rest)).reshape(shape)


def _text(starts: Counts, lengths: Counts) -> str:
    pairs = np.stack([starts, lengths], 1)[lengths > 0]
    return json.dumps(pairs.ravel().tolist(), separators=(" ", ""))[1:-1]  # twice as fast as join and str


def _short(value: object) -> str:
    text = repr(value)
    return f"mask {text if len(text) <= 40 else text[:40] + '...'}"
