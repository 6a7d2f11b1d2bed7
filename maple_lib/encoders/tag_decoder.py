"""Findings that ask the patches whether they are there: a transformer decoder over an image."""

from __future__ import annotations

from torch import Tensor, nn

from maple_lib.errors import MapleError


class TagDecoder(nn.Module):
    """One query for each finding looks at the patches, and one number comes out.

    Args:
        width: channels C of the patches.
        query_width: channels of the queries.
        layers: decoder layers.
        heads: attention heads; they share the width evenly.
        hidden: width inside each layer.
        dropout: in each layer.

    Raises:
        MapleError: if the heads cannot share the width.

    Source: ASG (MICCAI 2024), internal representation learning: 4 pre-norm layers, 4 heads, inner width
    1024, ReLU, dropout 0.1. The projection of queries of another width is this project's.
    """

    def __init__(
        self,
        width: int,
        query_width: int,
        layers: int = 4,
        heads: int = 4,
        hidden: int = 1024,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if width % heads:
            raise MapleError(
                f"width {width}", f"cannot be shared by {heads} heads", f"use a multiple of {heads}"
            )
        self.enter = nn.Identity() if query_width == width else nn.Linear(query_width, width)
        layer = nn.TransformerDecoderLayer(
            width, heads, hidden, dropout, activation="relu", batch_first=True, norm_first=True
        )
        layer.multihead_attn.register_forward_pre_hook(_apart)
        self.decoder = nn.TransformerDecoder(layer, layers, nn.LayerNorm(width))
        self.decide = nn.Linear(width, 1)

    def forward(self, patches: Tensor, queries: Tensor) -> Tensor:
        """Logits (B, F) that each finding is there, from patches (B, N, C) and queries (F, Q)."""
        asked = self.enter(queries).expand(len(patches), -1, -1)
        logits: Tensor = self.decide(self.decoder(asked, patches)).squeeze(-1)
        return logits


def _apart(_: nn.Module, asked: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Keys and values as two tensors, though they are one: torch then projects each and copies neither."""
    query, key, value = asked
    return query, key, value.view_as(value)
