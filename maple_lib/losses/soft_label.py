"""Reports with the same findings are not strangers: soft targets from tags, as in ASG and MedCLIP."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from maple_lib.errors import MapleError
from maple_lib.losses.contrast import contrast, pairwise
from maple_lib.losses.shapes import check_offset, check_positive, check_shapes

# ASG adds this to every target so that the divergence from the targets stays finite.
_FLOOR = 1e-6


def label_similarity_targets(
    labels: Tensor,
    labels_all: Tensor | None = None,
    *,
    identity_weight: float = 0.8,
    offset: int = 0,
) -> Tensor:
    """How much of a positive every other study is, from the findings that both have.

    T = rows, scaled to sum 1, of w·I + (1 - w)·cos(ŷ_i, ŷ_j) + 1e-6.

    Args:
        labels: (B, F) tags: 1 present, 0 absent; -1 (uncertain) counts as 0.
        labels_all: (K, F) tags of all processes. Default: ``labels``.
        identity_weight: w in [0, 1], the weight of the study itself.
        offset: position of this process's first study in ``labels_all``.

    Returns:
        (B, K), every row sums to 1; float32, or the dtype of floating labels.

    Raises:
        MapleError: the shapes disagree, or w lies outside [0, 1].

    Source: ASG (MICCAI 2024), external representation learning.
    """
    labels_all = labels if labels_all is None else labels_all
    check_shapes(labels=(labels, "B F"), labels_all=(labels_all, "K F"))
    check_offset(offset, len(labels), len(labels_all))
    if not 0 <= identity_weight <= 1:
        raise MapleError(
            f"identity_weight {identity_weight}", "outside [0, 1]", "give a share, such as ASG's 0.8"
        )
    rows, columns = (x if x.is_floating_point() else x.float() for x in (labels, labels_all))
    targets = (1 - identity_weight) * pairwise(rows.clamp(min=0), columns.clamp(min=0), normalise=True)
    targets = targets + _FLOOR
    targets.diagonal(offset).add_(identity_weight)
    return targets / targets.sum(1, keepdim=True)


def soft_label_contrastive(
    image: Tensor,
    text: Tensor,
    labels: Tensor,
    temperature: float | Tensor = 0.07,
    *,
    identity_weight: float = 0.8,
    image_all: Tensor | None = None,
    text_all: Tensor | None = None,
    labels_all: Tensor | None = None,
    offset: int = 0,
    normalise: bool = True,
) -> Tensor:
    """Match the softmax over the batch to the similarity of the studies' tags.

    L = ½[KL(T‖P) + KL(P‖T)], averaged over the rows and over both directions.

    Args:
        image: (B, D) image embeddings.
        text: (B, D) report embeddings of the same studies.
        labels: (B, F) tags of the same studies: 1 present, 0 absent, -1 uncertain (counts as 0).
        temperature: τ > 0 of the softmax P, a number or a scalar tensor.
        identity_weight: share of the study itself in T, in [0, 1].
        image_all: (K, D) embeddings of all processes. Default: ``image``.
        text_all: (K, D), likewise. Default: ``text``.
        labels_all: (K, F), likewise. Default: ``labels``.
        offset: position of this process's first study among the gathered ones.
        normalise: compare by cosine.

    Returns:
        Scalar >= 0, in nats; 0 when P equals T and for an empty batch.

    Raises:
        MapleError: the shapes disagree, or a number lies outside its range.

    Source: ASG (MICCAI 2024), L_ERL.
    """
    image_all = image if image_all is None else image_all
    text_all = text if text_all is None else text_all
    check_shapes(
        image=(image, "B D"),
        text=(text, "B D"),
        labels=(labels, "B F"),
        image_all=(image_all, "K D"),
        text_all=(text_all, "K D"),
        labels_all=(labels_all, "K F"),
    )
    check_positive(temperature=temperature)
    targets = label_similarity_targets(labels, labels_all, identity_weight=identity_weight, offset=offset)
    to_text = _two_sided_divergence(targets, pairwise(image, text_all, normalise) / temperature)
    to_image = _two_sided_divergence(targets, pairwise(text, image_all, normalise) / temperature)
    return (to_text + to_image) / 2


def _two_sided_divergence(targets: Tensor, logits: Tensor) -> Tensor:
    """½[KL(T‖P) + KL(P‖T)] per row, averaged; both divergences share (T - P)(log T - log P)."""
    targets = targets.to(logits.dtype)
    log_p = logits.log_softmax(1)
    both = (targets - log_p.exp()) * (targets.log() - log_p)
    return both.sum() / (2 * max(len(logits), 1))


def soft_label_cross_entropy(
    image: Tensor,
    text: Tensor,
    image_labels: Tensor,
    text_labels: Tensor,
    temperature: float | Tensor = 0.07,
    *,
    image_all: Tensor | None = None,
    text_all: Tensor | None = None,
    image_labels_all: Tensor | None = None,
    text_labels_all: Tensor | None = None,
    normalise: bool = True,
) -> Tensor:
    """MedCLIP's variant: cross-entropy with the softmax of the labels' dot products as targets.

    T = softmax_j(y_i · y_j); images and texts need not come from the same studies, only have labels.

    Args:
        image: (B, D) image embeddings.
        text: (M, D) text embeddings.
        image_labels: (B, F) labels of the images in {-1, 0, 1}: absent, uncertain, present.
        text_labels: (M, F) labels of the texts, in the same code.
        temperature: τ > 0, a number or a scalar tensor.
        image_all: (K, D) image embeddings of all processes. Default: ``image``.
        text_all: (J, D) text embeddings of all processes. Default: ``text``.
        image_labels_all: (K, F) labels of ``image_all``. Default: ``image_labels``.
        text_labels_all: (J, F) labels of ``text_all``. Default: ``text_labels``.
        normalise: compare by cosine.

    Returns:
        Scalar, in nats, the mean of both directions; its least value is the entropy of the targets.

    Raises:
        MapleError: the shapes disagree.

    Source: MedCLIP (arXiv 2210.10163), semantic matching loss.
    """
    image_all = image if image_all is None else image_all
    text_all = text if text_all is None else text_all
    image_labels_all = image_labels if image_labels_all is None else image_labels_all
    text_labels_all = text_labels if text_labels_all is None else text_labels_all
    check_shapes(
        image=(image, "B D"),
        text=(text, "M D"),
        image_labels=(image_labels, "B F"),
        text_labels=(text_labels, "M F"),
        image_all=(image_all, "K D"),
        text_all=(text_all, "J D"),
        image_labels_all=(image_labels_all, "K F"),
        text_labels_all=(text_labels_all, "J F"),
    )
    check_positive(temperature=temperature)
    to_text = contrast(
        pairwise(image, text_all, normalise) / temperature,
        targets=_label_softmax(image_labels, text_labels_all, image.dtype),
    )
    to_image = contrast(
        pairwise(text, image_all, normalise) / temperature,
        targets=_label_softmax(text_labels, image_labels_all, text.dtype),
    )
    return (to_text + to_image) / 2


def _label_softmax(rows: Tensor, columns: Tensor, dtype: torch.dtype) -> Tensor:
    """Softmax over the dot products of labels, as targets that sum to 1 along each row."""
    dtype = torch.promote_types(dtype, torch.float32)
    return functional.softmax(rows.to(dtype) @ columns.to(dtype).mT, dim=1)
