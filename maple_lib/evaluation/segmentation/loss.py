"""Focal loss for the many pixels that are easy, minus log Dice for the few that are true."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def focal_loss(logits: Tensor, truth: Tensor, gamma: float = 2.0) -> Tensor:
    """Cross-entropy of every pixel, times (1 - probability of its true class) to the power gamma.

    Args:
        logits: any shape.
        truth: the same shape, 0 or 1.
        gamma: 0 gives the plain cross-entropy.

    Returns:
        The same shape, in nats, >= 0.

    Source: Lin et al., ICCV 2017, eq. 4.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    return (-(-entropy).expm1()).pow(gamma) * entropy  # entropy = -log p, so that this is (1 - p)^gamma


def soft_dice(inside: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Overlap of probabilities and truth of each target, over the whole batch.

    One is added above and below the fraction, so that a batch without the target has an overlap too.

    Args:
        inside: (B, K, H, W) probabilities.
        truth: (B, K, H, W) 0 or 1.
        known: (B, K) 1 where the truth is known, else 0.

    Returns:
        (K,) in (0, 1].
    """
    counted = known[..., None, None]
    overlap = (inside * truth * counted).sum((0, 2, 3))
    total = ((inside + truth) * counted).sum((0, 2, 3))
    return (2 * overlap + 1) / (total + 1)


def focal_dice_loss(
    logits: Tensor, truth: Tensor, known: Tensor, focal_weight: float = 10.0, gamma: float = 2.0
) -> Tensor:
    """``focal_weight`` times the mean focal loss of the known pixels, minus the log of Dice.

    Args:
        logits: (B, K, H, W) of K targets.
        truth: (B, K, H, W) 0 or 1.
        known: (B, K) 1 where the truth is known, else 0.
        focal_weight: see above.
        gamma: exponent of the focal loss.

    Returns:
        Scalar, >= 0; the mean over the targets of minus log Dice counts once.

    Source: MGCA (NeurIPS 2022), after the pneumothorax challenge of SIIM-ACR.
    """
    pixels = known.sum().clamp_min(1) * logits.shape[-2] * logits.shape[-1]
    focal = (focal_loss(logits, truth, gamma) * known[..., None, None]).sum() / pixels
    return focal_weight * focal - soft_dice(logits.sigmoid(), truth, known).log().mean()
