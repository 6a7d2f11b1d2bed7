"""A bag of patches against each sentence: multi-instance scores that need no alignment, after LSE+NL."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from maple_lib.errors import MapleError
from maple_lib.losses.contrast import Direction, combine, contrast
from maple_lib.losses.shapes import at_least_float32, check_offset, check_positive, check_shapes

# A pooled feature shorter than this has no direction; its cosine is held finite.
_TINY = 1e-16


def lse_nl_contrastive(
    patches: Tensor,
    sentences: Tensor,
    sentence_mask: Tensor,
    temperature: float | Tensor = 0.07,
    *,
    lse_sharpness: float = 10.0,
    attention_sharpness: float = 10.0,
    nl_weight: float = 0.5,
    patches_all: Tensor | None = None,
    sentences_all: Tensor | None = None,
    sentence_mask_all: Tensor | None = None,
    offset: int = 0,
    direction: Direction = "mean",
) -> Tensor:
    """Contrast images and sentences by scores that ignore the order of the patches.

    Scores are those of :func:`lse_nl_similarity`. A sentence must pick its image among all images; an image
    must pick its sentences, with equal shares, among those of all reports.

    Args:
        patches: (B, N, D) patch embeddings.
        sentences: (B, S, D) sentence embeddings of the same studies, padded; what padding holds has no
            influence.
        sentence_mask: (B, S) bool, True at sentences.
        temperature: τ > 0, a number or a scalar tensor.
        lse_sharpness: γ > 0.
        attention_sharpness: κ > 0.
        nl_weight: share of the non-local part, in [0, 1].
        patches_all: (K, N, D) of all processes, this one's included. Default: ``patches``.
        sentences_all: (K, J, D), likewise. Default: ``sentences``.
        sentence_mask_all: (K, J), likewise. Default: ``sentence_mask``.
        offset: position of this process's first study among the gathered ones.
        direction: "mean" or "sum" of both directions, or one of them alone.

    Returns:
        Scalar, in nats, averaged over images with sentences and over sentences; 0 when there is none.

    Raises:
        MapleError: the shapes disagree, or a number lies outside its range.

    Source: after LSE+NL (Wang et al., IPMI 2023, arXiv 2212.05561); its paper could not be read, so scores,
    sharpness and weights are this project's.
    """
    patches_all = patches if patches_all is None else patches_all
    sentences_all = sentences if sentences_all is None else sentences_all
    sentence_mask_all = sentence_mask if sentence_mask_all is None else sentence_mask_all
    check_shapes(
        patches=(patches, "B N D"),
        sentences=(sentences, "B S D"),
        sentence_mask=(sentence_mask, "B S"),
        patches_all=(patches_all, "K N D"),
        sentences_all=(sentences_all, "K J D"),
        sentence_mask_all=(sentence_mask_all, "K J"),
    )
    check_positive(temperature=temperature)
    check_offset(offset, len(patches), len(patches_all))

    def logits(images: Tensor, texts: Tensor, mask: Tensor) -> Tensor:
        flat = texts.masked_fill(~mask.bool()[..., None], 0).flatten(0, 1)
        scores = lse_nl_similarity(
            images,
            flat,
            lse_sharpness=lse_sharpness,
            attention_sharpness=attention_sharpness,
            nl_weight=nl_weight,
        )
        return scores / temperature

    own = torch.eye(len(patches_all), device=patches.device)[offset : offset + len(patches)]
    to_text = contrast(
        logits(patches, sentences_all, sentence_mask_all),
        targets=own.repeat_interleave(sentences_all.shape[1], 1),
        candidates=sentence_mask_all.bool().flatten(),
    )
    to_image = contrast(
        logits(patches_all, sentences, sentence_mask).T,
        targets=own.repeat_interleave(sentences.shape[1], 0),
        anchors=sentence_mask.bool().flatten(),
    )
    return combine(to_text, to_image, direction)


def lse_nl_similarity(
    patches: Tensor,
    sentences: Tensor,
    *,
    lse_sharpness: float = 10.0,
    attention_sharpness: float = 10.0,
    nl_weight: float = 0.5,
) -> Tensor:
    """Score every bag of patches against every sentence.

    (1 - w)·LSE + w·NL, with s_n = cos(p_n, t), LSE = (1/γ) log mean_n exp(γ s_n), a soft maximum over the
    patches, and NL = cos(Σ_n a_n p_n, t), a = softmax_n(κ s_n), the sentence against the feature that it
    attends to.

    Args:
        patches: (B, N, D) patch embeddings.
        sentences: (T, D) sentence embeddings.
        lse_sharpness: γ > 0; near 0 the mean of the patches, large their maximum.
        attention_sharpness: κ > 0.
        nl_weight: w in [0, 1].

    Returns:
        (B, T) in [-1, 1].

    Raises:
        MapleError: the shapes disagree, or a number lies outside its range.
    """
    check_shapes(patches=(patches, "B N D"), sentences=(sentences, "T D"))
    check_positive(lse_sharpness=lse_sharpness, attention_sharpness=attention_sharpness)
    if not 0 <= nl_weight <= 1:
        raise MapleError(f"nl_weight {nl_weight}", "outside [0, 1]", "give a share, such as 0.5")
    patches = functional.normalize(at_least_float32(patches), dim=-1)
    sentences = functional.normalize(at_least_float32(sentences), dim=-1)
    cosines = patches @ sentences.T
    pooled = (lse_sharpness * cosines).logsumexp(1) - torch.log(cosines.new_tensor(cosines.shape[1]))
    attention = (attention_sharpness * cosines).softmax(1)
    # The pooled feature is never formed: its length comes from the Gram matrix of the patches.
    square = (attention * (patches @ patches.mT @ attention)).sum(1)
    attended = (attention * cosines).sum(1) * square.clamp(min=_TINY).rsqrt()
    return (1 - nl_weight) * pooled / lse_sharpness + nl_weight * attended
