"""Regions within an image (ASG) and one region across images (after RRA-VL): loops, masks, soft positives."""

import pytest
import torch

from maple_lib.errors import MapleError
from maple_lib.losses import (
    finding_overlap_targets,
    location_conditioned_contrastive,
    region_sentence_contrastive,
)


@pytest.fixture
def batch():
    g = torch.Generator().manual_seed(4)
    regions, sentences = (
        torch.randn(6, 5, 8, generator=g, dtype=torch.float64, requires_grad=True) for _ in range(2)
    )
    valid = torch.rand(6, 5, generator=g) > 0.4
    valid[0] = False
    valid[:, 3] = False
    valid[2, 3] = True
    return regions, sentences, valid


def loop_within(regions, sentences, valid, temperature):
    total, count = 0.0, 0
    for v, t, kept in zip(regions, sentences, valid, strict=True):
        v, t = v[kept], t[kept]
        for r in range(len(v)):
            total = (
                total
                - (t @ v[r] / temperature).log_softmax(0)[r]
                - (v @ t[r] / temperature).log_softmax(0)[r]
            )
            count += 1
    return total / count


def loop_across(regions, sentences, valid, temperature, findings=None):
    total, count = 0.0, 0
    for r in range(valid.shape[1]):
        rows = valid[:, r].nonzero().flatten().tolist()
        for i in rows if len(rows) > 1 else []:
            for a, b in ((regions, sentences), (sentences, regions)):
                scores = torch.stack([torch.cosine_similarity(a[i, r], b[j, r], 0) for j in rows])
                weight = loop_targets(i, r, rows, findings)
                total = total - (weight * (scores / temperature).log_softmax(0)).sum()
            count += 1
    return total / (2 * count)


def loop_targets(i, r, rows, findings):
    own = torch.tensor([1.0 if j == i else 0.0 for j in rows])
    if findings is None:
        return own
    sets = {j: set(findings[j, r].nonzero().flatten().tolist()) for j in rows}
    overlap = [len(sets[i] & sets[j]) / len(sets[i] | sets[j]) if sets[i] | sets[j] else 1.0 for j in rows]
    return 0.5 * own + 0.5 * torch.tensor(overlap) / sum(overlap)


def same(value, expected, tensors):
    torch.testing.assert_close(value, expected)
    for ours, loop in zip(
        torch.autograd.grad(value, tensors), torch.autograd.grad(expected, tensors), strict=True
    ):
        torch.testing.assert_close(ours, loop)


def test_within_image_equals_a_loop(batch):
    same(region_sentence_contrastive(*batch, 0.5), loop_within(*batch, 0.5), batch[:2])


def test_across_images_equals_a_loop(batch):
    same(location_conditioned_contrastive(*batch, 0.5), loop_across(*batch, 0.5), batch[:2])


def test_across_images_with_soft_positives_equals_a_loop(batch):
    findings = torch.rand(6, 5, 3, generator=torch.Generator().manual_seed(0)) > 0.6
    ours = location_conditioned_contrastive(*batch, 0.5, findings=findings)
    expected = loop_across(*batch, 0.5, findings)
    torch.testing.assert_close(ours, expected, atol=1e-6, rtol=1e-6)  # targets are float32
    for a, b in zip(
        torch.autograd.grad(ours, batch[:2]), torch.autograd.grad(expected, batch[:2]), strict=True
    ):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("loss", [region_sentence_contrastive, location_conditioned_contrastive])
def test_rows_without_a_region_may_hold_anything(batch, loss):
    regions, sentences, valid = batch
    spoilt = [x.detach().masked_fill(~valid[..., None], float("nan")).requires_grad_() for x in batch[:2]]
    value = loss(*spoilt, valid)
    torch.testing.assert_close(value, loss(regions, sentences, valid))
    value.backward()
    for x in spoilt:
        assert x.grad.isfinite().all()
        assert (x.grad[~valid] == 0).all()


def test_negatives_stay_within_the_image(batch):
    """Another image's sentences change nothing for this image, and nothing else is compared."""
    regions, sentences, valid = (x.detach() for x in batch)
    alone = [
        region_sentence_contrastive(regions[[i]], sentences[[i]], valid[[i]]) * valid[i].sum()
        for i in range(len(valid))
    ]
    torch.testing.assert_close(sum(alone) / valid.sum(), region_sentence_contrastive(*batch))


def test_negatives_stay_within_the_region(batch):
    regions, sentences, valid = (x.detach() for x in batch)
    counts = torch.where(valid.sum(0) > 1, valid.sum(0), 0)
    alone = [
        location_conditioned_contrastive(regions[:, [r]], sentences[:, [r]], valid[:, [r]]) * counts[r]
        for r in range(valid.shape[1])
    ]
    torch.testing.assert_close(sum(alone) / counts.sum(), location_conditioned_contrastive(*batch))


def test_a_region_that_nobody_else_has_does_not_dilute(batch):
    regions, sentences, valid = batch
    without = valid.clone()
    without[2, 3] = False
    torch.testing.assert_close(
        location_conditioned_contrastive(regions, sentences, without),
        location_conditioned_contrastive(regions, sentences, valid),
    )


def test_gathered_halves_make_the_whole(batch):
    regions, sentences, valid = batch
    valid = torch.ones_like(valid)
    findings = torch.rand(6, 5, 3, generator=torch.Generator().manual_seed(0)) > 0.6
    halves = [
        location_conditioned_contrastive(
            *(x[k : k + 3] for x in (regions, sentences, valid)),
            findings=findings[k : k + 3],
            regions_all=regions,
            sentences_all=sentences,
            valid_all=valid,
            findings_all=findings,
            offset=k,
        )
        for k in (0, 3)
    ]
    torch.testing.assert_close(
        sum(halves) / 2, location_conditioned_contrastive(regions, sentences, valid, findings=findings)
    )


def test_findings_shared_in_a_region_share_the_positive():
    findings = torch.tensor([[[1, 0]], [[1, 0]], [[0, 1]], [[0, 0]], [[0, 0]]])
    targets = finding_overlap_targets(findings)
    torch.testing.assert_close(targets.sum(2), torch.ones(1, 5))
    assert targets[0, 0].tolist() == [0.75, 0.25, 0, 0, 0]
    assert targets[0, 3].tolist() == [0, 0, 0, 0.75, 0.25]
    valid = torch.tensor([[True], [False], [True], [True], [True]])
    assert finding_overlap_targets(findings, valid_all=valid)[0, 0].tolist() == [1, 0, 0, 0, 0]


def test_two_kinds_of_targets_are_one_too_many(batch):
    findings, targets = torch.zeros(6, 5, 2), torch.zeros(5, 6, 6)
    with pytest.raises(MapleError, match="one of the two"):
        location_conditioned_contrastive(*batch, findings=findings, targets=targets)
    with pytest.raises(MapleError, match=r"\(6, 5, 5\).*\(6, 5, 8\)"):
        location_conditioned_contrastive(*batch, targets=torch.zeros(6, 5, 5))
