"""An image's finding against sentences of the same and of other states: MApLe's hard-sampled triplets."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from maple_lib.losses.contrast import masked_mean
from maple_lib.losses.shapes import at_least_float32, check_one_of, check_positive, check_shapes

Sampling = Literal["sample", "hardest"]


def hard_triplet(
    anchors: Tensor,
    anchor_findings: Tensor,
    anchor_states: Tensor,
    sentences: Tensor,
    sentence_findings: Tensor,
    sentence_states: Tensor,
    *,
    margin: float = 1.0,
    temperature: float = 0.1,
    collapse_weight: float = 0.1,
    normalise: bool = True,
    sampling: Sampling = "sample",
    generator: torch.Generator | None = None,
) -> Tensor:
    """Pull an anchor to a sentence of its own state, and push it from one of another state.

    L = mean [ |x - y_p|² - |x - y_n|² + α ]₊ + λ · mean cos(x, x'), where y_p has the anchor's finding and
    state, drawn with P ∝ exp(-cos(y, x)/τ): dissimilar ones first; y_n has its finding in another state,
    drawn with P ∝ exp(+cos(y, x)/τ): similar ones first; and x, x' are anchors of one finding in different
    states, which the second term keeps from collapsing onto each other.

    Args:
        anchors: (A, D) pooled patches of an image for a finding, one row for each sentence about it; pairs
            without a sentence have no row.
        anchor_findings: (A,) whole numbers, the finding of each row.
        anchor_states: (A,) whole numbers, the state that the report gives it.
        sentences: (K, D) embeddings of the sentences to draw from, of any report.
        sentence_findings: (K,) their findings.
        sentence_states: (K,) their states.
        margin: α > 0. Squared distances lie in [0, 4] when normalised.
        temperature: τ > 0 of the sampling; small ones draw only the hardest.
        collapse_weight: λ >= 0.
        normalise: scale anchors and sentences to unit norm before their distances are taken.
        sampling: "sample" draws as above; "hardest" takes the most probable, without chance.
        generator: source of the draws, on the CPU or on the device of ``anchors``. Default: torch's own.

    Returns:
        Scalar. Anchors without a positive or without a negative (a finding with one state only) are left
        out; 0 when none is left.

    Raises:
        MapleError: the shapes disagree, or a number lies outside its range.

    Source: MApLe (MIDL 2026), multi-instance alignment, τ = 0.1. α, λ and the normalisation are not stated
    there and are this project's.
    """
    check_shapes(
        anchors=(anchors, "A D"),
        anchor_findings=(anchor_findings, "A"),
        anchor_states=(anchor_states, "A"),
        sentences=(sentences, "K D"),
        sentence_findings=(sentence_findings, "K"),
        sentence_states=(sentence_states, "K"),
    )
    check_positive(margin=margin, temperature=temperature)
    check_one_of("sampling", sampling, get_args(Sampling))
    anchors, sentences = at_least_float32(anchors), at_least_float32(sentences)
    spread = collapse_weight * _likeness_across_states(anchors, anchor_findings, anchor_states)
    if len(sentences) == 0:
        return spread
    same_finding = anchor_findings[:, None] == sentence_findings
    same_state = anchor_states[:, None] == sentence_states
    positives, negatives = same_finding & same_state, same_finding & ~same_state
    hardness = _cosines(anchors, sentences).detach() / temperature
    chance = sampling == "sample"
    positive = _draw(-hardness, positives, chance, generator)
    negative = _draw(hardness, negatives, chance, generator)
    if normalise:
        anchors, sentences = functional.normalize(anchors, dim=1), functional.normalize(sentences, dim=1)
    pull = (anchors - sentences[positive]).square().sum(1)
    push = (anchors - sentences[negative]).square().sum(1)
    return spread + masked_mean((pull - push + margin).relu(), positives.any(1) & negatives.any(1))


def _cosines(rows: Tensor, columns: Tensor) -> Tensor:
    return functional.normalize(rows, dim=1) @ functional.normalize(columns, dim=1).T


def _draw(logits: Tensor, allowed: Tensor, chance: bool, generator: torch.Generator | None) -> Tensor:
    """One allowed column for each row, with P ∝ exp(logits); any column where none is allowed.

    Adding Gumbel noise and taking the largest draws from the softmax of all rows at once.
    """
    if chance:
        device = logits.device if generator is None else generator.device
        uniform = torch.rand(logits.shape, generator=generator, dtype=logits.dtype, device=device)
        tiny = torch.finfo(logits.dtype).tiny
        logits = logits - (-uniform.to(logits.device).clamp(min=tiny).log()).clamp(min=tiny).log()
    return logits.masked_fill(~allowed, -torch.inf).argmax(1)


def _likeness_across_states(anchors: Tensor, findings: Tensor, states: Tensor) -> Tensor:
    """Mean cosine of all pairs of anchors with one finding and different states; 0 when there is none."""
    pairs = (findings[:, None] == findings) & (states[:, None] != states)
    return masked_mean(_cosines(anchors, anchors), pairs)
