"""JPEG lossless, JPEG of 12 bits and JPEG-LS, decoded by imagecodecs (BSD, as the libraries inside it)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.dicom.bits import with_sign
from maple_lib.data.dicom.patience import call_with_patience

EXTENDED = "1.2.840.10008.1.2.4.51"
LOSSLESS = {"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"}
LS = {"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"}


def decode_jpeg(frame: bytes, dataset: Any) -> NDArray[Any]:
    """Decode one grey frame of JPEG, of up to 16 bits.

    Returns:
        (H, W) integers of 8 or 16 bits, signed where the header says so.

    Raises:
        Exception: of the decoder's own kinds, on a damaged stream.
    """
    import imagecodecs  # type: ignore[import-not-found, import-untyped, unused-ignore]

    return with_sign(np.require(imagecodecs.jpeg8_decode(frame), requirements="W"), dataset)


def decode_jpeg_ls(frame: bytes, dataset: Any) -> NDArray[Any]:
    """Decode one grey frame of JPEG-LS; as ``decode_jpeg``.

    CharLS counts on for ten seconds and more in one of some ten thousand damaged streams.
    """
    import imagecodecs  # type: ignore[import-not-found, import-untyped, unused-ignore]

    pixels = int(dataset.Rows) * int(dataset.Columns)
    values = call_with_patience(lambda: imagecodecs.jpegls_decode(frame), pixels)
    return with_sign(np.require(values, requirements="W"), dataset)
