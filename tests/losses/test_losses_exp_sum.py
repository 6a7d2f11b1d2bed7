"""Sums of exponentials: equal to the naive form, with its gradients."""

import pytest
import torch
from torch.autograd import gradcheck

from maple_lib.losses.exp_sum import exp_sum


def naive(values, top, sharpness, weights=None):
    each = ((values - top) / sharpness).exp()
    return (each if weights is None else each * weights).sum(-1)


def made(*shape):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3)) * 2 - 1


@pytest.mark.parametrize("sharpness", [0.05, 0.5])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_naive_sum_with_its_gradient(sharpness, weighted):
    values = made(3, 4, 7).requires_grad_()
    weights = made(3, 4, 7).abs() if weighted else None
    ours, theirs = (f(values, 1.0, sharpness, weights) for f in (exp_sum, naive))
    torch.testing.assert_close(ours, theirs)
    scale = made(3, 4)
    wanted = torch.autograd.grad((theirs * scale).sum(), values)[0]
    torch.testing.assert_close(torch.autograd.grad((ours * scale).sum(), values)[0], wanted)


def test_weights_that_are_learned_have_gradients_too():
    values, weights = made(2, 3, 5).requires_grad_(), made(2, 3, 5).abs().requires_grad_()
    assert gradcheck(lambda v, w: exp_sum(v, 0.5, 0.3, w), (values, weights))
    with torch.no_grad():
        weights[..., 0] = 0  # outside the region: a weight of nothing can still grow
    assert gradcheck(lambda v, w: exp_sum(v, 0.5, 0.3, w), (values, weights))


def test_a_top_of_width_one_keeps_sharp_sums_finite():
    values = made(4, 9)
    top = values.amax(-1, keepdim=True)
    smooth = top.squeeze(-1) + 1e-3 * exp_sum(values, top, 1e-3).log()
    torch.testing.assert_close(smooth, 1e-3 * (values / 1e-3).logsumexp(-1))


def test_neither_values_nor_weights_are_changed():
    values, weights = made(2, 5), made(2, 5).abs()
    before = values.clone(), weights.clone()
    exp_sum(values, 1.0, 0.1, weights)
    assert torch.equal(values, before[0])
    assert torch.equal(weights, before[1])
