"""Projection heads to the shared embedding space."""

from __future__ import annotations

from torch import Tensor, nn


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

        Padding takes no part in the batch statistics.
        """
        if valid is not None:
            out = x.new_zeros(*x.shape[:-1], self.contract.out_features)
            out[valid] = self(x[valid])
            return out
        flat = x.reshape(-1, x.shape[-1])
        hidden = self.inner_norm(self.expand(flat)).relu()
        return self.outer_norm(self.contract(hidden)).reshape(*x.shape[:-1], -1)
