"""All grounding metrics of one protocol in one pass: the pixels are prepared and sorted once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from maple_lib.evaluation.grounding.contrast import contrast
from maple_lib.evaluation.grounding.overlap import NORMALISATIONS, THRESHOLDS, mean_iou
from maple_lib.evaluation.grounding.pixels import Array, Pixels, blocks
from maple_lib.evaluation.grounding.ranking import average_precision, pointing


def score_maps(
    maps: Any, masks: Any, within: Any = None, thresholds: Sequence[float] = THRESHOLDS
) -> dict[str, Array]:
    """Score maps by every grounding metric; equal to calling the metrics one by one.

    Args:
        maps: (B, H, W) float, numpy or torch; NaN where a pixel does not count.
        masks: (B, H, W) bool truth.
        within: (B, H, W) bool named region; adds ``region_cnr``, ``region_pointing`` and ``region_chance``.
        thresholds: those of the mean IoU.

    Returns:
        Name of the metric -> (B,) float64: ``cnr``, ``abs_cnr``, ``miou_clamp``, ``miou_unit``,
        ``miou_symmetric``, ``pointing``, ``auprc`` and ``chance``, the truth's share of the pixels.

    Raises:
        MapleError: if the shapes disagree or a mask is not boolean.
    """
    rows = _collect([_whole(pixels, thresholds) for pixels in blocks(maps, masks)])
    if within is not None:
        rows |= _collect([_region(pixels) for pixels in blocks(maps, masks, within)])
    return rows


def _whole(pixels: Pixels, thresholds: Sequence[float]) -> dict[str, Array]:
    signed = contrast(pixels)
    return {
        "cnr": signed,
        "abs_cnr": np.abs(signed),
        **{f"miou_{how}": mean_iou(pixels, how, thresholds) for how in NORMALISATIONS},
        "pointing": pointing(pixels),
        "auprc": average_precision(pixels),
        "chance": _chance(pixels),
    }


def _region(pixels: Pixels) -> dict[str, Array]:
    return {
        "region_cnr": contrast(pixels),
        "region_pointing": pointing(pixels),
        "region_chance": _chance(pixels),
    }


def _chance(pixels: Pixels) -> Array:
    share = pixels.inside_count / np.maximum(pixels.count, 1)
    return np.where(pixels.undefined, np.nan, share)


def _collect(parts: Sequence[dict[str, Array]]) -> dict[str, Array]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
