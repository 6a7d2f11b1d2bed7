"""Conditioning by modulation: every patch scaled and shifted by the regions it lies in."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RegionFiLM(nn.Module):
    """Feature-wise linear modulation of patches by their regions: x (1 + γ) + β.

    γ and β of a patch are those of its regions, weighted by how much of the patch each covers. A patch in no
    region stays as it is, and so does every patch at first: γ and β begin at zero.

    Args:
        regions: R, number of regions.
        dim: D, channels of the patches.

    Source: Perez et al., FiLM (AAAI 2018); regions as the condition are this project's.
    """

    def __init__(self, regions: int, dim: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(regions, dim))
        self.shift = nn.Parameter(torch.zeros(regions, dim))

    def forward(self, patches: Tensor, weights: Tensor, valid: Tensor | None = None) -> Tensor:
        """Modulate patches.

        Args:
            patches: (B, N, D).
            weights: (B, R, h, w) or (B, R, N) share of each patch inside each region, in [0, 1].
            valid: (B, R) bool, False where a region is missing: its weights do not matter, and its γ and β
                get no gradient. Default: all are there.

        Returns:
            (B, N, D).
        """
        cover = weights.flatten(2).transpose(1, 2).to(patches.dtype)
        if valid is not None:
            cover = cover.masked_fill(~valid[:, None], 0)
        # Regions lie in each other (a zone in its lung): together they count as one whole at most.
        cover = cover / cover.sum(-1, keepdim=True).clamp_min(1)
        return patches * (1 + cover @ self.scale) + cover @ self.shift
