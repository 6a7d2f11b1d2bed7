"""Words against patches: GLoRIA's local contrast by attention."""

from __future__ import annotations

from typing import Literal, cast, get_args

import torch
from torch import Tensor
from torch.nn import functional

from maple_lib.losses.contrast import Direction, combine, contrast
from maple_lib.losses.gram_similarity import GramSimilarity
from maple_lib.losses.shapes import at_least_float32, check_one_of, check_positive, check_shapes

Aggregation = Literal["sum", "mean"]


def word_patch_contrastive(
    patches: Tensor,
    words: Tensor,
    word_mask: Tensor,
    *,
    attention_temperature: float = 4.0,
    aggregation_temperature: float = 5.0,
    logit_scale: float | Tensor = 10.0,
    aggregation: Aggregation = "sum",
    targets: Tensor | None = None,
    patches_all: Tensor | None = None,
    words_all: Tensor | None = None,
    word_mask_all: Tensor | None = None,
    offset: int = 0,
    chunk: int = 4,
    direction: Direction = "mean",
) -> Tensor:
    """Contrast images and reports by how well each word finds its patches.

    The similarity of image and report is that of :func:`word_patch_similarity`; InfoNCE over the batch
    follows.

    Args:
        patches: (B, N, D) patch embeddings.
        words: (B, L, D) word embeddings of the same studies, padded; what padding holds has no influence.
        word_mask: (B, L) bool, True at words. A report without words is left out.
        attention_temperature: t₁ > 0, sharpness of a word's attention over the patches.
        aggregation_temperature: t₂ > 0, sharpness of the aggregation over the words.
        logit_scale: t₃ > 0, a number or a scalar tensor, times the similarities.
        aggregation: "sum" (GLoRIA's) or "mean" over words inside the logarithm; the mean does not favour
            long reports.
        targets: (B, K) weights >= 0: how much study j counts as a positive of study i, in both directions
            (a symmetric relation). None: each study has itself alone.
        patches_all: (K, N, D) of all processes, this one's included. Default: ``patches``.
        words_all: (K, L', D), likewise. Default: ``words``.
        word_mask_all: (K, L'), likewise. Default: ``word_mask``.
        offset: position of this process's first study among the gathered ones.
        chunk: captions handled at once. Peak memory beyond inputs and gradients is about five buffers of
            (B, N, chunk, L), whatever the number of captions; time hardly depends on it on a CPU, and
            larger is faster on a GPU.
        direction: "mean" or "sum" of both directions, or one of them alone.

    Returns:
        Scalar, in nats; 0 when no report has a word.

    Raises:
        MapleError: the shapes disagree, or a temperature is not above 0.

    Source: GLoRIA (ICCV 2021), local loss, with temperatures 4, 5 and 10 as released.
    """
    gathered = not (patches_all is None and words_all is None)
    patches_all = patches if patches_all is None else patches_all
    words_all = words if words_all is None else words_all
    word_mask_all = word_mask if word_mask_all is None else word_mask_all
    check_shapes(
        patches=(patches, "B N D"),
        words=(words, "B L D"),
        word_mask=(word_mask, "B L"),
        patches_all=(patches_all, "K N D"),
        words_all=(words_all, "K J D"),
        word_mask_all=(word_mask_all, "K J"),
        targets=(targets, "B K"),
    )

    def logits(images: Tensor, texts: Tensor, mask: Tensor) -> Tensor:
        return logit_scale * word_patch_similarity(
            images,
            texts,
            mask,
            attention_temperature=attention_temperature,
            aggregation_temperature=aggregation_temperature,
            aggregation=aggregation,
            chunk=chunk,
        )

    to_text = logits(patches, words_all, word_mask_all)
    to_image = (logits(patches_all, words, word_mask) if gathered else to_text).T
    told, told_all = word_mask.bool().any(1), word_mask_all.bool().any(1)
    return combine(
        contrast(to_text, targets=targets, offset=offset, anchors=told, candidates=told_all),
        contrast(to_image, targets=targets, offset=offset, anchors=told),
        direction,
    )


def word_patch_similarity(
    patches: Tensor,
    words: Tensor,
    word_mask: Tensor,
    *,
    attention_temperature: float = 4.0,
    aggregation_temperature: float = 5.0,
    aggregation: Aggregation = "sum",
    chunk: int = 4,
) -> Tensor:
    """Similarity of every image with every caption, by the attention of its words over the patches.

    β = softmax over a caption's words of w_l·p_n; α = softmax over patches of t₁β; c_l = Σ_n α_ln p_n;
    similarity = log Σ_l exp(t₂ cos(w_l, c_l)). First derivatives only.

    Args:
        patches: (B, N, D) patch embeddings.
        words: (C, L, D) word embeddings of C captions, padded.
        word_mask: (C, L) bool, True at words.
        attention_temperature: t₁ > 0.
        aggregation_temperature: t₂ > 0.
        aggregation: "sum" or "mean" over the words inside the logarithm.
        chunk: captions handled at once; bounds the memory.

    Returns:
        (B, C); finite but without meaning for a caption without words.

    Raises:
        MapleError: the shapes disagree, or a number is not above 0.

    Source: GLoRIA (ICCV 2021), eq. 3–6.
    """
    check_shapes(patches=(patches, "B N D"), words=(words, "C L D"), word_mask=(word_mask, "C L"))
    check_positive(
        attention_temperature=attention_temperature,
        aggregation_temperature=aggregation_temperature,
        chunk=chunk,
    )
    check_one_of("aggregation", aggregation, get_args(Aggregation))
    word_mask = word_mask.bool()
    dtype = torch.promote_types(at_least_float32(patches).dtype, words.dtype)
    words = words.to(dtype).masked_fill(~word_mask[..., None], 0)
    open_mask = word_mask | ~word_mask.any(1, keepdim=True)
    similarity = cast(
        Tensor,
        GramSimilarity.apply(
            patches.to(dtype).contiguous(),
            words.contiguous(),
            open_mask,
            float(attention_temperature),
            float(aggregation_temperature),
            chunk,
        ),
    )
    return similarity - open_mask.sum(1).log() if aggregation == "mean" else similarity


def word_patch_attention(
    patches: Tensor, words: Tensor, word_mask: Tensor, *, attention_temperature: float = 4.0
) -> Tensor:
    """Where each word of a report looks in the image of the same study.

    Args:
        patches: (B, N, D) patch embeddings.
        words: (B, L, D) word embeddings of the same studies, padded.
        word_mask: (B, L) bool, True at words.
        attention_temperature: t₁ > 0.

    Returns:
        (B, L, N) weights >= 0: rows of words sum to 1, rows of padding are 0. Reshape N to the patch grid
        to draw them.

    Raises:
        MapleError: the shapes disagree, or the temperature is not above 0.

    Source: GLoRIA (ICCV 2021), eq. 3 and 4.
    """
    check_shapes(patches=(patches, "B N D"), words=(words, "B L D"), word_mask=(word_mask, "B L"))
    check_positive(attention_temperature=attention_temperature)
    padding = ~word_mask.bool()[..., None]
    scores = at_least_float32(words.masked_fill(padding, 0)) @ at_least_float32(patches).mT
    # A report without words keeps its row open here; the last line sets it to 0.
    closed = padding & ~padding.all(1, keepdim=True)
    shares = functional.softmax(scores.masked_fill(closed, -torch.inf), dim=1)
    return functional.softmax(attention_temperature * shares, dim=2).masked_fill(padding, 0)
