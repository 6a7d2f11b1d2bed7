"""Projection heads to the shared embedding space."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ProjectionHead(nn.Module):
    """Two layers with batch normalisation, on vectors or on sequences of vectors.

    Args:
        width: channels of the input.
        dim: channels of the embedding.
        hidden: channels between the layers.

    Source: ASG (MICCAI 2024), heads: Linear, BatchNorm, ReLU, Linear, BatchNorm without affine.
    """

    def __init__(self, width: int, dim: int = 128, hidden: int = 2048) -> None:
        super().__init__()
        self.expand = nn.Linear(width, hidden)
        self.inner_norm = nn.BatchNorm1d(hidden)
        self.contract = nn.Linear(hidden, dim)
        self.outer_norm = nn.BatchNorm1d(dim, affine=False)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Project (..., width) to (..., dim); where ``valid`` (...) is False the result is zero.

        Padding takes no part in the batch statistics. In training, fewer than two rows have no statistics:
        they are normalised by the running ones, which stay as they are.
        """
        counted = None if valid is None else valid.reshape(-1, 1).to(x.dtype)
        hidden = batch_norm(self.inner_norm, self.expand(x.reshape(-1, x.shape[-1])), counted).relu()
        out = batch_norm(self.outer_norm, self.contract(hidden), counted)
        if counted is not None:
            out = out * counted
        return out.reshape(*x.shape[:-1], self.contract.out_features)


def batch_norm(norm: nn.BatchNorm1d, x: Tensor, counted: Tensor | None = None) -> Tensor:
    """Batch normalisation of (M, C) over the rows that count, without waiting for the device.

    Choosing the rows by a mask would have to know how many there are; weighing them does not.

    Args:
        norm: its weights and its running statistics, which are brought up to date in training.
        x: (M, C) rows; what the others hold must be finite.
        counted: (M, 1), 1 where a row counts and 0 elsewhere. None: every row counts.
    """
    if not norm.training or len(x) < 2:
        return F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)
    if counted is None:
        normed: Tensor = norm(x)
        return normed
    if type(norm) is not nn.BatchNorm1d:  # one whose statistics span processes: it takes rows, not weights
        rows = counted.flatten() > 0
        return torch.zeros_like(x).masked_scatter(rows[:, None], norm(x[rows]))
    return _weighted_batch_norm(norm, x, counted)


def _weighted_batch_norm(norm: nn.BatchNorm1d, x: Tensor, counted: Tensor) -> Tensor:
    n = counted.sum()
    mean = (x * counted).sum(0) / n.clamp_min(1)
    variance = ((x - mean).square() * counted).sum(0) / n.clamp_min(1)
    running_mean, running_var = cast(Tensor, norm.running_mean), cast(Tensor, norm.running_var)
    known = n > 1
    # The running statistics follow those of the batch as torch's do: with the unbiased variance.
    share = cast(float, norm.momentum) * known
    running_mean.lerp_(mean.detach(), share)
    running_var.lerp_(variance.detach() * n / (n - 1).clamp_min(1), share)
    cast(Tensor, norm.num_batches_tracked).add_(1)
    mean, variance = torch.where(known, mean, running_mean), torch.where(known, variance, running_var)
    out = (x - mean) * (variance + norm.eps).rsqrt()
    return out * norm.weight + norm.bias if norm.affine else out
