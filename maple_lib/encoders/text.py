"""Text encoders: transformers models whose word pieces are summed into words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from maple_lib.encoders.tokens import TextTokenizer, Tokens, small_tokenizer
from maple_lib.errors import MapleError


@dataclass(frozen=True, slots=True)
class EncodedText:
    """pooled: (B, C) first token; words: (B, L, C) sums of pieces; word_valid: (B, L) bool."""

    pooled: Tensor
    words: Tensor
    word_valid: Tensor


class TextEncoder(nn.Module):
    """A BERT-like model with its tokenizer.

    Args:
        name: ``"small"`` for the BERT built from a configuration, with no download, or any
            transformers model by hub name or local path.
        layers, width, heads: size of the small BERT; of a named model only ``layers`` counts
            (the first so many are kept; None keeps all).
        max_length: word pieces per text.
        tokenizer: use this instead of the model's own.

    Raises:
        MapleError: if the named model cannot be loaded.

    Source: ASG (MICCAI 2024): word pieces are summed into words; the first token is the text's.
    """

    def __init__(
        self,
        name: str = "small",
        layers: int | None = 2,
        width: int = 128,
        heads: int = 4,
        max_length: int = 112,
        tokenizer: TextTokenizer | None = None,
    ) -> None:
        super().__init__()
        if name == "small":
            self.tokenizer = tokenizer or small_tokenizer(max_length)
            self.model = _small_bert(len(self.tokenizer), layers or 2, width, heads, max_length)
        else:
            self.model, self.tokenizer = _named_model(name, layers, max_length)
        self.width: int = self.model.config.hidden_size

    def tokenize(self, texts: list[str]) -> Tokens:
        """Tokenise on the model's device."""
        return self.tokenizer(texts).to(next(self.parameters()).device)

    def forward(self, tokens: Tokens) -> EncodedText:
        """Encode a batch of tokenised texts."""
        hidden = self.model(input_ids=tokens.ids, attention_mask=tokens.attention).last_hidden_state
        return EncodedText(hidden[:, 0], sum_pieces(hidden, tokens), tokens.word_valid)


def sum_pieces(hidden: Tensor, tokens: Tokens) -> Tensor:
    """Sum the pieces of every word: (B, T, C) -> (B, L, C), without leaving the device."""
    batch, _, width = hidden.shape
    words = tokens.word_valid.shape[1]
    # Whole rows are added at once: a scatter with an index per number takes many times as long.
    rows = tokens.word + (words + 1) * torch.arange(batch, device=hidden.device)[:, None]
    out = hidden.new_zeros(batch * (words + 1), width).index_add_(0, rows.flatten(), hidden.flatten(0, 1))
    return out.view(batch, words + 1, width)[:, :words]


def _small_bert(vocabulary: int, layers: int, width: int, heads: int, max_length: int) -> Any:
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=width * 4,
        max_position_embeddings=max(max_length, 64),
    )
    return BertModel(config, add_pooling_layer=False)


def _named_model(name: str, layers: int | None, max_length: int) -> tuple[Any, TextTokenizer]:
    from transformers import AutoModel, AutoTokenizer

    try:
        model: Any = AutoModel.from_pretrained(name, use_safetensors=True, trust_remote_code=False)
        fast: Any = AutoTokenizer.from_pretrained(name, use_fast=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise MapleError(
            f"text encoder {name!r}",
            f"could not be loaded ({type(error).__name__}); safetensors weights are required",
            "give a local folder with model.safetensors, or name 'small', which needs no download",
        ) from error
    if layers and hasattr(model, "encoder"):
        model.encoder.layer = torch.nn.ModuleList(list(model.encoder.layer)[:layers])
    return model, TextTokenizer(fast.backend_tokenizer, max_length, fast.pad_token_id or 0)
