"""The best patch of a region, across images: anatomy-conditioned multi-instance contrast."""

from __future__ import annotations

import torch
from torch import Tensor

from maple_lib.losses.contrast import contrast, pairwise
from maple_lib.losses.exp_sum import exp_sum
from maple_lib.losses.shapes import check_positive, check_shapes

FLOOR = 1e-12  # keeps the logarithm finite where a region is not visible


def region_instance_contrastive(
    patches: Tensor,
    phrases: Tensor,
    weights: Tensor,
    positives: Tensor,
    temperature: float | Tensor = 0.07,
    *,
    sharpness: float = 0.1,
) -> Tensor:
    """Tell, for every phrase, the images that show it in its region from those that do not.

    An image's score is the smooth maximum of the cosines between the phrase and the patches of the one
    region it speaks of. Only the best patches of a positive image are pulled, so that the phrase finds its
    patch; the whole region of a negative image is pushed away, so that healthy anatomy stays dark.

    Args:
        patches: (B, N, D) patch embeddings.
        phrases: (S, D) embeddings of phrases, each about one region.
        weights: (B, S, N) share of each patch inside the phrase's region in each image; all zero where the
            region is not visible.
        positives: (B, S) bool, True where the image has the phrase's finding in that region.
        temperature: of the contrast over images, > 0.
        sharpness: of the smooth maximum over patches, > 0; towards 0 it is the maximum, large it is the mean.

    Returns:
        Scalar, in nats, averaged over the phrases with a positive image; 0 when there are none.

    Raises:
        MapleError: the shapes disagree or a temperature is not above 0.

    Source: this project; the multi-instance idea of MApLe (MIDL 2026) with the contrast of one region
        across images after RRA-VL (arXiv 2503.07456).
    """
    check_shapes(
        patches=(patches, "B N D"),
        phrases=(phrases, "S D"),
        weights=(weights, "B S N"),
        positives=(positives, "B S"),
    )
    cosines = pairwise(phrases[None], patches, normalise=True)
    return region_instance_of_cosines(cosines, weights, positives, temperature, sharpness=sharpness)


def region_instance_of_cosines(
    cosines: Tensor,
    weights: Tensor,
    positives: Tensor,
    temperature: float | Tensor = 0.07,
    *,
    sharpness: float = 0.1,
) -> Tensor:
    """The same loss where the cosines are known: several losses may ask for those of one image.

    Args:
        cosines: (B, S, N) of phrases and patches, in [-1, 1].
        weights: (B, S, N), as in :func:`region_instance_contrastive`, like the others.
        positives: (B, S) bool.
        temperature: > 0.
        sharpness: > 0.

    Returns:
        Scalar, in nats.

    Raises:
        MapleError: the shapes disagree or a temperature is not above 0.
    """
    check_shapes(cosines=(cosines, "B S N"), weights=(weights, "B S N"), positives=(positives, "B S"))
    check_positive(temperature=temperature, sharpness=sharpness)
    scores, visible = _region_maximum(cosines, weights, sharpness)
    targets = (positives & visible).T
    return contrast(scores.T / temperature, targets=targets, candidates=visible.T)


def _region_maximum(cosines: Tensor, weights: Tensor, sharpness: float) -> tuple[Tensor, Tensor]:
    """Smooth maximum of the cosines inside a region: (B, S) scores, (B, S) where the region is visible."""
    mass = weights.sum(-1)
    visible = mass > 0
    # Cosines are at most 1, so exp((cos - 1) / sharpness) cannot overflow.
    inside = exp_sum(cosines, 1.0, sharpness, weights)
    mean = inside / torch.where(visible, mass, 1)
    return 1 + sharpness * torch.where(visible, mean, 1).clamp_min(FLOOR).log(), visible
