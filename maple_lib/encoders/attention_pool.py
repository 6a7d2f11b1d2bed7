"""A bag of patches becomes one embedding: a class token looks at all of them and says how much at each."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.anatomy.experts import ExpertLinear
from maple_lib.errors import MapleError


class ClassTokenPool(nn.Module):
    """A transformer over a bag of patches; its class token is the bag's embedding.

    The bag has no order: no positions are added. Several such networks, one per finding, run side by side.

    Args:
        dim: D of the patches and of the embedding.
        layers, heads, dropout: of the transformer; the heads share D evenly.
        experts: E, how many networks.

    Raises:
        MapleError: if the heads cannot share D.

    Source: MApLe (MIDL 2026), a_I^d: 6 layers, 768-d, 12 heads, dropout 0.1. Pre-norm, GELU and four times
    the width inside are this project's.
    """

    def __init__(
        self, dim: int = 768, layers: int = 6, heads: int = 12, dropout: float = 0.1, experts: int = 1
    ) -> None:
        super().__init__()
        if dim % heads:
            raise MapleError(f"dim {dim}", f"cannot be shared by {heads} heads", f"use a multiple of {heads}")
        self.token = nn.Parameter(torch.randn(experts, 1, 1, dim) * 0.02)
        self.layers = nn.ModuleList(_Layer(dim, heads, dropout, experts) for _ in range(layers))
        self.out = ExpertLinear(experts, dim, dim)
        self.experts, self.dim = experts, dim

    def forward(self, patches: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Pool bags.

        Args:
            patches: (E, B, N, D), block e for network e; or (B, N, D) where there is one network.
            valid: (E, B, N) or (B, N) bool, False at padding: what it holds does not matter.

        Returns:
            pooled: (E, B, D) or (B, D). An empty bag gives what the class token says of nothing.
            weights: (E, B, N) or (B, N) attention of the class token in the last layer, mean of the heads,
                brought to sum 1 over the patches; 0 on padding and for an empty bag.

        Raises:
            MapleError: if the shapes disagree.
        """
        single = patches.ndim == 3
        bags, there = (patches[None], valid[None]) if single else (patches, valid)
        if bags.shape[:-1] != there.shape or bags.shape[0] != self.experts or bags.shape[-1] != self.dim:
            raise MapleError(
                f"patches {tuple(patches.shape)}, valid {tuple(valid.shape)}",
                f"do not fit {self.experts} networks of width {self.dim}",
                "give (E, B, N, D) with (E, B, N)",
            )
        bags = bags.masked_fill(~there[..., None], 0)
        x = torch.cat([self.token.expand(-1, bags.shape[1], -1, -1), bags], 2)
        seen = F.pad(there, (1, 0), value=True)
        attention = x.new_zeros(*seen.shape)
        for layer in self.layers:
            x, attention = layer(x, seen)
        pooled, weights = self.out(F.layer_norm(x[:, :, 0], (self.dim,))), shares(attention[..., 1:], there)
        return (pooled[0], weights[0]) if single else (pooled, weights)


class _Layer(nn.Module):
    """Pre-norm attention and perceptron for E networks; the norms' scales live in the layers after them."""

    def __init__(self, dim: int, heads: int, dropout: float, experts: int) -> None:
        super().__init__()
        self.query_key_value = ExpertLinear(experts, dim, 3 * dim)
        self.mix = ExpertLinear(experts, dim, dim)
        self.expand, self.contract = ExpertLinear(experts, dim, 4 * dim), ExpertLinear(experts, 4 * dim, dim)
        self.heads, self.dropout = heads, nn.Dropout(dropout)

    def forward(self, x: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """(E, B, T, D), and (E, B, T) how much the first token looks at each."""
        width = x.shape[-1:]
        parts = self.query_key_value(F.layer_norm(x, width)).unflatten(-1, (3, self.heads, -1))
        query, key, value = parts.permute(3, 0, 1, 4, 2, 5)
        scores = query @ key.mT * query.shape[-1] ** -0.5
        attention = scores.masked_fill(~seen[:, :, None, None], -torch.inf).softmax(-1)
        read = (self.dropout(attention) @ value).transpose(2, 3).flatten(3)
        x = x + self.dropout(self.mix(read))
        x = x + self.dropout(self.contract(F.gelu(self.expand(F.layer_norm(x, width)))))
        return x, attention[:, :, :, 0].mean(2)


def shares(weights: Tensor, valid: Tensor) -> Tensor:
    """Weights >= 0 brought to sum 1 over what is valid; all 0 where nothing is."""
    kept = weights.masked_fill(~valid, 0)
    return kept / kept.sum(-1, keepdim=True).clamp_min(torch.finfo(kept.dtype).tiny)
