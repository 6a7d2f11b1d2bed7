"""Contrast-to-noise ratio: how far the map inside the truth stands out from the map outside."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from maple_lib.evaluation.grounding.pixels import Array, Pixels, per_map, reduce_rows

Kind = TypeVar("Kind")

# In double precision, a variance below this share of the whole map's is rounding: the values are equal.
_ROUNDING = 1e-12
# So is a spread of the whole map below this share of its squared mean: the map is constant.
_CONSTANT = 1e-26


def cnr(maps: Kind, masks: Any, signed: bool = True, within: Any = None) -> Kind:
    """Contrast-to-noise ratio of every map: (mean in - mean out) / sqrt(var in + var out).

    Args:
        maps: (B, H, W) float, numpy or torch; NaN where a pixel does not count (outside the crop).
        masks: (B, H, W) bool truth; several boxes of one phrase are one union.
        signed: keep the sign, so that a map that is darkest on the lesion scores below 0;
            False takes the absolute value, as BioViL does.
        within: (B, H, W) bool region: only its pixels count (in-region CNR).

    Returns:
        (B,) float64. NaN where no true pixel or no other pixel counts; 0 for a constant map;
        infinite where both sides are constant and differ.

    Raises:
        MapleError: if the shapes disagree or a mask is not boolean.

    Source: Boecking et al., BioViL (ECCV 2022), population variances; the sign as in MaCo and AFLoc.
    """
    return per_map(lambda pixels: contrast(pixels, signed), maps, masks, within)


def contrast(pixels: Pixels, signed: bool = True) -> Array:
    """CNR of prepared maps, (B,)."""
    n, n_in = pixels.count, pixels.inside_count
    with np.errstate(divide="ignore", invalid="ignore"):
        # Centred first: squares of large values would drown a small variance.
        centre = reduce_rows(np.add, pixels.values, pixels.starts).astype(np.float64) / n
        total, squares = _centred_sums(pixels, centre)
        inside = pixels.inside - np.repeat(centre, n_in)
        total_in = reduce_rows(np.add, inside, pixels.inside_starts)
        squares_in = reduce_rows(np.add, inside * inside, pixels.inside_starts)
        mean_in, var_in = _moments(total_in, squares_in, n_in)
        mean_out, var_out = _moments(total - total_in, squares - squares_in, n - n_in)
        rounding = _ROUNDING * squares / n
        noise = np.where(var_in > rounding, var_in, 0) + np.where(var_out > rounding, var_out, 0)
        constant = _moments(total, squares, n)[1] <= _CONSTANT * centre**2
        ratio = np.where(constant, 0.0, (mean_in - mean_out) / np.sqrt(noise))
    ratio[(n_in == 0) | (n_in == n)] = np.nan
    return ratio if signed else np.abs(ratio)


def _centred_sums(pixels: Pixels, centre: Array) -> tuple[Array, Array]:
    """(B,) sums and sums of squares around ``centre``; one map at a time, which stays in the cache."""
    sums = np.zeros((2, len(centre)))
    for row, (first, end) in enumerate(pairwise(pixels.starts)):
        values = np.subtract(pixels.values[first:end], centre[row], dtype=np.float64)
        sums[:, row] = values.sum(), values @ values
    return sums[0], sums[1]


def _moments(total: Array, squares: Array, n: Array) -> tuple[Array, Array]:
    mean = total / n
    return mean, squares / n - mean**2
