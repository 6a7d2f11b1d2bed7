"""The best patch of a region across images: against a loop, gradients, and what must not matter."""

import pytest
import torch

from maple_lib.errors import MapleError
from maple_lib.losses import region_instance_contrastive, region_instance_of_cosines


@pytest.fixture
def batch():
    g = torch.Generator().manual_seed(3)
    patches = torch.randn(5, 6, 4, generator=g, dtype=torch.float64, requires_grad=True)
    phrases = torch.randn(3, 4, generator=g, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(5, 3, 6, generator=g, dtype=torch.float64) * (torch.rand(5, 3, 1, generator=g) > 0.2)
    positives = torch.rand(5, 3, generator=g) > 0.5
    positives[0] = True
    return patches, phrases, weights, positives


def loop(patches, phrases, weights, positives, temperature, sharpness):
    unit = torch.nn.functional.normalize
    total, count = 0.0, 0
    for s in range(len(phrases)):
        scores, good = [], []
        for b in range(len(patches)):
            w = weights[b, s]
            if w.sum() == 0:
                continue
            cosines = unit(patches[b], dim=-1) @ unit(phrases[s], dim=-1)
            scores.append(sharpness * ((w / w.sum()) * (cosines / sharpness).exp()).sum().log())
            good.append(bool(positives[b, s]))
        if any(good):
            logs = (torch.stack(scores) / temperature).log_softmax(0)
            total = total - logs[torch.tensor(good)].mean()
            count += 1
    return total / count


def test_equals_the_loop_in_value_and_gradient(batch):
    ours, naive = region_instance_contrastive(*batch, 0.3, sharpness=0.2), loop(*batch, 0.3, 0.2)
    torch.testing.assert_close(ours, naive)
    for one, other in zip(
        torch.autograd.grad(ours, batch[:2]), torch.autograd.grad(naive, batch[:2]), strict=True
    ):
        torch.testing.assert_close(one, other)


def test_gradients(batch):
    patches, phrases, weights, positives = batch
    assert torch.autograd.gradcheck(
        lambda p, t: region_instance_contrastive(p, t, weights, positives, 0.5, sharpness=0.3),
        (patches, phrases),
    )


def test_order_of_images_and_of_phrases_does_not_matter(batch):
    patches, phrases, weights, positives = batch
    i, s = torch.tensor([3, 1, 4, 0, 2]), torch.tensor([2, 0, 1])
    turned = region_instance_contrastive(patches[i], phrases[s], weights[i][:, s], positives[i][:, s])
    torch.testing.assert_close(turned, region_instance_contrastive(*batch))


def test_patches_outside_the_region_do_not_matter(batch):
    patches, phrases, weights, positives = batch
    weights[:, :, 2] = 0
    changed = patches.detach().clone()
    changed[:, 2] += 5
    torch.testing.assert_close(
        region_instance_contrastive(changed, phrases, weights, positives),
        region_instance_contrastive(patches.detach(), phrases, weights, positives),
    )


def test_one_matching_patch_in_the_region_is_enough():
    phrase = torch.tensor([[1.0, 0.0]])
    patches = torch.tensor([[0.0, 1.0]]).repeat(2, 8, 1)
    patches[0, 5] = phrase
    positives = torch.tensor([[True], [False]])
    weights = torch.ones(2, 1, 8)
    found = region_instance_contrastive(patches, phrase, weights, positives)
    missed = region_instance_contrastive(patches.flip(0), phrase, weights, positives)
    assert found < 0.1 < missed


def test_nothing_to_learn_is_zero_with_a_graph(batch):
    patches, phrases, weights, positives = batch
    loss = region_instance_contrastive(patches, phrases, weights * 0, positives)
    loss.backward()
    assert loss == 0
    assert patches.grad is not None
    assert torch.isfinite(patches.grad).all()


def test_shapes_are_told(batch):
    patches, phrases, weights, positives = batch
    with pytest.raises(MapleError, match="weights"):
        region_instance_contrastive(patches, phrases, weights[:, :2], positives)


def test_the_same_from_cosines_that_are_known(batch):
    patches, phrases, weights, positives = batch
    unit = torch.nn.functional.normalize
    cosines = unit(phrases, dim=-1) @ unit(patches, dim=-1).mT
    torch.testing.assert_close(
        region_instance_of_cosines(cosines, weights, positives, 0.3, sharpness=0.2),
        region_instance_contrastive(*batch, 0.3, sharpness=0.2),
    )
    with pytest.raises(MapleError, match="cosines"):
        region_instance_of_cosines(cosines.mT, weights, positives)
