"""Stored integers: only the bits that the header calls stored count, and the highest may be a sign."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def with_sign(values: NDArray[Any], dataset: Any) -> NDArray[Any]:
    """Read decoded bits as the header means them.

    Args:
        values: (H, W) integers of any width in the machine's byte order, changed in place.
        dataset: the header; PixelRepresentation 1 means signed.

    Returns:
        (H, W) integers of the same width, signed where the header says so. The bits above BitsStored, which
        old files use for drawings, are shifted out, and the sign is shifted back in.
    """
    signed = bool(int(dataset.get("PixelRepresentation") or 0))
    width = 8 * values.dtype.itemsize
    unused = width - int(dataset.get("BitsStored") or width)
    values = values.view(f"{'i' if signed else 'u'}{values.dtype.itemsize}")
    if unused > 0:
        np.left_shift(values, unused, out=values)
        np.right_shift(values, unused, out=values)
    return values
