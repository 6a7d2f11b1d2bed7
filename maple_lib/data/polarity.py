"""Is bone bright? What a chest looks like when it is, measured on the pixels alone.

A PNG cannot say which way round it was stored, and a DICOM can say it wrongly. In a frontal radiograph that
is bone bright the lungs are darker than what lies between and below them; inverted, all of that turns round.
The measure is odd: an inverted image has exactly the opposite score, so that no side is favoured.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.resample import resize
from maple_lib.errors import MapleError

Grey = NDArray[np.float32]

# The mean of 80 phantoms at 8 x 8, made symmetric, in tenths of their standard deviation.
_CHEST = (
    (-21, -15, -6, 4, 4, -6, -15, -21),
    (-1, 2, -3, 4, 4, -3, 2, -1),
    (2, 1, -8, 3, 3, -8, 1, 2),
    (-6, -4, -9, 6, 6, -9, -4, -6),
    (-11, -7, -5, 10, 10, -5, -7, -11),
    (-12, -2, 5, 13, 13, 5, -2, -12),
    (-9, 8, 13, 16, 16, 13, 8, -9),
    (-7, 10, 14, 15, 15, 14, 10, -7),
)
# Parts of a frontal image: (top, bottom, left, right) as shares of its height and width.
_MIDDLE, _HEART, _BELLY = (0.30, 0.70, 0.44, 0.56), (0.45, 0.75, 0.44, 0.60), (0.80, 0.97, 0.25, 0.75)
_LUNGS = ((0.30, 0.60, 0.20, 0.36), (0.30, 0.60, 0.64, 0.80))
_UPPER_LUNGS = ((0.20, 0.50, 0.24, 0.38), (0.20, 0.50, 0.62, 0.76))
_FLAT = 1 / 128  # a border row or column with less range than this holds no image


def bone_brightness(pixels: Grey) -> float:
    """Score the polarity of a frontal chest radiograph.

    Args:
        pixels: (H, W) float32 in [0, 1].

    Returns:
        A score in [-1, 1]: above 0 bone is bright, below 0 the image is inverted, and the farther from 0 the
        surer. Within 0.3 of 0 little can be said: lateral views, other body parts, noise, a uniform image.
        ``bone_brightness(1 - pixels) == -bone_brightness(pixels)`` up to rounding.

    Raises:
        MapleError: if the array is not one image (H, W).

    Example:
        >>> from maple_lib import phantom
        >>> bone_brightness(phantom(0).image.pixels) > 0.5
        True
    """
    if pixels.ndim != 2 or pixels.size == 0:
        raise MapleError(f"array of shape {pixels.shape}", "expected one grey image (H, W)", "pass one image")
    inside = without_border(pixels)
    small = resize(inside, (64, 64)).astype(np.float64)
    return float(np.tanh(0.5 * (_lungs_below_the_rest(small) + 2.0 * _likeness(inside))))


def without_border(pixels: Grey) -> Grey:
    """Cut off rows and columns of one shade around an image: shutters and padding tell nothing."""
    rows = np.flatnonzero(np.ptp(pixels, axis=1) > _FLAT)
    columns = np.flatnonzero(np.ptp(pixels, axis=0) > _FLAT)
    if not len(rows) or not len(columns):
        return pixels
    cut = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(cut)


def _lungs_below_the_rest(image: NDArray[np.float64]) -> float:
    """Contrasts of mediastinum, heart and belly to the lungs, in standard deviations of the image."""

    def median(box: tuple[float, float, float, float]) -> float:
        height, width = image.shape
        top, bottom, left, right = (
            round(v * n) for v, n in zip(box, (height, height, width, width), strict=True)
        )
        return float(np.median(image[top:bottom, left:right]))

    lungs, upper = (sum(map(median, boxes)) / 2 for boxes in (_LUNGS, _UPPER_LUNGS))
    contrast = (median(_MIDDLE) - lungs) + (median(_HEART) - upper) + (median(_BELLY) - upper)
    return contrast / (5 * float(image.std()) + 1e-6)


def _likeness(pixels: Grey) -> float:
    """Correlation with the mean phantom, in [-1, 1]."""
    chest = np.array(_CHEST, float)
    coarse = resize(pixels, chest.shape).astype(np.float64)
    apart, chest = coarse - coarse.mean(), chest - chest.mean()
    return float((apart * chest).sum() / (np.linalg.norm(apart) * np.linalg.norm(chest) + 1e-6))
