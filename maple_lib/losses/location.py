"""One region across images: the location-conditioned contrast, after RRA-VL."""

from __future__ import annotations

import torch
from torch import Tensor

from maple_lib.errors import MapleError
from maple_lib.losses.contrast import Direction, combine, contrast, pairwise
from maple_lib.losses.shapes import check_offset, check_positive, check_shapes


def location_conditioned_contrastive(
    regions: Tensor,
    sentences: Tensor,
    valid: Tensor,
    temperature: float | Tensor = 0.07,
    *,
    findings: Tensor | None = None,
    targets: Tensor | None = None,
    regions_all: Tensor | None = None,
    sentences_all: Tensor | None = None,
    valid_all: Tensor | None = None,
    findings_all: Tensor | None = None,
    offset: int = 0,
    normalise: bool = True,
    direction: Direction = "mean",
) -> Tensor:
    """Contrast one region of an image with the sentences about that same region in all images.

    For every region r, InfoNCE of v_i^r over {t_j^r : j has r}. Anatomy is held fixed, so what tells the
    candidates apart is the finding: the loss teaches what is there. One (R, B, K) batched product.

    Args:
        regions: (B, R, D) region embeddings.
        sentences: (B, R, D) embeddings of the sentences about each region.
        valid: (B, R) bool, True where the region is visible and described; what the other rows hold has no
            influence.
        temperature: τ > 0, a number or a scalar tensor.
        findings: (B, R, F) bool, the findings stated of each region; studies that share them in a region
            are soft positives of each other there (see :func:`finding_overlap_targets`).
        targets: (R, B, K) weights >= 0 of your own instead. Neither: each study has itself alone.
        regions_all: (K, R, D) of all processes. Default: ``regions``.
        sentences_all: (K, R, D), likewise. Default: ``sentences``.
        valid_all: (K, R), likewise. Default: ``valid``.
        findings_all: (K, R, F), likewise. Default: ``findings``.
        offset: position of this process's first study among the gathered ones.
        normalise: compare by cosine.
        direction: "mean" or "sum" of both directions, or one of them alone.

    Returns:
        Scalar, in nats, averaged over the valid regions that another study has as well; 0 when there are
        none.

    Raises:
        MapleError: the shapes disagree, both ``findings`` and ``targets`` are given, or the temperature is
            not above 0.

    Source: after RRA-VL (arXiv 2503.07456), which states the idea; the form is this project's.
    """
    regions_all = regions if regions_all is None else regions_all
    sentences_all = sentences if sentences_all is None else sentences_all
    valid_all = valid if valid_all is None else valid_all
    check_shapes(
        regions=(regions, "B R D"),
        sentences=(sentences, "B R D"),
        valid=(valid, "B R"),
        regions_all=(regions_all, "K R D"),
        sentences_all=(sentences_all, "K R D"),
        valid_all=(valid_all, "K R"),
        targets=(targets, "R B K"),
        findings=(findings, "B R F"),
        findings_all=(findings_all, "K R F"),
    )
    check_positive(temperature=temperature)
    check_offset(offset, len(regions), len(regions_all))
    if findings is not None:
        if targets is not None:
            raise MapleError("targets", "given together with findings", "give one of the two")
        targets = finding_overlap_targets(findings, findings_all, valid_all, offset=offset)
    candidates = valid_all.bool().T
    # Without a rival the softmax has nothing to choose: such an anchor would only dilute the mean.
    anchors = valid.bool().T & (candidates.sum(1, keepdim=True) > 1)

    def one_way(queries: Tensor, keys: Tensor) -> Tensor:
        logits = pairwise(_by_region(queries, valid), _by_region(keys, valid_all), normalise) / temperature
        return contrast(logits, targets=targets, offset=offset, anchors=anchors, candidates=candidates)

    return combine(one_way(regions, sentences_all), one_way(sentences, regions_all), direction)


def _by_region(embeddings: Tensor, valid: Tensor) -> Tensor:
    """(B, R, D) → (R, B, D), with whatever the invalid rows hold replaced by zeros."""
    return embeddings.masked_fill(~valid.bool()[..., None], 0).transpose(0, 1)


def finding_overlap_targets(
    findings: Tensor,
    findings_all: Tensor | None = None,
    valid_all: Tensor | None = None,
    *,
    identity_weight: float = 0.5,
    offset: int = 0,
) -> Tensor:
    """How much of a positive every other study is in a region, from the findings stated of it in both.

    T_ij = w·I_ij + (1 - w)·J_ij / Σ_k J_ik, with the Jaccard overlap J_ij = |F_i ∩ F_j| / |F_i ∪ F_j|. Two
    regions with nothing stated are alike: their overlap is 1. To tell "no pneumothorax" from silence, give
    one column for each finding and state.

    Args:
        findings: (B, R, F) bool, what is stated of each region.
        findings_all: (K, R, F) of all processes. Default: ``findings``.
        valid_all: (K, R) bool, the regions that can be a positive at all. Default: every one.
        identity_weight: w in [0, 1], the share of the study itself.
        offset: position of this process's first study in ``findings_all``.

    Returns:
        (R, B, K) float32; every row of a valid region sums to 1.

    Raises:
        MapleError: the shapes disagree, or w lies outside [0, 1].

    Source: this project's; the abstract of RRA-VL (arXiv 2503.07456) does not say how positives are chosen.
    """
    findings_all = findings if findings_all is None else findings_all
    check_shapes(
        findings=(findings, "B R F"), findings_all=(findings_all, "K R F"), valid_all=(valid_all, "K R")
    )
    check_offset(offset, len(findings), len(findings_all))
    if not 0 <= identity_weight <= 1:
        raise MapleError(f"identity_weight {identity_weight}", "outside [0, 1]", "give a share, such as 0.5")
    rows, columns = (x.bool().float().transpose(0, 1) for x in (findings, findings_all))
    shared = rows @ columns.mT
    union = rows.sum(-1)[:, :, None] + columns.sum(-1)[:, None, :] - shared
    overlap = torch.where(union > 0, shared / union.clamp(min=1), 1.0)
    if valid_all is not None:
        overlap = overlap * valid_all.bool().T[:, None, :]
    targets = (1 - identity_weight) * overlap / overlap.sum(-1, keepdim=True).clamp(min=1)
    targets.diagonal(offset, 1, 2).add_(identity_weight)
    return targets
