"""A phrase's share of an image: its patches should win against all others of the image."""

from __future__ import annotations

from torch import Tensor

from maple_lib.losses.contrast import masked_mean, pairwise
from maple_lib.losses.shapes import check_positive, check_shapes

OUTSIDE = 1e-6  # weight of a patch outside the place: keeps the logarithm finite


def phrase_place_contrastive(
    patches: Tensor,
    phrases: Tensor,
    weights: Tensor,
    said: Tensor,
    temperature: float | Tensor = 0.07,
) -> Tensor:
    """Ask that a phrase's softmax over the patches of an image falls into the place it names.

    Contrasting regions with each other says nothing of the patches that belong to no region: background and
    shoulders may light up. Here every patch of the image is a candidate.

    Args:
        patches: (B, N, D) patch embeddings.
        phrases: (S, D) embeddings of phrases, or (B, S, D) when every image is asked its own.
        weights: (B, S, N) share of each patch inside the place the phrase names, in [0, 1].
        said: (B, S) bool, True where the image's own report holds the phrase.
        temperature: of the softmax over patches, > 0.

    Returns:
        Scalar, in nats, averaged over the phrases said of an image in which their place is visible; 0 when
        there are none. 0 is also its least value: all of the softmax inside.

    Raises:
        MapleError: the shapes disagree or the temperature is not above 0.

    Source: this project; ASG (MICCAI 2024) contrasts regions of one image, here all of its patches take part.
    """
    asked = (phrases, "B S D" if phrases.ndim == 3 else "S D")
    check_shapes(patches=(patches, "B N D"), phrases=asked, weights=(weights, "B S N"), said=(said, "B S"))
    return phrase_place_of_cosines(pairwise(phrases, patches, normalise=True), weights, said, temperature)


def phrase_place_of_cosines(
    cosines: Tensor, weights: Tensor, said: Tensor, temperature: float | Tensor = 0.07
) -> Tensor:
    """The same loss where the cosines are known: several losses may ask for those of one image.

    Args:
        cosines: (B, S, N) of phrases and patches, in [-1, 1].
        weights: (B, S, N), as in :func:`phrase_place_contrastive`, like the others.
        said: (B, S) bool.
        temperature: > 0.

    Returns:
        Scalar, in nats.

    Raises:
        MapleError: the shapes disagree or the temperature is not above 0.
    """
    check_shapes(cosines=(cosines, "B S N"), weights=(weights, "B S N"), said=(said, "B S"))
    check_positive(temperature=temperature)
    logits = cosines / temperature
    inside = (logits.log_softmax(-1) + weights.clamp_min(OUTSIDE).log()).logsumexp(-1)
    return masked_mean(-inside, said & (weights > 0).any(-1))
