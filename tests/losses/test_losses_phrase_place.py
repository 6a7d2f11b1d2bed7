"""A phrase's softmax over all patches of its image: loop, gradient, and what must not matter."""

import pytest
import torch

from maple_lib.errors import MapleError
from maple_lib.losses import phrase_place_contrastive, phrase_place_of_cosines


@pytest.fixture
def batch():
    g = torch.Generator().manual_seed(8)
    patches = torch.randn(3, 6, 4, generator=g, dtype=torch.float64, requires_grad=True)
    phrases = torch.randn(5, 4, generator=g, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(3, 5, 6, generator=g, dtype=torch.float64)
    weights[0, 1] = 0
    said = torch.rand(3, 5, generator=g) > 0.4
    said[0, :2] = True
    return patches, phrases, weights, said


def loop(patches, phrases, weights, said, temperature):
    unit = torch.nn.functional.normalize
    terms = []
    for b in range(len(patches)):
        for s in range(len(phrases)):
            if said[b, s] and weights[b, s].any():
                share = (unit(patches[b], dim=-1) @ unit(phrases[s], dim=-1) / temperature).softmax(0)
                terms.append(-(share * weights[b, s].clamp_min(1e-6)).sum().log())
    return torch.stack(terms).mean()


def test_equals_the_loop_in_value_and_gradient(batch):
    ours, naive = phrase_place_contrastive(*batch, 0.3), loop(*batch, 0.3)
    torch.testing.assert_close(ours, naive)
    grads = [torch.autograd.grad(x, batch[:2]) for x in (ours, naive)]
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other)


def test_gradients(batch):
    patches, phrases, weights, said = batch
    assert torch.autograd.gradcheck(
        lambda p, t: phrase_place_contrastive(p, t, weights, said, 0.5), (patches, phrases)
    )


def test_order_of_images_and_of_phrases_does_not_matter(batch):
    patches, phrases, weights, said = batch
    i, s = torch.tensor([2, 0, 1]), torch.tensor([4, 2, 0, 1, 3])
    turned = phrase_place_contrastive(patches[i], phrases[s], weights[i][:, s], said[i][:, s])
    torch.testing.assert_close(turned, phrase_place_contrastive(*batch))


def test_light_outside_the_place_costs_even_where_no_region_lies():
    phrase = torch.tensor([[1.0, 0.0]])
    patches = torch.tensor([[0.0, 1.0]]).repeat(1, 8, 1)
    patches[0, 0] = phrase
    place = torch.zeros(1, 1, 8)
    place[..., 0] = 1
    said = torch.ones(1, 1, dtype=torch.bool)
    right = phrase_place_contrastive(patches, phrase, place, said)
    wrong = phrase_place_contrastive(patches, phrase, 1 - place, said)
    assert right < 0.01 < 1 < wrong


def test_what_was_not_said_does_not_count(batch):
    patches, phrases, weights, _ = batch
    loss = phrase_place_contrastive(patches, phrases, weights, torch.zeros(3, 5, dtype=torch.bool))
    loss.backward()
    assert loss == 0
    assert torch.isfinite(patches.grad).all()


def test_shapes_are_told(batch):
    patches, phrases, weights, said = batch
    with pytest.raises(MapleError, match="said"):
        phrase_place_contrastive(patches, phrases, weights, said[:, :3])


def test_the_same_from_cosines_that_are_known(batch):
    patches, phrases, weights, said = batch
    unit = torch.nn.functional.normalize
    cosines = unit(phrases, dim=-1) @ unit(patches, dim=-1).mT
    torch.testing.assert_close(
        phrase_place_of_cosines(cosines, weights, said, 0.3), phrase_place_contrastive(*batch, 0.3)
    )
    with pytest.raises(MapleError, match="cosines"):
        phrase_place_of_cosines(cosines.mT, weights, said)
