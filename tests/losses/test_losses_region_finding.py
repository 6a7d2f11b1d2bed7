"""Regions against prompts and against each other: naive loops, gradients, and what must not matter."""

import math

import pytest
import torch
from torch.nn.functional import cosine_similarity

from maple_lib.errors import MapleError
from maple_lib.losses import (
    region_case_contrastive,
    region_finding_contrastive,
    region_finding_log_odds,
)

B, R, F, D, TAU = 5, 3, 4, 6, 0.3


@pytest.fixture
def case():
    g = torch.Generator().manual_seed(5)

    def draw(*shape):
        return torch.randn(*shape, generator=g, dtype=torch.float64, requires_grad=True)

    findings = torch.rand(B, R, F, generator=g) > 0.7
    visible = torch.rand(B, R, generator=g) > 0.2
    return draw(B, R, D), draw(F, R, D), draw(R, D), findings, visible


def naive_finding(regions, prompts, nothing, findings, visible):
    found = {True: [], False: []}
    for b in range(B):
        for r in range(R):
            if visible[b, r]:
                choices = [*prompts[:, r], nothing[r]]
                logits = torch.stack([cosine_similarity(regions[b, r], c, dim=0) for c in choices]) / TAU
                shows = findings[b, r]
                right = logits[:-1][shows].mean() if shows.any() else logits[-1]
                found[bool(shows.any())].append(logits.logsumexp(0) - right)
    return torch.stack(found[True]).mean() + 0.5 * torch.stack(found[False]).mean()


def naive_case(regions, findings, visible):
    terms = []
    for r in range(R):
        for b in range(B):
            others = [k for k in range(B) if k != b and visible[k, r]]
            right = [k for k in others if (findings[b, r] & findings[k, r]).any()]
            if visible[b, r] and right:
                cos = {k: cosine_similarity(regions[b, r], regions[k, r], dim=0) / TAU for k in others}
                partition = torch.stack(list(cos.values())).logsumexp(0)
                terms.append(partition - torch.stack([cos[k] for k in right]).mean())
    return torch.stack(terms).mean()


def test_the_choice_of_findings_equals_the_loop(case):
    ours, naive = region_finding_contrastive(*case, TAU), naive_finding(*case)
    torch.testing.assert_close(ours, naive)
    for one, other in zip(*(torch.autograd.grad(x, case[:3]) for x in (ours, naive)), strict=True):
        torch.testing.assert_close(one, other)


def test_the_choice_of_cases_equals_the_loop(case):
    regions, _, _, findings, visible = case
    ours, naive = (
        region_case_contrastive(regions, findings, visible, TAU),
        naive_case(regions, findings, visible),
    )
    torch.testing.assert_close(ours, naive)
    one, other = (torch.autograd.grad(x, regions)[0] for x in (ours, naive))
    torch.testing.assert_close(one, other)


def test_regions_that_are_not_visible_have_no_influence(case):
    regions, prompts, nothing, findings, visible = case
    other = torch.where(visible[..., None], regions, 7.0)
    for loss in (
        lambda r: region_finding_contrastive(r, prompts, nothing, findings, visible),
        lambda r: region_case_contrastive(r, findings, visible),
    ):
        torch.testing.assert_close(loss(regions), loss(other))


def test_the_order_of_the_studies_does_not_matter(case):
    regions, prompts, nothing, findings, visible = case
    order = torch.tensor([3, 0, 4, 1, 2])
    shuffled = regions[order], findings[order], visible[order]
    torch.testing.assert_close(
        region_case_contrastive(regions, findings, visible), region_case_contrastive(*shuffled)
    )
    torch.testing.assert_close(
        region_finding_contrastive(*case),
        region_finding_contrastive(shuffled[0], prompts, nothing, *shuffled[1:]),
    )


def test_without_findings_there_is_nothing_to_share(case):
    regions, _, _, findings, visible = case
    assert region_case_contrastive(regions, torch.zeros_like(findings), visible).item() == 0


def test_equal_embeddings_are_at_chance():
    regions = torch.ones(4, 1, 3)
    findings = torch.ones(4, 1, 2, dtype=torch.bool)
    visible = torch.ones(4, 1, dtype=torch.bool)
    assert region_case_contrastive(regions, findings, visible).item() == pytest.approx(math.log(3))


def test_wrong_shapes_are_named(case):
    with pytest.raises(MapleError, match="findings"):
        region_case_contrastive(case[0], case[3][:2], case[4])
    with pytest.raises(MapleError, match="nothing"):
        region_finding_contrastive(case[0], case[1], case[2][:1], *case[3:])


def test_log_odds_are_those_of_the_choice_of_findings(case):
    """The loss of one region that shows one finding, or none, is minus the log-likelihood of saying so."""
    regions, prompts, nothing, _, visible = case
    odds, empty = region_finding_log_odds(regions, prompts, nothing, visible, TAU)
    for b, r in visible.nonzero().tolist():
        alone = torch.zeros_like(visible)
        alone[b, r] = True
        for f in range(-1, F):
            shown = torch.zeros(B, R, F, dtype=torch.bool)
            if f >= 0:
                shown[b, r, f] = True
            loss = region_finding_contrastive(regions, prompts, nothing, shown, alone, TAU)
            expected = -odds[b, r, f] - empty[b, r] if f >= 0 else -0.5 * empty[b, r]
            torch.testing.assert_close(loss, expected)
    assert not odds[~visible].any()
    assert not empty[~visible].any()


def test_log_odds_without_findings_or_of_wrong_shape(case):
    regions, prompts, nothing, _, visible = case
    odds, empty = region_finding_log_odds(regions, prompts[:0], nothing, visible)
    assert odds.shape == (B, R, 0)
    assert not empty.any()
    with pytest.raises(MapleError, match="visible"):
        region_finding_log_odds(regions, prompts, nothing, visible[:, :1])
