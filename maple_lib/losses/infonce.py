"""Whole images against whole reports: the InfoNCE loss of CLIP, ConVIRT, GLoRIA and ASG."""

from __future__ import annotations

from torch import Tensor

from maple_lib.losses.contrast import Direction, combine, contrast, pairwise
from maple_lib.losses.shapes import check_positive, check_shapes


def global_contrastive(
    image: Tensor,
    text: Tensor,
    temperature: float | Tensor = 0.07,
    *,
    targets: Tensor | None = None,
    image_all: Tensor | None = None,
    text_all: Tensor | None = None,
    offset: int = 0,
    normalise: bool = True,
    direction: Direction = "mean",
) -> Tensor:
    """Contrast every image with all reports, and every report with all images.

    L = -mean_i log( exp(s_ii / τ) / Σ_j exp(s_ij / τ) ), and the same over columns.

    Args:
        image: (B, D) image embeddings.
        text: (B, D) report embeddings of the same studies.
        temperature: τ > 0, a number or a scalar tensor that may be learnt (1 / exp(logit_scale)).
        targets: (B, K) weights >= 0: how much study j counts as a positive of study i, in both directions
            (a symmetric relation). None: each study has itself alone.
        image_all: (K, D) embeddings of all processes, this one's included. Default: ``image``.
        text_all: (K, D), likewise. Default: ``text``.
        offset: position of this process's first study in ``image_all`` and ``text_all``.
        normalise: compare by cosine; False when the embeddings have unit norm or must keep their length.
        direction: "mean" or "sum" of both directions, or one of them alone.

    Returns:
        Scalar, in nats; about ln K while nothing is learnt, 0 for an empty batch.

    Raises:
        MapleError: the shapes disagree, or the temperature is not above 0.

    Source: ConVIRT (arXiv 2010.00747) and CLIP (arXiv 2103.00020). ASG's L_IRA is ``direction="sum"`` with
    τ = 0.07; GLoRIA's global loss is ``direction="sum"`` with τ = 0.1.
    """
    image_all = image if image_all is None else image_all
    text_all = text if text_all is None else text_all
    check_shapes(
        image=(image, "B D"),
        text=(text, "B D"),
        image_all=(image_all, "K D"),
        text_all=(text_all, "K D"),
        targets=(targets, "B K"),
    )
    check_positive(temperature=temperature)
    to_text = pairwise(image, text_all, normalise) / temperature
    to_image = pairwise(text, image_all, normalise) / temperature
    return combine(
        contrast(to_text, targets=targets, offset=offset),
        contrast(to_image, targets=targets, offset=offset),
        direction,
    )


def matching_contrastive(
    similarities: Tensor, temperature: float | Tensor = 0.07, *, direction: Direction = "mean"
) -> Tensor:
    """The same contrast where a method says itself how well an image and a report fit.

    Args:
        similarities: (B, B) of images (rows) and the reports of the same studies (columns).
        temperature: τ > 0.
        direction: "mean" or "sum" of both directions, or one of them alone.

    Returns:
        Scalar, in nats.

    Raises:
        MapleError: the matrix is not square, or the temperature is not above 0.
    """
    check_shapes(similarities=(similarities, "B B"))
    check_positive(temperature=temperature)
    logits = similarities / temperature
    return combine(contrast(logits), contrast(logits.T), direction)
