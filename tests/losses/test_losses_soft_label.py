"""Soft targets from tags, against loops and over processes."""

import pytest
import torch

from maple_lib.errors import MapleError
from maple_lib.losses import (
    label_similarity_targets,
    soft_label_contrastive,
    soft_label_cross_entropy,
)


@pytest.fixture
def batch():
    g = torch.Generator().manual_seed(2)
    image, text = (torch.randn(6, 8, generator=g, dtype=torch.float64, requires_grad=True) for _ in range(2))
    return image, text, torch.randint(-1, 2, (6, 5), generator=g).double()


def loop_asg(image, text, labels, temperature):
    total, n = 0.0, len(image)
    tags = labels.clamp(min=0)
    for a, b in ((image, text), (text, image)):
        for i in range(n):
            similar = [torch.cosine_similarity(tags[i], tags[j], 0, 1e-12) for j in range(n)]
            t = 0.2 * torch.stack(similar) + 1e-6
            t[i] = t[i] + 0.8
            t = t / t.sum()
            p = (
                torch.stack([torch.cosine_similarity(a[i], b[j], 0) for j in range(n)]) / temperature
            ).softmax(0)
            total = total + ((t * (t / p).log()).sum() + (p * (p / t).log()).sum()) / 2
    return total / (2 * n)


def loop_medclip(image, text, labels, temperature):
    total, n = 0.0, len(image)
    for a, b in ((image, text), (text, image)):
        for i in range(n):
            t = torch.stack([labels[i] @ labels[j] for j in range(n)]).softmax(0)
            p = torch.stack([torch.cosine_similarity(a[i], b[j], 0) for j in range(n)]) / temperature
            total = total - (t * p.log_softmax(0)).sum()
    return total / (2 * n)


def medclip(image, text, labels, temperature=0.07):
    return soft_label_cross_entropy(image, text, labels, labels, temperature)


@pytest.mark.parametrize(("ours", "loop"), [(soft_label_contrastive, loop_asg), (medclip, loop_medclip)])
def test_same_value_and_gradient_as_a_loop(batch, ours, loop):
    value, expected = ours(*batch, 0.3), loop(*batch, 0.3)
    torch.testing.assert_close(value, expected)
    for ours_grad, loop_grad in zip(
        torch.autograd.grad(value, batch[:2]), torch.autograd.grad(expected, batch[:2]), strict=True
    ):
        torch.testing.assert_close(ours_grad, loop_grad)


def test_zero_when_the_softmax_equals_the_targets(batch):
    labels = batch[2]
    logits = label_similarity_targets(labels).log()
    # Rows of the identity as texts make the images' embeddings their own logits, in one direction.
    loss = soft_label_contrastive(
        logits, torch.eye(6, dtype=torch.float64), labels * 0, temperature=1.0, normalise=False
    )
    assert loss > 0
    uniform = torch.zeros(6, 6, dtype=torch.float64)
    flat = soft_label_contrastive(uniform, uniform, labels * 0, 1.0, identity_weight=0.0, normalise=False)
    assert flat.item() == pytest.approx(0, abs=1e-12)


def test_targets_prefer_the_study_and_then_those_alike():
    labels = torch.tensor([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1]])
    targets = label_similarity_targets(labels)
    torch.testing.assert_close(targets.sum(1), torch.ones(4))
    assert targets[0, 0] > targets[0, 1] > targets[0, 2] > targets[0, 3] > 0


def test_gathered_halves_make_the_whole(batch):
    image, text, labels = batch
    asg = [
        soft_label_contrastive(
            image[k : k + 3],
            text[k : k + 3],
            labels[k : k + 3],
            image_all=image,
            text_all=text,
            labels_all=labels,
            offset=k,
        )
        for k in (0, 3)
    ]
    torch.testing.assert_close(sum(asg) / 2, soft_label_contrastive(*batch))
    clip = [
        soft_label_cross_entropy(
            image[k : k + 3],
            text[k : k + 3],
            labels[k : k + 3],
            labels[k : k + 3],
            image_all=image,
            text_all=text,
            image_labels_all=labels,
            text_labels_all=labels,
        )
        for k in (0, 3)
    ]
    torch.testing.assert_close(sum(clip) / 2, medclip(*batch))


def test_a_share_beyond_one_is_told(batch):
    with pytest.raises(MapleError, match="identity_weight"):
        soft_label_contrastive(*batch, identity_weight=1.2)
