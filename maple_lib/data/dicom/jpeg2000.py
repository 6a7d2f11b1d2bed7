"""JPEG 2000 and its high-throughput form, decoded by OpenJPEG through pylibjpeg-openjpeg (MIT, BSD).

The decoder is called without pydicom in between: its array is used as it is, where pydicom's runner copies
and inspects the frame several times over.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.dicom.bits import with_sign
from maple_lib.data.dicom.codestream import jpeg2000_precision


def decode_jpeg2000(frame: bytes, dataset: Any) -> NDArray[Any]:
    """Decode one grey frame.

    Returns:
        (H, W) integers of 8, 16 or 32 bits by the stream's precision, signed where the header says so.

    Raises:
        Exception: of the decoder's own kinds, on a damaged stream.
    """
    import openjpeg

    raw = openjpeg.decode_pixel_data(frame)
    size = {1: 1, 2: 2, 3: 4, 4: 4}[-(-jpeg2000_precision(frame) // 8)]
    values: NDArray[Any] = np.asarray(raw).view(f"u{size}").reshape(int(dataset.Rows), int(dataset.Columns))
    return with_sign(values, dataset)
