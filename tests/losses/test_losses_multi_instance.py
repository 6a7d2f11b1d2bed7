"""LSE+NL: the bag of patches has no order, and every sentence finds its image."""

import pytest
import torch

from maple_lib.errors import MapleError
from maple_lib.losses import lse_nl_contrastive, lse_nl_similarity


@pytest.fixture
def batch():
    g = torch.Generator().manual_seed(5)
    patches = torch.randn(6, 9, 8, generator=g, dtype=torch.float64, requires_grad=True)
    sentences = torch.randn(6, 3, 8, generator=g, dtype=torch.float64, requires_grad=True)
    return patches, sentences, torch.arange(3) < torch.tensor([3, 1, 2, 0, 3, 1])[:, None]


def loop_score(bag, sentence, gamma=10.0, kappa=10.0, weight=0.5):
    unit = torch.nn.functional.normalize(bag, dim=1)
    s = torch.cosine_similarity(unit, sentence[None], 1)
    pooled = (gamma * s).exp().mean().log() / gamma
    context = (kappa * s).softmax(0) @ unit
    return (1 - weight) * pooled + weight * torch.cosine_similarity(context, sentence, 0)


def loop_loss(patches, sentences, mask, temperature):
    owner, sentence = mask.nonzero().T
    chosen = [sentences[i, s] for i, s in zip(owner, sentence, strict=True)]
    scores = torch.stack([torch.stack([loop_score(bag, t) for t in chosen]) for bag in patches]) / temperature
    to_image = torch.stack([-scores[:, k].log_softmax(0)[i] for k, i in enumerate(owner)]).mean()
    to_text = [
        -scores[i].log_softmax(0)[owner == i].mean() for i in range(len(patches)) if (owner == i).any()
    ]
    return (to_image + torch.stack(to_text).mean()) / 2


def test_same_value_and_gradient_as_a_loop(batch):
    value, expected = lse_nl_contrastive(*batch, 0.2), loop_loss(*batch, 0.2)
    torch.testing.assert_close(value, expected)
    for ours, loop in zip(
        torch.autograd.grad(value, batch[:2]), torch.autograd.grad(expected, batch[:2]), strict=True
    ):
        torch.testing.assert_close(ours, loop)


def test_the_patches_have_no_order(batch):
    patches, sentences, mask = batch
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        lse_nl_contrastive(patches[:, order], sentences, mask), lse_nl_contrastive(*batch)
    )


def test_padding_may_hold_anything(batch):
    patches, sentences, mask = batch
    spoilt = sentences.detach().masked_fill(~mask[..., None], float("nan")).requires_grad_()
    loss = lse_nl_contrastive(patches, spoilt, mask)
    torch.testing.assert_close(loss, lse_nl_contrastive(*batch))
    loss.backward()
    assert spoilt.grad.isfinite().all()


def test_one_patch_that_is_the_sentence_is_enough():
    patches = torch.eye(8).repeat(2, 1, 1)
    patches[0, 3] = torch.ones(8)
    scores = lse_nl_similarity(patches, torch.ones(1, 8), lse_sharpness=50.0, attention_sharpness=50.0)
    assert scores[0] > 0.9
    assert scores.abs().max() <= 1
    assert scores[0] > scores[1]


def test_gathered_halves_make_the_whole(batch):
    patches, sentences, _ = batch
    mask = torch.ones(6, 3, dtype=torch.bool)
    halves = [
        lse_nl_contrastive(
            patches[k : k + 3],
            sentences[k : k + 3],
            mask[k : k + 3],
            patches_all=patches,
            sentences_all=sentences,
            sentence_mask_all=mask,
            offset=k,
        )
        for k in (0, 3)
    ]
    torch.testing.assert_close(sum(halves) / 2, lse_nl_contrastive(patches, sentences, mask))


def test_bad_settings_are_told(batch):
    with pytest.raises(MapleError, match="nl_weight"):
        lse_nl_contrastive(*batch, nl_weight=-0.1)
    with pytest.raises(MapleError, match="lse_sharpness"):
        lse_nl_contrastive(*batch, lse_sharpness=0.0)
