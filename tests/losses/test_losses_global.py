"""Whole images and whole reports: against loops, and gathered over processes."""

import math

import pytest
import torch

from maple_lib.errors import MapleError
from maple_lib.losses import global_contrastive, matching_contrastive, sigmoid_contrastive


@pytest.fixture
def pair():
    g = torch.Generator().manual_seed(1)
    return [torch.randn(6, 8, generator=g, dtype=torch.float64, requires_grad=True) for _ in range(2)]


def cosine(a, b):
    return (a @ b) / (a.norm() * b.norm())


def loop_infonce(image, text, temperature):
    total = 0.0
    for i in range(len(image)):
        row = torch.stack([cosine(image[i], text[j]) for j in range(len(text))]) / temperature
        column = torch.stack([cosine(image[j], text[i]) for j in range(len(image))]) / temperature
        total = total - row.log_softmax(0)[i] - column.log_softmax(0)[i]
    return total / (2 * len(image))


def loop_sigmoid(image, text, scale, bias):
    total = 0.0
    for i in range(len(image)):
        for j in range(len(text)):
            sign = 1 if i == j else -1
            total = total - torch.nn.functional.logsigmoid(sign * (scale * cosine(image[i], text[j]) + bias))
    return total / len(image)


@pytest.mark.parametrize(
    ("ours", "loop", "settings"),
    [(global_contrastive, loop_infonce, (0.2,)), (sigmoid_contrastive, loop_sigmoid, (5.0, -2.0))],
)
def test_same_value_and_gradient_as_a_loop(pair, ours, loop, settings):
    value, expected = ours(*pair, *settings), loop(*pair, *settings)
    torch.testing.assert_close(value, expected)
    for ours_grad, loop_grad in zip(
        torch.autograd.grad(value, pair), torch.autograd.grad(expected, pair), strict=True
    ):
        torch.testing.assert_close(ours_grad, loop_grad)


def test_nothing_learnt_is_the_logarithm_of_the_batch():
    same = torch.ones(8, 4)
    assert global_contrastive(same, same).item() == pytest.approx(math.log(8))


def test_gathered_halves_make_the_whole(pair):
    image, text = pair
    halves = [
        global_contrastive(image[k : k + 3], text[k : k + 3], image_all=image, text_all=text, offset=k)
        for k in (0, 3)
    ]
    torch.testing.assert_close(sum(halves) / 2, global_contrastive(image, text))
    halves = [sigmoid_contrastive(image[k : k + 3], text[k : k + 3], text_all=text, offset=k) for k in (0, 3)]
    torch.testing.assert_close(sum(halves) / 2, sigmoid_contrastive(image, text))


def test_identity_as_targets_is_the_default(pair):
    for loss in (global_contrastive, sigmoid_contrastive):
        torch.testing.assert_close(loss(*pair, targets=torch.eye(6)), loss(*pair))


def test_shared_positives_are_not_punished(pair):
    """Two copies of each study: with targets that say so, sharing the positive is the optimum."""
    image = torch.cat([pair[0], pair[0]]).detach().requires_grad_()
    loss = global_contrastive(image, image.detach(), 0.01, targets=torch.eye(6).repeat(2, 2))
    assert loss.item() == pytest.approx(math.log(2), abs=1e-3)
    (gradient,) = torch.autograd.grad(loss, image)
    assert gradient.abs().max() < 1e-3


def test_the_sum_is_of_both_directions(pair):
    parts = [global_contrastive(*pair, direction=d) for d in ("image_to_text", "text_to_image")]
    torch.testing.assert_close(global_contrastive(*pair, direction="sum"), sum(parts))
    torch.testing.assert_close(global_contrastive(*pair), sum(parts) / 2)


def test_bad_settings_are_told(pair):
    with pytest.raises(MapleError, match="temperature"):
        global_contrastive(*pair, temperature=0.0)
    with pytest.raises(MapleError, match="both"):
        global_contrastive(*pair, direction="both")
    with pytest.raises(MapleError, match="rank"):
        global_contrastive(*pair, offset=1)
    with pytest.raises(MapleError, match=r"\(5, 8\).*\(6, 8\)"):
        global_contrastive(pair[0], pair[1][:5])


def test_known_similarities_give_the_same_loss(pair):
    image, text = (torch.nn.functional.normalize(x, dim=-1) for x in pair)
    for direction in ("mean", "sum", "image_to_text"):
        torch.testing.assert_close(
            matching_contrastive(image @ text.T, 0.2, direction=direction),
            global_contrastive(image, text, 0.2, direction=direction),
        )
    with pytest.raises(MapleError, match="similarities"):
        matching_contrastive(torch.zeros(2, 3))
