"""A bag of patches becomes one embedding: a weighted mean, its weights from a small gated network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from maple_lib.encoders.attention_pool import shares
from maple_lib.errors import MapleError


class GatedAttentionPool(nn.Module):
    """Mean of the patches under weights a = softmax over the bag of w · (tanh(V x) ⊙ sigmoid(U x)).

    Args:
        dim: D of the patches.
        hidden: width inside.

    Source: Ilse et al., Attention-based deep multiple instance learning (ICML 2018), eq. 9.
    """

    def __init__(self, dim: int, hidden: int = 128) -> None:
        super().__init__()
        self.content, self.gate = nn.Linear(dim, hidden), nn.Linear(dim, hidden)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(self, patches: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Pool bags.

        Args:
            patches: (..., N, D).
            valid: (..., N) bool, False at padding: what it holds does not matter.

        Returns:
            pooled: (..., D), zero and without gradient for an empty bag.
            weights: (..., N), sum 1 over the patches; 0 on padding and for an empty bag.

        Raises:
            MapleError: if the shapes disagree.
        """
        if patches.shape[:-1] != valid.shape:
            raise MapleError(
                f"patches {tuple(patches.shape)}, valid {tuple(valid.shape)}", "disagree", "one flag a patch"
            )
        patches = patches.masked_fill(~valid[..., None], 0)
        scores = self.score(torch.tanh(self.content(patches)) * torch.sigmoid(self.gate(patches)))[..., 0]
        # An empty bag stays open inside the softmax, which would be NaN; its weights are set to 0 after it.
        closed = ~valid & valid.any(-1, keepdim=True)
        weights = shares(scores.masked_fill(closed, -torch.inf).softmax(-1), valid)
        return (weights[..., None] * patches).sum(-2), weights
