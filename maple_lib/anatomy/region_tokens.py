"""Conditioning by tokens: every region has a learnt query that looks at the patches."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from maple_lib.errors import MapleError


class RegionTokens(nn.Module):
    """One learnt token for each region reads the patches of its region by cross-attention.

    Args:
        regions: R, number of regions.
        dim: D, channels of the patches.
        heads: attention heads; they share D evenly.
        inside: look at the patches of the region only; else at the whole image.

    Raises:
        MapleError: if the heads cannot share D.
    """

    def __init__(self, regions: int, dim: int, heads: int = 4, inside: bool = True) -> None:
        super().__init__()
        if dim % heads:
            raise MapleError(f"dim {dim}", f"cannot be shared by {heads} heads", f"use a multiple of {heads}")
        self.tokens = nn.Parameter(torch.randn(regions, dim) * dim**-0.5)
        self.query, self.key_value = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim)
        self.out = nn.Linear(dim, dim)
        self.heads, self.inside = heads, inside

    def forward(
        self, patches: Tensor, weights: Tensor, valid: Tensor | None = None, minimum: float = 1e-3
    ) -> tuple[Tensor, Tensor]:
        """Read the regions off the patches.

        Args:
            patches: (B, N, D).
            weights: (B, R, h, w) or (B, R, N) share of each patch inside each region.
            valid: (B, R) bool, False where a region is missing. Default: those that cover something.
            minimum: a patch of which a region covers less lies outside it.

        Returns:
            regions: (B, R, D); rows of missing regions are zero and carry no gradient.
            visible: (B, R) bool.
        """
        cover = weights.flatten(2) > minimum
        visible = cover.any(-1) if valid is None else cover.any(-1) & valid
        looks = cover if self.inside else torch.ones_like(cover)
        # A missing region may look anywhere: what it sees is masked below, and a closed row would be NaN.
        looks = looks | ~visible[..., None]
        query = self.query(self.tokens).unflatten(-1, (self.heads, -1)).transpose(0, 1)
        key, value = self.key_value(patches).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(
            query.expand(len(patches), -1, -1, -1), key, value, attn_mask=looks[:, None]
        )
        read = self.tokens + self.out(seen.transpose(1, 2).flatten(2))
        return read.masked_fill(~visible[..., None], 0), visible
