"""Does the map's peak, and the map's order of pixels, find the truth? No threshold is needed."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from maple_lib.evaluation.grounding.pixels import Array, Pixels, per_map, reduce_rows

Kind = TypeVar("Kind")


def pointing_game(maps: Kind, masks: Any, within: Any = None) -> Kind:
    """1 where the map's highest pixel lies inside the truth, else 0.

    Args:
        maps: (B, H, W) float, numpy or torch; NaN where a pixel does not count.
        masks: (B, H, W) bool truth.
        within: (B, H, W) bool region: only its pixels count (in-region pointing game, whose
            chance level is the truth's share of the region).

    Returns:
        (B,) float64. Any of several equal peaks counts, so a constant map scores 1: look at its CNR
        of 0 beside it. NaN where no true pixel counts.

    Raises:
        MapleError: if the shapes disagree or a mask is not boolean.

    Source: Zhang et al., Excitation Backprop (ECCV 2016); here without a tolerance margin.
    """
    return per_map(pointing, maps, masks, within)


def pixel_auprc(maps: Kind, masks: Any, within: Any = None) -> Kind:
    """Average precision of the pixels, ranked by the map: the area under precision against recall.

    Args:
        maps: (B, H, W) float, numpy or torch; NaN where a pixel does not count.
        masks: (B, H, W) bool truth.
        within: (B, H, W) bool region: only its pixels count.

    Returns:
        (B,) float64 in (0, 1]; chance is the truth's share of the pixels, which is also the score of
        a constant map. NaN where no true pixel counts.

    Raises:
        MapleError: if the shapes disagree or a mask is not boolean.

    Source: equal to scikit-learn's ``average_precision_score``, ties included.
    """
    return per_map(average_precision, maps, masks, within)


def pointing(pixels: Pixels) -> Array:
    """Pointing game of prepared maps, (B,)."""
    peak = reduce_rows(np.maximum, pixels.values, pixels.starts)
    best_inside = reduce_rows(np.maximum, pixels.inside, pixels.inside_starts)
    return np.where(pixels.undefined, np.nan, (best_inside == peak).astype(np.float64))


def average_precision(pixels: Pixels) -> Array:
    """Average precision of prepared maps, (B,)."""
    out = np.full(len(pixels.count), np.nan)
    for row in np.flatnonzero(~pixels.undefined):
        everything = pixels.ascending[pixels.starts[row] : pixels.starts[row + 1]]
        inside = pixels.inside_ascending[pixels.inside_starts[row] : pixels.inside_starts[row + 1]]
        out[row] = _precision_of_positives(everything, inside)
    return out


def _precision_of_positives(everything: Array, positives: Array) -> float:
    """Mean over the positives of the precision at their own score; both arrays ascend.

    Sorting plain values is much quicker than sorting an index, and only the few positives are looked up.
    """
    at_least = len(everything) - np.searchsorted(everything, positives)
    true = len(positives) - np.searchsorted(positives, positives)
    return float((true / at_least).mean())
