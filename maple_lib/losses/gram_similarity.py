"""Word–patch similarities without their contexts: the Gram form of GLoRIA's attention.

GLoRIA compares each word w with its context c = Σ_n α_n p_n, a sum of patches of width D per word and image.
The cosine needs only two numbers of c, and both come from the N attention weights:

    w · c = Σ_n α_n (w · p_n)        |c|² = αᵀ (P Pᵀ) α

so contexts are never stored. Captions go through in blocks, and the backward pass computes each block
again instead of keeping it: memory is set by the size of a block, not by the batch. On a CPU, where padding
costs as much as words, captions of like length share a block that is no longer than they are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# A word or context so short that |w|·|c| <= 1e-8 has no direction: its cosine is 0 and has no gradient.
_TINY = 1e-16


class _Part(NamedTuple):
    """Captions of one block: which, and how many words the longest of them has."""

    captions: Tensor
    length: int


def _parts(mask: Tensor, chunk: int) -> list[_Part]:
    """Share captions (C, L) out over blocks; another device than the CPU is not asked for their lengths."""
    if mask.device.type != "cpu":
        numbers = torch.arange(len(mask), device=mask.device)
        return [_Part(part, mask.shape[1]) for part in numbers.split(chunk)]
    last = (mask * torch.arange(1, mask.shape[1] + 1)).amax(1)
    order = last.argsort(descending=True, stable=True)
    return [_Part(part, int(last[part[0]])) for part in order.split(chunk)]


class _Block:
    """One block of captions against all images: scores, attentions and the two numbers of each context.

    The buffers, (B, N, c, L) each, are shared by all blocks of a pass: a fresh allocation of this size
    costs as much as the arithmetic done in it.
    """

    def __init__(self, patches: Tensor, captions: int, length: int, attention_temperature: float) -> None:
        self.patches, self.temperature = patches, attention_temperature
        self.flat = patches.flatten(0, 1)
        self.gram = patches @ patches.mT
        self.buffers = [patches.new_empty((*patches.shape[:2], captions * length)) for _ in range(5)]

    def compute(self, words: Tensor, bias: Tensor) -> None:
        """Fill the buffers for ``words`` (c, L, D); ``bias`` (c, L) is -inf at padding and 0 elsewhere."""
        B, N = self.patches.shape[:2]
        c, L = words.shape[:2]
        views = (x.flatten()[: B * N * c * L].view(B, N, c, L) for x in self.buffers)
        self.scores, self.shares, self.attention, self.mixed, self.spare = views
        torch.mm(self.flat, words.flatten(0, 1).T, out=self.scores.view(B * N, c * L))
        # Words compete for each patch first, then patches compete for each word (GLoRIA, eq. 3 and 4).
        torch.softmax(torch.add(self.scores, bias, out=self.spare), -1, out=self.shares)
        torch.softmax(torch.mul(self.shares, self.temperature, out=self.spare), 1, out=self.attention)
        torch.bmm(self.gram, self.attention.flatten(2), out=self.mixed.flatten(2))
        self.word_dot_context = torch.mul(self.attention, self.scores, out=self.spare).sum(1)
        self.context_square = torch.mul(self.attention, self.mixed, out=self.spare).sum(1)
        self.word_square = words.square().sum(-1)
        product = self.word_square * self.context_square
        self.alive = product > _TINY
        self.inverse_norm = torch.where(self.alive, product, torch.inf).rsqrt()
        self.cosine = self.word_dot_context * self.inverse_norm

    def score_gradient(self, gradient: Tensor) -> Tensor:
        """Turn ∂L/∂cosine (B, c, L) into ∂L/∂scores (B, N, c, L), in place of ``mixed``.

        Also sets ``by_context`` (B, c, L) and ``by_word`` (c, L), the gradients of |c|² and of |w|².
        """
        radial = gradient * self.cosine / -2
        self.by_context = radial / torch.where(self.alive, self.context_square, 1)
        self.by_word = radial.sum(0) / torch.where(self.word_square > 0, self.word_square, 1)
        by_dot = gradient * self.inverse_norm
        # The cosine does not change with the length of α, so Σ_n α_n ∂L/∂α_n, which a softmax would subtract
        # here, is zero. Numbers per word are multiplied together before they meet the large buffers.
        scale = self.temperature
        by_attention = self.mixed.mul_(2 * scale * self.by_context[:, None])
        by_attention.addcmul_(self.scores, scale * by_dot[:, None])
        by_score = by_attention.mul_(self.attention).mul_(self.shares)
        by_score.addcmul_(self.shares, by_score.sum(-1, keepdim=True), value=-1)
        return by_score.addcmul_(self.attention, by_dot[:, None])


class GramSimilarity(torch.autograd.Function):
    """Similarity of every image with every caption: log Σ_l exp(t₂ · cos(w_l, c_l)), shape (B, C).

    Call ``GramSimilarity.apply(patches (B, N, D), words (C, L, D), word_mask (C, L) bool, t₁, t₂, chunk)``
    with both embeddings of one dtype, padded words zero and at least one True in each row of the mask.
    """

    @staticmethod
    def forward(
        ctx: Any, patches: Tensor, words: Tensor, mask: Tensor, t1: float, t2: float, chunk: int
    ) -> Tensor:
        """Blocks of ``chunk`` captions, of which only the (B, chunk) similarities are kept."""
        ctx.save_for_backward(patches, words, mask)
        ctx.settings = t1, t2, chunk
        bias = words.new_zeros(mask.shape).masked_fill_(~mask, -torch.inf)
        similarities = words.new_empty(len(patches), len(words))
        with torch.autocast(patches.device.type, enabled=False):
            block = _Block(patches, min(chunk, len(words)), words.shape[1], t1)
            for part, length in _parts(mask, chunk):
                closed = bias[part, :length]
                block.compute(words[part, :length], closed)
                similarities[:, part] = (t2 * block.cosine + closed).logsumexp(-1)
        return similarities

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """The same blocks again, each followed by its gradients."""
        patches, words, mask = ctx.saved_tensors
        t1, t2, chunk = ctx.settings
        need_patches, need_words = ctx.needs_input_grad[:2]
        bias = words.new_zeros(mask.shape).masked_fill_(~mask, -torch.inf)
        for_patches, for_words = torch.zeros_like(patches.flatten(0, 1)), torch.zeros_like(words)
        with torch.autocast(patches.device.type, enabled=False):
            block = _Block(patches, min(chunk, len(words)), words.shape[1], t1)
            for_gram = torch.zeros_like(block.gram)
            for part, length in _parts(mask, chunk):
                closed, said = bias[part, :length], words[part, :length]
                block.compute(said, closed)
                weight = (t2 * block.cosine + closed).softmax(-1)
                scores = block.score_gradient(t2 * weight * gradient[:, part, None]).flatten(0, 1).flatten(1)
                if need_words:
                    by_score = (scores.T @ block.flat).view_as(said)
                    for_words[part, :length] = by_score.addcmul_(said, block.by_word[..., None], value=2)
                if need_patches:
                    for_patches.addmm_(scores, said.flatten(0, 1))
                    torch.mul(block.attention, block.by_context[:, None], out=block.spare)
                    for_gram.baddbmm_(block.spare.flatten(2), block.attention.flatten(2).mT)
            for_patches = for_patches.view_as(patches).baddbmm_(for_gram, patches, alpha=2)
        return (
            for_patches if need_patches else None,
            for_words if need_words else None,
            None,
            None,
            None,
            None,
        )
