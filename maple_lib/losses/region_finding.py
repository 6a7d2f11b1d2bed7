"""Regions among each other, and among the findings they may show."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from maple_lib.losses.contrast import contrast, pairwise
from maple_lib.losses.shapes import check_positive, check_shapes


def region_finding_contrastive(
    regions: Tensor,
    prompts: Tensor,
    nothing: Tensor,
    findings: Tensor,
    visible: Tensor,
    temperature: float | Tensor = 0.07,
) -> Tensor:
    """Choose for every region what it shows, among prompts for all findings in that region and for none.

    Other images' sentences are few and mostly negations; prompts offer every finding every time. Regions that
    show something and regions that do not are averaged apart, the second with half the weight: nearly all
    regions show nothing.

    Args:
        regions: (B, R, D) region embeddings.
        prompts: (F, R, D) embeddings of "finding f in region r".
        nothing: (R, D) embeddings of "no finding in region r".
        findings: (B, R, F) bool, the findings stated as present of each region.
        visible: (B, R) bool.
        temperature: of the softmax over findings, > 0.

    Returns:
        Scalar, in nats.

    Raises:
        MapleError: the shapes disagree or the temperature is not above 0.

    Source: this project; location-conditioned after RRA-VL (arXiv 2503.07456), prompts in place of sentences.
    """
    logits = _logits(regions, prompts, nothing, visible, temperature, findings=(findings, "B R F"))
    shows = findings.bool().any(-1)
    targets = torch.cat([findings.bool(), ~shows[..., None]], -1)
    something = contrast(logits, targets=targets, anchors=shows & visible)
    return something + 0.5 * contrast(logits, targets=targets, anchors=~shows & visible)


def region_finding_log_odds(
    regions: Tensor, prompts: Tensor, nothing: Tensor, visible: Tensor, temperature: float | Tensor = 0.07
) -> tuple[Tensor, Tensor]:
    """What regions show, by the softmax that ``region_finding_contrastive`` trains.

    The log-likelihood of a report that states findings S of a region is the sum over S of the first plus the
    second, region by region; a report that says nothing of a region has the second alone.

    Args:
        regions: (B, R, D) region embeddings.
        prompts: (F, R, D) embeddings of "finding f in region r".
        nothing: (R, D) embeddings of "no finding in region r".
        visible: (B, R) bool.
        temperature: of the softmax, > 0.

    Returns:
        odds: (B, R, F) log-odds of every finding against none, in nats; 0 in regions that are not visible.
        empty: (B, R) log-probability that the region shows none, <= 0; 0 where it is not visible.

    Raises:
        MapleError: the shapes disagree or the temperature is not above 0.
    """
    logits = _logits(regions, prompts, nothing, visible, temperature)
    odds = logits[..., :-1] - logits[..., -1:]
    empty = -F.softplus(odds.logsumexp(-1)) if odds.shape[-1] else odds.new_zeros(odds.shape[:-1])
    return odds * visible[..., None], empty * visible


def _logits(
    regions: Tensor,
    prompts: Tensor,
    nothing: Tensor,
    visible: Tensor,
    temperature: float | Tensor,
    **more: tuple[Tensor, str],
) -> Tensor:
    """(B, R, F + 1) of the choice among a region's prompts, "no finding" last; all shapes checked."""
    check_shapes(
        regions=(regions, "B R D"),
        prompts=(prompts, "F R D"),
        nothing=(nothing, "R D"),
        visible=(visible, "B R"),
        **more,
    )
    check_positive(temperature=temperature)
    choices = torch.cat([prompts, nothing[None]]).transpose(0, 1)
    return pairwise(regions.transpose(0, 1), choices, normalise=True).transpose(0, 1) / temperature


def region_case_contrastive(
    regions: Tensor, findings: Tensor, visible: Tensor, temperature: float | Tensor = 0.07
) -> Tensor:
    """Tell, for every region that shows something, the images that show the same there from all others.

    This is the search that is wanted afterwards: cases with the same finding in the same region.

    Args:
        regions: (B, R, D) region embeddings.
        findings: (B, R, F) bool, the findings stated as present of each region.
        visible: (B, R) bool.
        temperature: of the softmax over images, > 0.

    Returns:
        Scalar, in nats, averaged over the regions that share a finding with another image; 0 when none does.

    Raises:
        MapleError: the shapes disagree or the temperature is not above 0.

    Source: supervised contrast (Khosla et al., NeurIPS 2020) within one region, after RRA-VL
        (arXiv 2503.07456).
    """
    check_shapes(regions=(regions, "B R D"), findings=(findings, "B R F"), visible=(visible, "B R"))
    check_positive(temperature=temperature)
    region, shows = regions.transpose(0, 1), findings.to(regions.dtype).transpose(0, 1)
    others = ~torch.eye(len(regions), dtype=torch.bool, device=regions.device)
    shared = (shows @ shows.mT > 0) & others
    candidates = visible.T[:, None, :] & others
    logits = pairwise(region, region, normalise=True) / temperature
    return contrast(logits, targets=shared, anchors=visible.T, candidates=candidates)
