"""Sides in words and in images: the patient's left is the right half of a frontal radiograph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.evaluation.frame import Maps
from maple_lib.reports.sides import named_side
from maple_lib.vocabulary import REGIONS, Side, region


def side_of(regions: Sequence[str], text: str) -> Side | None:
    """The one side of the regions; where there are none, the side that the text names."""
    if not regions:
        return named_side(text)
    sides = {region(name).side if name in REGIONS else named_side(name) for name in regions}
    return sides.pop() if len(sides) == 1 else None


def midline(study: Study) -> float:
    """Column of the patient's middle, in pixels: that of the spine, else that of the image."""
    if "spine" in study.regions:
        columns = study.regions["spine"].sum(axis=0)
        if columns.any():
            return float(np.average(np.arange(len(columns)) + 0.5, weights=columns))
    return study.image.pixels.shape[1] / 2


def peak_on_side(heat: Maps, middles: Sequence[float], sides: Sequence[Side]) -> NDArray[np.float64]:
    """Does a map peak on the named side of the patient?

    Args:
        heat: (B, H, W) maps on the image.
        middles: B columns of the midline, in pixels.
        sides: B named sides.

    Returns:
        (B,) float64: the share of the map's highest pixels that lie on the side, so a constant map scores
        about a half; NaN for a map of NaN.
    """
    peak = np.fmax.reduce(heat, axis=(1, 2), keepdims=True)
    per_column = (heat == peak).sum(axis=1)
    from_middle = np.arange(heat.shape[2]) + 0.5 - np.asarray(middles)[:, None]
    towards = np.array([1 if side == "left" else -1 for side in sides])[:, None]
    there = per_column * (from_middle * towards > 0)
    with np.errstate(invalid="ignore"):
        return there.sum(axis=1) / per_column.sum(axis=1)
