"""Whole images against whole reports, one yes-or-no question a pair: the loss of SigLIP."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from maple_lib.losses.contrast import pairwise
from maple_lib.losses.shapes import check_offset, check_positive, check_shapes


def sigmoid_contrastive(
    image: Tensor,
    text: Tensor,
    logit_scale: float | Tensor = 10.0,
    logit_bias: float | Tensor = -10.0,
    *,
    targets: Tensor | None = None,
    text_all: Tensor | None = None,
    offset: int = 0,
    normalise: bool = True,
) -> Tensor:
    """Ask of every pair of image and report whether they belong together.

    L = -(1/B) Σ_i Σ_j log σ( z_ij (t·cos_ij + b) ), z_ij = 1 for a pair and -1 otherwise. No pair competes
    with another, so gathering one side is enough.

    Args:
        image: (B, D) image embeddings.
        text: (B, D) report embeddings of the same studies.
        logit_scale: t > 0, a number or a scalar tensor that may be learnt.
        logit_bias: b; about -ln of the number of negatives a positive, so that training starts calm.
        targets: (B, K) in [0, 1], the probability that image i and report j belong together.
            None: each study has itself alone.
        text_all: (K, D) report embeddings of all processes. Default: ``text``.
        offset: position of this process's first study in ``text_all``.
        normalise: compare by cosine.

    Returns:
        Scalar, in nats per image, summed over the candidates; 0 for an empty batch.

    Raises:
        MapleError: the shapes disagree, or the scale is not above 0.

    Source: SigLIP (arXiv 2303.15343), Algorithm 1.
    """
    text_all = text if text_all is None else text_all
    check_shapes(
        image=(image, "B D"), text=(text, "B D"), text_all=(text_all, "K D"), targets=(targets, "B K")
    )
    check_positive(logit_scale=logit_scale)
    check_offset(offset, len(image), len(text_all))
    logits = logit_scale * pairwise(image, text_all, normalise) + logit_bias
    if targets is None:
        targets = torch.zeros_like(logits)
        targets.diagonal(offset).fill_(1)
    total = functional.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype), reduction="sum")
    return total / max(len(image), 1)
