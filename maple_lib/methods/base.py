"""The one interface of a method: encode images, encode texts, name your losses, draw a map."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.anatomy.pool import mask_pool
from maple_lib.data.batch import Batch
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.encoders.heads import ProjectionHead
from maple_lib.encoders.image import ImageEncoder
from maple_lib.encoders.text import TextEncoder
from maple_lib.encoders.tokens import TextTokenizer
from maple_lib.methods.config import MethodConfig


class Method(nn.Module):
    """An image encoder, a text encoder, and heads that bring both to one space.

    A new paper subclasses this and writes ``losses``; everything else may be overridden.

    Args:
        config: sizes and weights.
        tokenizer: use this instead of the text encoder's own (a checkpoint brings its own).
    """

    def __init__(self, config: MethodConfig, tokenizer: TextTokenizer | None = None) -> None:
        super().__init__()
        self.config = config
        self.image_encoder = ImageEncoder(
            config.image_encoder,
            config.image_size,
            config.image_strides,
            config.image_width,
            config.pretrained,
        )
        self.text_encoder = TextEncoder(
            config.text_encoder,
            config.text_layers,
            config.text_width,
            config.text_heads,
            config.max_length,
            tokenizer,
        )
        image_width, text_width = self.image_encoder.width, self.text_encoder.width
        hidden, dim = config.head_hidden, config.dim
        self.image_head = ProjectionHead(image_width, dim, hidden)
        self.patch_head = ProjectionHead(image_width, dim, hidden)
        self.text_head = ProjectionHead(text_width, dim, hidden)
        self.word_head = ProjectionHead(text_width, dim, hidden)

    @property
    def image_size(self) -> int:
        """Side of the input images in pixels."""
        return self.config.image_size

    @property
    def grid(self) -> tuple[int, int]:
        """Patches per column and row."""
        return self.image_encoder.grid

    def encode_images(self, images: Tensor, regions: Tensor | None = None) -> ImageFeatures:
        """Embed images, their patches and, given anatomy, their regions.

        Args:
            images: (B, 1, S, S) float in [0, 1], bone bright.
            regions: (B, R, h, w) share of each patch inside each region, or None.
        """
        hidden = self.image_encoder(images)
        pooled = F.normalize(self.image_head(hidden.mean(1)), dim=-1)
        patches = F.normalize(self.patch_head(hidden), dim=-1)
        if regions is None:
            return ImageFeatures(pooled, patches, self.grid)
        return ImageFeatures(pooled, patches, self.grid, *mask_pool(patches, regions))

    def encode_sentences(self, sentences: Sequence[str]) -> TextFeatures:
        """Embed texts as single sentences: (U, D) for whole images and for places."""
        encoded = self.text_encoder(self.text_encoder.tokenize(list(sentences)))
        words = F.normalize(self.word_head(encoded.words, encoded.word_valid), dim=-1)
        counts = encoded.word_valid.sum(1, keepdim=True).clamp_min(1)
        pooled = self.text_head(encoded.pooled)
        return TextFeatures(F.normalize(pooled, dim=-1), words.sum(1) / counts, words, encoded.word_valid)

    def encode_texts(self, texts: Sequence[str]) -> TextFeatures:
        """Embed texts of one or more sentences, sentence by sentence.

        A text's embeddings are the means of its sentences'; its words follow each other.
        """
        parts = [_sentences(text) for text in texts]
        flat = list(dict.fromkeys(s for part in parts for s in part))
        features = self.encode_sentences(flat)
        if all(len(part) == 1 for part in parts) and len(flat) == len(texts):
            return features
        row = {s: i for i, s in enumerate(flat)}
        member = features.pooled.new_zeros(len(parts), len(flat))
        for i, part in enumerate(parts):
            member[i, [row[s] for s in part]] = 1
        words = [torch.cat([_words(features, row[s]) for s in part]) for part in parts]
        padded = nn.utils.rnn.pad_sequence(words, batch_first=True)
        lengths = torch.tensor([len(w) for w in words], device=padded.device)
        valid = torch.arange(padded.shape[1], device=padded.device) < lengths[:, None]
        return TextFeatures(
            report_embedding(features, member), average(member) @ features.phrase, padded, valid
        )

    def texts(self, batch: Batch) -> tuple[str, ...]:
        """What ``losses`` gives to the text encoder, in its order: the batch's different sentences."""
        return batch.sentences

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The named terms of the method's loss on a batch, each a scalar, not yet weighted."""
        raise NotImplementedError(f"{type(self).__name__} must define losses(batch)")

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """The weighted sum of the terms."""
        weights = self.config.weights or {}
        return torch.stack([weights.get(name, 1.0) * term for name, term in terms.items()]).sum()

    def uses(self, term: str) -> bool:
        """False when the configuration gives a term no weight."""
        return (self.config.weights or {}).get(term, 1.0) != 0

    def similarity_map(self, images: ImageFeatures, texts: TextFeatures) -> Tensor:
        """Cosine of every patch with the phrase of the same row: (B, h, w) in [-1, 1].

        Source: BioViL (ECCV 2022), projected patch times projected phrase.
        """
        phrase = F.normalize(texts.phrase, dim=-1)
        return torch.einsum("bnd,bd->bn", images.patches, phrase).unflatten(1, images.grid)


def average(member: Tensor) -> Tensor:
    """Rows of membership (B, U) brought to sum 1; empty rows stay zero."""
    return member / member.sum(-1, keepdim=True).clamp_min(1)


def report_embedding(sentences: TextFeatures, member: Tensor) -> Tensor:
    """(B, D) unit-norm mean of the sentences of each report; ``member`` (B, U) says which are its."""
    return F.normalize(average(member) @ sentences.pooled, dim=-1)


def _words(features: TextFeatures, row: int) -> Tensor:
    return features.words[row][features.word_valid[row]]


def _sentences(text: str) -> list[str]:
    from maple_lib.reports import parse

    return [s.text for s in parse(text).sentences] or [text]
