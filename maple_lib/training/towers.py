"""The two encoders as towers: each takes some rows of a batch and gives what the losses need of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from maple_lib.encoders.text import EncodedText
from maple_lib.encoders.tokens import Tokens
from maple_lib.methods.base import Method
from maple_lib.training.gather import gather_rows

Autocast = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Tower:
    """An encoder with the inputs of a whole batch.

    Attributes:
        module: the encoder.
        rows: rows of the whole batch.
        encode: rows -> their features, in float32 where the encoder computed with half of it.
    """

    module: nn.Module
    rows: int
    encode: Callable[[slice], tuple[Tensor, ...]]


def image_tower(method: Method, images: Tensor, autocast: Autocast = nullcontext) -> Tower:
    """The image encoder over (B, 1, S, S): features ((B, N, C),)."""

    def encode(rows: slice) -> tuple[Tensor, ...]:
        with autocast():
            return (_full(method.image_encoder(images[rows])),)

    return Tower(method.image_encoder, len(images), encode)


def text_tower(method: Method, texts: Sequence[str], autocast: Autocast = nullcontext) -> Tower:
    """The text encoder over U texts: features ((U, C), (U, L, C)), L the words of the longest."""
    tokens = method.text_encoder.tokenize(list(texts))

    def encode(rows: slice) -> tuple[Tensor, ...]:
        wanted = rows.stop - rows.start
        # With fewer texts than processes some have none: they encode one and keep nothing of it, so that the
        # same weights have gradients everywhere.
        rows = rows if wanted else slice(0, 1)
        some = Tokens(tokens.ids[rows], tokens.attention[rows], tokens.word[rows], tokens.word_valid[rows])
        with autocast():
            encoded = method.text_encoder(some)
        return _full(encoded.pooled[:wanted]), _full(encoded.words[:wanted])

    return Tower(method.text_encoder, len(texts), encode)


def _full(features: Tensor) -> Tensor:
    return features.float() if features.dtype in (torch.bfloat16, torch.float16) else features


def gathered(features: Sequence[Tensor], total: int) -> tuple[Tensor, ...]:
    """The features of all processes' rows."""
    return tuple(gather_rows(f, total) for f in features)


def as_text(features: Sequence[Tensor], method: Method, texts: Sequence[str]) -> EncodedText:
    """The text tower's features as the text encoder gives them."""
    pooled, words = features
    return EncodedText(pooled, words, method.text_encoder.tokenize(list(texts)).word_valid)


def average_gradients(parameters: Sequence[nn.Parameter], processes: int) -> None:
    """Bring the gradients of all processes to their mean, in one exchange a data type."""
    if processes == 1:
        return
    kinds = {p.grad.dtype for p in parameters if p.grad is not None}
    for kind in sorted(kinds, key=str):
        grads = [p.grad for p in parameters if p.grad is not None and p.grad.dtype == kind]
        flat = torch.cat([g.flatten() for g in grads])
        torch.distributed.all_reduce(flat)
        for grad, mean in zip(grads, (flat / processes).split([g.numel() for g in grads]), strict=True):
            grad.copy_(mean.view_as(grad))
