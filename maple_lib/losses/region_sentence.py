"""The regions of one image against the sentences about them: ASG's within-image contrast."""

from __future__ import annotations

from torch import Tensor

from maple_lib.losses.contrast import Direction, combine, contrast, pairwise
from maple_lib.losses.shapes import check_positive, check_shapes


def region_sentence_contrastive(
    regions: Tensor,
    sentences: Tensor,
    valid: Tensor,
    temperature: float | Tensor = 0.07,
    *,
    normalise: bool = False,
    direction: Direction = "sum",
) -> Tensor:
    """Contrast the regions of one image with the sentences about them.

    The negatives of a region are the other described regions of the same image, never another image: the
    loss teaches where things are. One batched (R, R) product per image, whatever the number of valid pairs.

    Args:
        regions: (B, R, D) region embeddings.
        sentences: (B, R, D) embeddings of the sentences about each region.
        valid: (B, R) bool, True where the region is visible and described; what the other rows hold has no
            influence.
        temperature: τ > 0, a number or a scalar tensor.
        normalise: compare by cosine. ASG pools unit-norm patches and words and does not normalise again.
        direction: "sum" (ASG) or "mean" of both directions, or one of them alone.

    Returns:
        Scalar, in nats, averaged over all valid regions of the batch; 0 when no image has two of them.

    Raises:
        MapleError: the shapes disagree, or the temperature is not above 0.

    Source: ASG (MICCAI 2024), anatomical region–sentence alignment, L_ARSA.
    """
    check_shapes(regions=(regions, "B R D"), sentences=(sentences, "B R D"), valid=(valid, "B R"))
    check_positive(temperature=temperature)
    valid = valid.bool()
    # Rows without a region may hold anything, even NaN: they must reach neither the sums nor the gradient.
    regions, sentences = (x.masked_fill(~valid[..., None], 0) for x in (regions, sentences))
    logits = pairwise(regions, sentences, normalise) / temperature
    return combine(
        contrast(logits, anchors=valid, candidates=valid),
        contrast(logits.mT, anchors=valid, candidates=valid),
        direction,
    )
