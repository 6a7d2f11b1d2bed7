"""What the segmenter minimises: cross-entropy of every pixel, and the overlap of every region."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def segmentation_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Binary cross-entropy plus one minus Dice.

    Dice is taken over the whole batch, region by region: a region that one image does not show then still has
    a defined overlap, and a small region counts as much as a large one.

    Args:
        logits: (B, R, h, w).
        masks: (B, R, h, w) in [0, 1].

    Returns:
        Scalar, >= 0.
    """
    inside = logits.sigmoid()
    overlap = (inside * masks).sum((0, 2, 3))
    total = inside.sum((0, 2, 3)) + masks.sum((0, 2, 3))
    dice = (2 * overlap + 1) / (total + 1)
    return 2 * F.binary_cross_entropy_with_logits(logits, masks) + (1 - dice).mean()
