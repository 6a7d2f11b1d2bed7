"""Pixels that a scanner filled in around the image: they are no measurement."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def padding_range(dataset: Any, stored: np.dtype[Any]) -> tuple[int, int] | None:
    """The stored values (both ends included) that mean padding, or None.

    Source: DICOM PS3.3 C.7.5.1.1.2, Pixel Padding Value and Pixel Padding Range Limit.
    """
    value = _as_stored(dataset.get("PixelPaddingValue"), stored)
    if value is None:
        return None
    limit = _as_stored(dataset.get("PixelPaddingRangeLimit"), stored)
    other = value if limit is None else limit
    return min(value, other), max(value, other)


def _as_stored(value: Any, stored: np.dtype[Any]) -> int | None:
    """Files write a negative padding as unsigned, and the reverse: take the bits, not the sign."""
    if value in (None, "") or not np.issubdtype(type(value), np.integer):
        return None
    bits = 8 * stored.itemsize
    wrapped = int(value) % (1 << bits)
    return wrapped - (1 << bits) if stored.kind == "i" and wrapped >> (bits - 1) else wrapped


def is_padding(values: NDArray[Any], padding: tuple[int, int]) -> NDArray[np.bool_]:
    """True where a stored value is padding; same shape as ``values``."""
    return (values >= padding[0]) & (values <= padding[1])


def valid_range(stored: NDArray[Any], padding: tuple[int, int] | None) -> tuple[int, int]:
    """Smallest and largest stored value that is not padding; of all values if everything is padding."""
    if padding is not None:
        valid = stored[~is_padding(stored, padding)]
        if valid.size:
            return int(valid.min()), int(valid.max())
    return int(stored.min()), int(stored.max())
