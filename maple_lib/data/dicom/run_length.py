"""DICOM's run-length encoding: byte planes, the most significant first, each packed on its own.

The runs are unpacked by pylibjpeg-rle. Its decoder of whole frames aborts with a trace on damaged files, its
decoder of segments says what is wrong: planes are joined here.

Source: DICOM PS3.5 annex G.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.dicom.bits import with_sign

_HEADER = 64  # sixteen 32-bit numbers: how many segments, and where each begins


def decode_run_length(frame: bytes, dataset: Any) -> NDArray[Any]:
    """Decode one grey frame.

    Returns:
        (H, W) integers of ``BitsAllocated`` bits, signed where the header says so.

    Raises:
        ValueError: if the segments do not hold the pixels that the header promises.
    """
    shape, size = (int(dataset.Rows), int(dataset.Columns)), int(dataset.BitsAllocated) // 8
    planes = np.empty((shape[0] * shape[1], size), np.uint8)
    for i, segment in enumerate(_segments(frame, size)):
        place = size - 1 - i if sys.byteorder == "little" else i
        planes[:, place] = _unpack(segment, len(planes))
    return with_sign(planes.view(f"u{size}").reshape(shape), dataset)


def _segments(frame: bytes, count: int) -> Iterator[bytes]:
    """One segment after the other: copies of all at once would double the memory."""
    head = np.frombuffer(frame[:_HEADER].ljust(_HEADER, b"\0"), "<u4")
    starts = [int(start) for start in head[1 : count + 1]]
    ends = [*starts[1:], len(frame)]
    if head[0] != count or not all(_HEADER <= a < b for a, b in zip(starts, ends, strict=True)):
        raise ValueError("segments do not fit the header")
    for start, end in zip(starts, ends, strict=True):
        yield frame[start:end]


def _unpack(segment: bytes, count: int) -> NDArray[np.uint8]:
    from rle.rle import decode_segment  # type: ignore[import-not-found]

    try:
        plane = decode_segment(segment)
    except ValueError:
        if len(segment) < 2:
            raise
        plane = decode_segment(segment[:-1])  # segments are padded to an even length
    if len(plane) < count:
        raise ValueError("a segment ends before the image does")
    return np.frombuffer(plane, np.uint8, count)
