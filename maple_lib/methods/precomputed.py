"""Let a method's losses see features that were computed elsewhere: in chunks, or by other processes.

A contrastive loss needs the whole batch, an encoder does not. Training may therefore encode a batch piece by
piece and hand the pieces over here; the method's ``losses`` stays as its paper writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from maple_lib.encoders.text import EncodedText
from maple_lib.encoders.tokens import Tokens
from maple_lib.errors import MapleError
from maple_lib.methods.base import Method


@contextmanager
def precomputed(method: Method, images: Tensor | None, texts: EncodedText | None) -> Iterator[None]:
    """Inside, the method's encoders answer with these features instead of computing them.

    Args:
        method: its ``losses`` may encode the batch's images and its ``texts(batch)``, and nothing else.
        images: (B, N, C) what the image encoder gives for the whole batch; None lets it compute.
        texts: what the text encoder gives for ``method.texts(batch)``; None lets it compute.

    Raises:
        MapleError: if an encoder is asked for another number of images or texts.
    """
    with ExitStack() as stack:
        if images is not None:
            stack.enter_context(_answering(method.image_encoder, _ImagesGiven(images)))
        if texts is not None:
            stack.enter_context(_answering(method.text_encoder, _TextsGiven(texts)))
        yield


@contextmanager
def _answering(module: nn.Module, answer: Callable[[Any], Any]) -> Iterator[None]:
    module.__dict__["forward"] = answer
    try:
        yield
    finally:
        del module.__dict__["forward"]


@dataclass(frozen=True, slots=True)
class _ImagesGiven:
    features: Tensor

    def __call__(self, images: Tensor) -> Tensor:
        _check(len(images), len(self.features), "images")
        return self.features


@dataclass(frozen=True, slots=True)
class _TextsGiven:
    encoded: EncodedText

    def __call__(self, tokens: Tokens) -> EncodedText:
        _check(len(tokens.ids), len(self.encoded.pooled), "texts")
        return self.encoded


def _check(asked: int, have: int, what: str) -> None:
    if asked != have:
        raise MapleError(
            f"{asked} {what}",
            f"{have} were encoded beforehand",
            "let losses() encode batch.images and texts(batch), each once",
        )
