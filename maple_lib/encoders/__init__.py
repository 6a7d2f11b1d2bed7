"""Encoders: images through timm, texts through transformers, heads to the shared space."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "RegionPatchDecoder": "maple_lib.encoders.patch_decoder",
    "RegionPatchCNN": "maple_lib.encoders.patch_cnn",
    "GatedAttentionPool": "maple_lib.encoders.gated_pool",
    "ClassTokenPool": "maple_lib.encoders.attention_pool",
    "ImageFeatures": "maple_lib.encoders.features",
    "TextFeatures": "maple_lib.encoders.features",
    "ImageEncoder": "maple_lib.encoders.image",
    "TextEncoder": "maple_lib.encoders.text",
    "ProjectionHead": "maple_lib.encoders.heads",
    "Tokens": "maple_lib.encoders.tokens",
    "small_tokenizer": "maple_lib.encoders.tokens",
}
__all__ = [
    "ClassTokenPool",
    "GatedAttentionPool",
    "ImageEncoder",
    "ImageFeatures",
    "ProjectionHead",
    "RegionPatchCNN",
    "RegionPatchDecoder",
    "TextEncoder",
    "TextFeatures",
    "Tokens",
    "small_tokenizer",
]


def __getattr__(name: str) -> Any:
    """Import the heavy libraries only when an encoder is used."""
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
