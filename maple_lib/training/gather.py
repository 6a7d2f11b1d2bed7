"""Rows of all processes put together, with gradients that find their way back.

``accelerator.gather`` carries no gradient. Here the backward pass sums what every process's loss asks of a
row and returns each process its own rows.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


def world() -> tuple[int, int]:
    """(rank, number of processes); (0, 1) without a process group."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def share(total: int) -> slice:
    """The rows of a batch of ``total`` that this process encodes; shares differ by at most one."""
    rank, processes = world()
    return slice(total * rank // processes, total * (rank + 1) // processes)


def gather_rows(own: Tensor, total: int) -> Tensor:
    """The rows of all processes, in the order of their ranks: (total, ...).

    Args:
        own: this process's rows, those of ``share(total)``.
        total: rows of all processes together.
    """
    if world()[1] == 1:
        return own
    gathered: Tensor = _Gather.apply(own, total)
    return gathered


def share_weights(module: nn.Module) -> None:
    """Give every process the first one's weights.

    Dropout draws as many random numbers as a process has rows: after the first stage their states differ, and
    so would layers that are made later.
    """
    if world()[1] > 1:
        for value in module.state_dict().values():
            dist.broadcast(value, 0)


class _Gather(torch.autograd.Function):
    """All-reduce of rows in their places: shares may be of different length, or empty."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, total: int) -> Tensor:
        ctx.total = total
        return _placed_sum(own, total)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        summed = grad.contiguous().clone()
        dist.all_reduce(summed)
        return summed[share(ctx.total)], None


def _placed_sum(own: Tensor, total: int) -> Tensor:
    rows = own.new_zeros(total, *own.shape[1:])
    rows[share(total)] = own
    dist.all_reduce(rows)
    return rows
