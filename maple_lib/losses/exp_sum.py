"""Sums of exponentials along the last axis, in few passes over memory: what a smooth maximum is made of."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


def exp_sum(values: Tensor, top: Tensor | float, sharpness: float, weights: Tensor | None = None) -> Tensor:
    """(..., N) -> (...): the sum of ``exp((values - top) / sharpness)`` over N, in shares of ``weights``.

    On a processor, losses over all pairs of patches and phrases are as fast as memory: one table of shares is
    made and changed in place, and it is all that the gradient needs.

    Args:
        values: (..., N).
        top: what is taken off first, so that no exponential overflows; as large as the values, or of width 1
            in the last axis. It is a constant: no gradient goes to it.
        sharpness: > 0.
        weights: (..., N), or None to count every value once.
    """
    total: Tensor = _ExpSum.apply(values, top, sharpness, weights)
    return total


class _ExpSum(Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, top: Tensor | float, sharpness: float, weights: Any) -> Tensor:
        each = (values - top).div_(sharpness).exp_()
        learned = ctx.needs_input_grad[3]
        shares = each if weights is None else each * weights if learned else each.mul_(weights)
        ctx.save_for_backward(shares, *([each] if learned else []))
        ctx.sharpness = sharpness
        return shares.sum(-1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, Tensor | None]:
        shares, *each = ctx.saved_tensors
        of_weights = each[0] * gradient.unsqueeze(-1) if each else None
        return shares * (gradient / ctx.sharpness).unsqueeze(-1), None, None, of_weights
