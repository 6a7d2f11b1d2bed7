"""The one softmax under most losses here: pick the positive among the candidates."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from maple_lib.losses.shapes import at_least_float32, check_offset, check_one_of

Direction = Literal["mean", "sum", "image_to_text", "text_to_image"]


def pairwise(queries: Tensor, candidates: Tensor, normalise: bool) -> Tensor:
    """Dot products (..., Q, K) of (..., Q, D) with (..., K, D), cosines when ``normalise`` is set."""
    queries, candidates = at_least_float32(queries), at_least_float32(candidates)
    if normalise:
        queries, candidates = functional.normalize(queries, dim=-1), functional.normalize(candidates, dim=-1)
    return queries @ candidates.mT


def contrast(
    logits: Tensor,
    *,
    targets: Tensor | None = None,
    offset: int = 0,
    anchors: Tensor | None = None,
    candidates: Tensor | None = None,
) -> Tensor:
    """Mean cross-entropy of choosing the positive candidate of every anchor.

    Args:
        logits: (..., Q, K) finite scores of Q anchors against K candidates.
        targets: (..., Q, K) weights >= 0 of the positives of each anchor; rows are scaled to sum to 1. None:
            the positive of anchor i is candidate i + ``offset``.
        offset: position of the first anchor's own positive among the candidates.
        anchors: (..., Q) bool, the anchors that count. Default: all.
        candidates: (..., K) bool, the candidates that can be chosen, or (..., Q, K) when every anchor has its
            own. Default: all.

    Returns:
        Scalar, in nats, averaged over the anchors that count and have a positive; 0 when there are none.
    """
    logits = at_least_float32(logits)
    if candidates is None:
        candidates = logits.new_ones(logits.shape[-1:], dtype=torch.bool)
    if candidates.ndim < logits.ndim:
        candidates = candidates[..., None, :]
    # A row with nothing to choose from would give inf - inf in the gradient; it is left open and not counted.
    closed = ~candidates & candidates.any(-1, keepdim=True)
    partition = logits.masked_fill(closed, -torch.inf).logsumexp(-1)
    if targets is None:
        check_offset(offset, logits.shape[-2], logits.shape[-1])
        positive = logits.diagonal(offset, -2, -1)
        known = candidates.expand(logits.shape).diagonal(offset, -2, -1)
    else:
        weights = targets.to(logits.dtype) * candidates
        total = weights.sum(-1)
        known = total > 0
        positive = (weights * logits).sum(-1) / torch.where(known, total, 1)
    counted = known if anchors is None else known & anchors
    return masked_mean(partition - positive, counted)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of the values under a bool mask of the same shape; 0, with its graph intact, when none is."""
    return torch.where(mask, values, 0).sum() / mask.sum().clamp(min=1)


def combine(image_to_text: Tensor, text_to_image: Tensor, direction: Direction) -> Tensor:
    """Join the losses of both directions as asked: their mean, their sum, or one of the two."""
    check_one_of("direction", direction, get_args(Direction))
    if direction == "image_to_text":
        return image_to_text
    if direction == "text_to_image":
        return text_to_image
    return (image_to_text + text_to_image) * (0.5 if direction == "mean" else 1.0)
