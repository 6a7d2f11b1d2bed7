"""Dice of masks, image by image, on each image's own pixels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from maple_lib.data.study import BoolMask

Floats = NDArray[np.float64]


def dice_scores(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Floats:
    """Twice the overlap over the sum of the areas.

    Args:
        predicted: (..., H, W) bool.
        truth: of the same shape.

    Returns:
        (...,) in [0, 1]; where the truth is empty, 1 for an empty prediction and 0 for any other.
    """
    overlap = (predicted & truth).sum((-2, -1)).astype(np.float64)
    total = predicted.sum((-2, -1)) + truth.sum((-2, -1))
    return np.where(total == 0, 1.0, 2 * overlap / np.maximum(total, 1))


def dice_on_images(
    inside: Tensor, masks: Sequence[Sequence[BoolMask | None]], threshold: float, batch_size: int
) -> Floats:
    """Bring probabilities to the images and score them there.

    Args:
        inside: (n, K, S, S) probabilities on the padded squares that the method saw.
        masks: n times K masks (H, W) on the images' own pixels; None where the truth is unknown.
        threshold: a pixel is predicted from this probability on.
        batch_size: images of one size that are scored at a time.

    Returns:
        (n, K); NaN where the truth is unknown.
    """
    scores = np.full(inside.shape[:2], np.nan)
    for size, rows in _by_size(masks).items():
        empty = np.zeros(size, bool)
        for start in range(0, len(rows), batch_size):
            index = rows[start : start + batch_size]
            truth = np.stack([[empty if m is None else m for m in masks[i]] for i in index])
            known = np.array([[m is not None for m in masks[i]] for i in index])
            predicted = to_images(inside[index], size).numpy() >= threshold
            scores[index] = np.where(known, dice_scores(predicted, truth), np.nan)
    return scores


def to_images(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps (n, K, S, S) of the padded squares at the images' own (H, W), the padding cut away."""
    side = max(size)
    top, left = (side - size[0]) // 2, (side - size[1]) // 2
    full = F.interpolate(maps, (side, side), mode="bilinear", align_corners=False)
    return full[..., top : top + size[0], left : left + size[1]]


def _by_size(masks: Sequence[Sequence[BoolMask | None]]) -> dict[tuple[int, int], list[int]]:
    """Which images have which size; those of which no truth is known are left out."""
    rows: dict[tuple[int, int], list[int]] = defaultdict(list)
    for i, row in enumerate(masks):
        known = [mask for mask in row if mask is not None]
        if known:
            rows[known[0].shape[0], known[0].shape[1]].append(i)
    return rows
