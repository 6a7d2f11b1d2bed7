"""Mean intersection over union of the thresholded map, in the three normalisations that are in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar, get_args

import numpy as np

from maple_lib.errors import MapleError
from maple_lib.evaluation.grounding.pixels import Array, Pixels, per_map

Kind = TypeVar("Kind")
Normalisation = Literal["clamp", "unit", "symmetric"]
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)


def miou(
    maps: Kind,
    masks: Any,
    normalisation: Normalisation = "clamp",
    thresholds: Sequence[float] = THRESHOLDS,
    within: Any = None,
) -> Kind:
    """Mean over thresholds of the IoU between ``normalised map > threshold`` and the mask.

    Args:
        maps: (B, H, W) float, numpy or torch; NaN where a pixel does not count.
        masks: (B, H, W) bool truth.
        normalisation: ``"clamp"`` raw cosine, below 0 becomes 0; ``"unit"`` min-max to [0, 1];
            ``"symmetric"`` min-max to [-1, 1]. Minimum and maximum are of the pixels that count.
        thresholds: of the normalised map; strictly above counts as predicted.
        within: (B, H, W) bool region: only its pixels count.

    Returns:
        (B,) float64 in [0, 1]; an empty prediction scores 0; NaN where no true pixel counts.
        Min-max turns a constant map into zeros.

    Raises:
        MapleError: if the shapes disagree or the normalisation is unknown.

    Source: Boecking et al., BioViL (ECCV 2022); the normalisations differ between published scorers.
    """
    return per_map(lambda p: mean_iou(p, normalisation, thresholds), maps, masks, within)


def mean_iou(
    pixels: Pixels, normalisation: Normalisation = "clamp", thresholds: Sequence[float] = THRESHOLDS
) -> Array:
    """Mean IoU of prepared maps, (B,)."""
    if normalisation not in NORMALISATIONS:
        raise MapleError(
            f"normalisation={normalisation!r}", "unknown", f"choose one of {', '.join(NORMALISATIONS)}"
        )
    levels = np.asarray(thresholds, pixels.values.dtype)  # a threshold is as precise as the map
    if not len(pixels.inside):
        return np.full(len(pixels.count), np.nan)
    low, high = _extremes(pixels)
    predicted = _count_above(pixels.ascending, pixels.starts, normalisation, low, high, levels)
    hits = _count_above(pixels.inside_ascending, pixels.inside_starts, normalisation, low, high, levels)
    union = np.maximum(predicted + pixels.inside_count - hits, 1)
    return np.where(pixels.undefined, np.nan, (hits / union).mean(axis=0))


def _extremes(pixels: Pixels) -> tuple[Array, Array]:
    """(B,) lowest and highest value of each map; anything for a map without pixels."""
    first = np.minimum(pixels.starts[:-1], len(pixels.values) - 1)
    return pixels.ascending[first], pixels.ascending[pixels.starts[1:] - 1]


def _normalise(values: Array, low: Array, high: Array, normalisation: Normalisation) -> Array:
    """Bring values to the scale of the thresholds; never decreasing in ``values``."""
    if normalisation == "clamp":
        return np.maximum(values, 0)
    span = high - low
    unit = (values - low) / np.where(span > 0, span, 1)
    if normalisation == "unit":
        return unit
    return np.where(span > 0, 2 * unit - 1, 0)


def _count_above(
    ascending: Array, starts: Array, how: Normalisation, low: Array, high: Array, levels: Array
) -> Array:
    """(T, B) number of values of each map above each threshold.

    Normalising keeps the order, so in sorted values the answer is found by halving: a handful of
    pixels is normalised instead of all of them, with the very same rounding.
    """
    first = np.tile(starts[:-1], (len(levels), 1))
    end = np.tile(starts[1:], (len(levels), 1))
    while (searching := first < end).any():
        middle = (first + end) // 2
        value = ascending[np.minimum(middle, len(ascending) - 1)]
        above = _normalise(value, low, high, how) > levels[:, None]
        end = np.where(searching & above, middle, end)
        first = np.where(searching & ~above, middle + 1, first)
    return starts[1:] - first
