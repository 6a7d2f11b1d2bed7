"""Does the anatomy add up? What contradicts it loses confidence; nothing is moved into place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

BoolMask = NDArray[np.bool_]
Masks = Mapping[str, BoolMask]

BROKEN = 0.5  # what a region's confidence is multiplied with for each rule that it breaks
_ZONES = ("upper lung zone", "mid lung zone", "lower lung zone")


def plausibility(masks: Masks) -> dict[str, float]:
    """A factor for each region that breaks a rule.

    Args:
        masks: region name -> (h, w) bool; empty masks break no rule.

    Returns:
        Region name -> 0.5 to the number of rules broken; regions that break none are left out.
    """
    seen = {name: mask for name, mask in masks.items() if mask.any()}
    factors: dict[str, float] = {}
    for rule in _RULES:
        for name in rule(seen):
            factors[name] = factors.get(name, 1.0) * BROKEN
    return factors


def _sides(masks: Masks) -> list[str]:
    """The right of a pair lies to the image's left of the left one."""
    wrong = []
    for right in [name for name in masks if name.startswith("right ")]:
        left = f"left {right.removeprefix('right ')}"
        if left in masks and _x(masks[right]) >= _x(masks[left]):
            wrong += [right, left]
    return wrong


def _order_of_zones(masks: Masks) -> list[str]:
    """From top to bottom: upper, mid and lower zone."""
    wrong = []
    for side in ("right", "left"):
        zones = [f"{side} {zone}" for zone in _ZONES if f"{side} {zone}" in masks]
        heights = [_y(masks[name]) for name in zones]
        if heights != sorted(heights):
            wrong += zones
    return wrong


def _between_lungs(masks: Masks) -> list[str]:
    """Heart, mediastinum, trachea and spine lie between the middles of the lungs, and the lungs are alike."""
    if "right lung" not in masks or "left lung" not in masks:
        return []
    right, left = masks["right lung"], masks["left lung"]
    middle = ("cardiac silhouette", "mediastinum", "trachea", "spine")
    wrong = [n for n in middle if n in masks and not _x(right) < _x(masks[n]) < _x(left)]
    ratio = float(right.sum()) / float(left.sum())
    return wrong if 0.2 < ratio < 5 else [*wrong, "right lung", "left lung"]


def _heights(masks: Masks) -> list[str]:
    """Trachea above carina above heart above abdomen."""
    order = [n for n in ("trachea", "carina", "cardiac silhouette", "abdomen") if n in masks]
    heights = [_y(masks[name]) for name in order]
    return order if heights != sorted(heights) else []


def _in_pieces(masks: Masks) -> list[str]:
    """A region is one piece, or nearly."""
    from scipy import ndimage

    wrong = []
    for name, mask in masks.items():
        pieces, count = ndimage.label(mask)
        if count > 1 and np.bincount(pieces.ravel())[1:].max() < 0.7 * mask.sum():
            wrong.append(name)
    return wrong


_RULES: tuple[Callable[[Masks], list[str]], ...] = (
    _sides,
    _order_of_zones,
    _between_lungs,
    _heights,
    _in_pieces,
)


def _x(mask: BoolMask) -> float:
    return float((np.flatnonzero(mask) % mask.shape[1]).mean())


def _y(mask: BoolMask) -> float:
    return float((np.flatnonzero(mask) // mask.shape[1]).mean())
