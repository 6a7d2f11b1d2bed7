"""One small network for each region (or finding), all computed at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ExpertLinear(nn.Module):
    """E linear layers side by side, each with rows of its own.

    Args:
        experts: E.
        width, dim: channels in and out.
        bias: add one.
    """

    def __init__(self, experts: int, width: int, dim: int, bias: bool = True) -> None:
        super().__init__()
        bound = width**-0.5
        self.weight = nn.Parameter(torch.empty(experts, width, dim).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(experts, 1, dim)) if bias else None

    def forward(self, rows: Tensor) -> Tensor:
        """Map (E, ..., width) to (E, ..., dim): row block e by layer e."""
        flat = rows.flatten(1, -2) if rows.ndim > 2 else rows[:, None]
        out = flat @ self.weight if self.bias is None else torch.baddbmm(self.bias, flat, self.weight)
        return out.view(*rows.shape[:-1], -1)


class RegionExperts(nn.Module):
    """A two-layer perceptron of its own for every region, with a residual connection.

    Args:
        regions: R.
        dim: D, channels in and out.
        hidden: channels between the layers.
    """

    def __init__(self, regions: int, dim: int, hidden: int = 64) -> None:
        super().__init__()
        self.expand = ExpertLinear(regions, dim, hidden)
        self.contract = ExpertLinear(regions, hidden, dim)

    def forward(self, regions: Tensor, valid: Tensor) -> Tensor:
        """Refine region embeddings.

        Args:
            regions: (B, R, D).
            valid: (B, R) bool, False where a region is missing: what its row holds does not matter, and its
                expert gets no gradient from it.

        Returns:
            (B, R, D), zero where a region is missing.
        """
        missing = ~valid[..., None]
        rows = regions.masked_fill(missing, 0).transpose(0, 1)
        refined = rows + self.contract(nn.functional.gelu(self.expand(rows)))
        return refined.transpose(0, 1).masked_fill(missing, 0)
