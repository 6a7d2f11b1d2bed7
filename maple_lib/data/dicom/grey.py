"""From stored values to shades of grey: modality LUT, VOI LUT or window, polarity.

The whole chain depends on the stored value alone, so it is worked out once for every value that 16 bits can
hold and then looked up: one pass over the pixels, in float32, whatever the chain.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.dicom.padding import is_padding, padding_range, valid_range
from maple_lib.data.dicom.tables import table_of
from maple_lib.data.dicom.window import voi
from maple_lib.errors import MapleError

Values = NDArray[np.float64]
_BLOCK = 1 << 16  # pixels looked up at a time: numpy copies the index to 8 bytes a pixel


def to_grey(stored: NDArray[Any], dataset: Any, path: Path) -> NDArray[np.float32]:
    """Turn stored values into brightness, bone bright.

    The order is the standard's: modality LUT or rescale, VOI LUT or else the first window, then
    MONOCHROME1 is inverted. A file without a usable window is stretched from the smallest to the largest
    value that it holds, padding left aside. Padding becomes 0 (black), as air is.

    Args:
        stored: (H, W) integers as stored.
        dataset: the header, from ``open_dicom``.
        path: named in errors.

    Returns:
        (H, W) float32 in [0, 1].

    Raises:
        MapleError: if a look-up table or the rescale slope cannot be used.

    Source: DICOM PS3.3 C.11.1 (modality LUT), C.11.2 (VOI LUT), C.7.6.3 (photometric interpretation).
    """
    padding = padding_range(dataset, stored.dtype)
    curve = brightness(dataset, lambda: valid_range(stored, padding), path)

    def shade(values: NDArray[Any]) -> NDArray[np.float32]:
        grey = np.clip(curve(values.astype(np.float64)), 0.0, 1.0).astype(np.float32)
        if padding is not None:
            grey[is_padding(values, padding)] = 0.0
        return grey

    return shade(stored) if stored.dtype.itemsize > 2 else _look_up(shade, stored)


def _look_up(
    shade: Callable[[NDArray[Any]], NDArray[np.float32]], stored: NDArray[Any]
) -> NDArray[np.float32]:
    native = np.ascontiguousarray(stored, stored.dtype.newbyteorder("="))
    index_type = np.dtype(f"u{native.dtype.itemsize}")
    every = np.arange(1 << (8 * index_type.itemsize)).astype(index_type)
    table = shade(every.view(native.dtype))
    out = np.empty(native.shape, np.float32)
    flat, flat_out = native.view(index_type).reshape(-1), out.reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        np.take(table, flat[block], out=flat_out[block], mode="clip")
    return out


def brightness(
    dataset: Any, stored_range: Callable[[], tuple[int, int]], path: Path
) -> Callable[[Values], Values]:
    """The curve from stored value to brightness, before clipping.

    Args:
        dataset: the header.
        stored_range: finds the image's smallest and largest stored value; a file with a window needs neither.
        path: named in errors.
    """
    to_modality = modality(dataset, path)

    def held() -> tuple[float, float]:
        low, high = stored_range()
        # A table need not be monotonic: look at every step between the two.
        steps = to_modality(np.linspace(low, high, min(high - low + 1, 65536)))
        return float(steps.min()), float(steps.max())

    to_display = voi(dataset, held, path)
    if str(dataset.PhotometricInterpretation).strip() != "MONOCHROME1":
        return lambda values: to_display(to_modality(values))
    return lambda values: 1.0 - to_display(to_modality(values))


def modality(dataset: Any, path: Path) -> Callable[[Values], Values]:
    """The modality LUT if there is one, else the rescale slope and intercept.

    Raises:
        MapleError: if the slope is 0 or not a number.
    """
    sequence = dataset.get("ModalityLUTSequence")
    if sequence:
        return table_of(sequence[0], int(dataset.get("PixelRepresentation") or 0) == 1, path)
    slope, intercept = _number(dataset, "RescaleSlope", 1.0), _number(dataset, "RescaleIntercept", 0.0)
    if slope == 0 or not np.isfinite([slope, intercept]).all():
        raise MapleError(
            path, f"rescale slope {slope}, intercept {intercept}", "repair these values in the file"
        )
    return lambda values: values * slope + intercept


def _number(dataset: Any, name: str, default: float) -> float:
    value = dataset.get(name)
    return default if value in (None, "") else float(value)
